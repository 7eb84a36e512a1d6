/** Names in a sentence. */

/** All of them, or the first `most` and how many more: a host has thousands of queues. */
export function firstNames(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
