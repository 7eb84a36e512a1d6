/** Patterns for names of hosts: `*` stands for any characters, `?` for one. Case counts, as it does in the names. */

/** Whether the pattern names the host. Takes at most pattern x name steps, whatever the pattern is. */
export function matchesHost(pattern: string, host: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let i = 0; i < host.length; ) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at++;
      resume = i;
    } else if (wanted === '?' || wanted === host[i]) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

/** Whether the pattern names every host that there can be, and so the ledger as a whole. */
export const coversEverything = (pattern: string): boolean => /^\*+$/.test(pattern);

/** Whether the pattern names one host and no other. */
export const isOneHost = (pattern: string): boolean => !/[*?]/.test(pattern);
