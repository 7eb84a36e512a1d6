/** What the commands about access have in common. */
import { Failure } from '@apledger/command-line';
import { type Subject, subjectText } from '@apledger/events';
import { visible } from '@apledger/text';

export const HOSTS = {
  type: 'string',
  value: 'pattern',
  description: 'name of a host; * stands for any characters, ? for one',
} as const;
export const UNTIL = {
  type: 'string',
  value: 'time',
  description: 'for how long, like 8h or 90d, or until when',
} as const;
export const REASON = { type: 'string', value: 'text', description: 'for those who read the log' } as const;
export const who = (subject: Subject): string => visible(subjectText(subject));

/** The one of `all` that was written. Throws Failure(2); `what` names the kind: `role`. */
export function oneOf<T extends string>(text: string, all: readonly T[], what: string): T {
  const found = all.find((each) => each === text);
  if (found === undefined) throw new Failure(2, `${text}: no ${what}. There are ${all.join(', ')}.`);
  return found;
}
