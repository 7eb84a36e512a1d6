/** A change that somebody names: as he may see it, and the facts that his decisions append. */
import { type Change, isOpenChange } from '@apledger/access';
import { type ChangeView, Problem } from '@apledger/api';
import { WrongExpectedRevision } from '@apledger/event-log';
import { type Command, changeStreamOf, type LedgerFact } from '@apledger/events';
import { type Caller, notSignedIn } from '../access/caller.ts';
import { type Author, appendLedgerFacts } from '../access/facts.ts';
import type { LogLedger } from '../log-ledger.ts';
import { plannedCommands } from './approval.ts';
import type { Indexed } from './change-index.ts';
import { changeView } from './view.ts';

/** The change. Throws Problem for one that is not there, or that the caller may not see. */
export async function known(ledger: LogLedger, id: string, caller: Caller | undefined): Promise<Indexed> {
  if (ledger.isControlled && caller === undefined) throw notSignedIn();
  const indexed = await ledger.changes.get(id);
  await ledger.access.sync();
  if (indexed !== undefined) {
    if (ledger.isControlled)
      await ledger.access.permit(caller, 'read', indexed.change.proposal.host, 'change');
    return indexed;
  }
  throw unknownChange(id);
}

export const unknownChange = (id: string): Problem =>
  new Problem(
    404,
    'unknown-change',
    `There is no change ${id}; apledger change list shows those that there are.`,
  );

/** The change as the caller may see it. */
export async function shown(ledger: LogLedger, id: string, caller: Caller | undefined): Promise<ChangeView> {
  const { change: found } = await known(ledger, id, caller);
  return changeView(ledger, found, caller);
}

/** What the change would do to the host as it is now. */
export async function commandsIn(ledger: LogLedger, { proposal, run }: Change): Promise<readonly Command[]> {
  const { content, host } = proposal;
  if ('commands' in content) return content.commands;
  return run === undefined ? [] : plannedCommands(ledger, host, run.proposed.steps);
}

/** Throws Problem for one that nobody has to judge any more. */
export function checkOpen(ledger: LogLedger, change: Change): void {
  if (isOpenChange(change, ledger.access.at)) return;
  const { change: id, until } = change.proposal;
  const how = change.status === 'proposed' ? `could be judged until ${until}` : `is ${change.status}`;
  throw new Problem(409, 'not-now', `Change ${id} ${how}: nobody has to judge it any more.`);
}

/** Appends a fact behind the one that was decided on. Throws Problem when somebody else was faster. */
export async function record(
  ledger: LogLedger,
  id: string,
  revision: number,
  fact: LedgerFact,
  author: Author,
): Promise<void> {
  try {
    await appendLedgerFacts(ledger.log, changeStreamOf(id), revision, [fact], author, ledger.access.at);
  } catch (error) {
    if (!(error instanceof WrongExpectedRevision)) throw error;
    throw new Problem(
      409,
      'not-now',
      `Somebody else has judged change ${id} at the same moment: look at it again.`,
      {},
      error,
    );
  }
}
