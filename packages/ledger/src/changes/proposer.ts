/** Who proposed a change: who its commands are recorded as given by. */
import { type EventLog, factAt } from '@apledger/event-log';
import { changeStreamOf } from '@apledger/events';
import type { Author } from '../access/facts.ts';

export type Proposer = Pick<Author, 'actor' | 'auth'>;

/** As the envelope of the proposal has it. */
export async function proposerOf(log: EventLog, change: string): Promise<Proposer> {
  const proposed = await factAt(log, changeStreamOf(change), 0);
  if (proposed === undefined) throw new TypeError(`no change ${change}`);
  const { actor, auth } = proposed;
  return auth === undefined ? { actor } : { actor, auth };
}
