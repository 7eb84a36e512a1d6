/** Who proposed a change: who its commands are recorded as given by. */
import type { EventLog } from '@apledger/event-log';
import { changeStreamOf } from '@apledger/events';
import type { Author } from '../access/facts.ts';

export type Proposer = Pick<Author, 'actor' | 'auth'>;

/** As the envelope of the proposal has it. */
export async function proposerOf(log: EventLog, change: string): Promise<Proposer> {
  for await (const { actor, auth } of log.readStream(changeStreamOf(change), { from: 0, to: 0 }))
    return auth === undefined ? { actor } : { actor, auth };
  throw new TypeError(`no change ${change}`);
}
