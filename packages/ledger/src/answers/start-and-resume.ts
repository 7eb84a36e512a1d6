/** What who may command a host says of a planned change: start, confirm, and how it goes on when it is held. */
import { allowsFact, type Change } from '@apledger/access';
import { Problem } from '@apledger/api';
import { whyStale } from '@apledger/changes';
import type { LedgerFact, PlanDocument } from '@apledger/events';
import type { HostState } from '@apledger/host';
import type { Caller } from '../access/caller.ts';
import type { Author } from '../access/facts.ts';
import type { Answer } from '../answer.ts';
import { needsApproval } from '../changes/approval.ts';
import { checkOpen, known, record, shown } from '../changes/known.ts';
import { planOfRest } from '../changes/rest.ts';
import { mayCommand } from '../changes/view.ts';
import type { LogLedger } from '../log-ledger.ts';
import { authorOf } from './access.ts';

export const start: Answer<'start'> = async (ledger, { change: id, planHash }, { caller }) => {
  const { change: found, revision } = await known(ledger, id, caller);
  const { host } = found.proposal;
  const author = await mayGiveCommands(ledger, host, caller, 'start-change');
  const { run } = found;
  if (run === undefined)
    throw new Problem(409, 'not-now', `Change ${id} has no plan: it is carried out when it is approved.`);
  if (run.proposed.planHash !== planHash)
    throw new Problem(
      409,
      'effect-differs',
      `Change ${id} has the plan ${run.proposed.planHash.slice(0, 12)}, not ${planHash.slice(0, 12)}: look at it again.`,
    );
  if (found.state !== 'proposed') return shown(ledger, id, caller);
  checkOpen(ledger, found);
  if (await needsApproval(ledger, found))
    throw new Problem(
      403,
      'needs-approval',
      `Change ${id} needs a second person: somebody else approves it with apledger change approve ${id}.`,
    );
  const stale = whyStaleNow(await ledger.handler.state(host), run.proposed);
  if (stale !== undefined) throw new Problem(409, 'stale-plan', `Change ${id} cannot be started: ${stale}.`);
  const data = { change: id, host, plan: planHash };
  await record(ledger, id, revision, { type: 'ChangeStarted', data }, author);
  return shown(ledger, id, caller);
};

const whyStaleNow = (state: HostState | undefined, plan: PlanDocument): string | undefined =>
  state === undefined ? 'its host is not there' : whyStale(state, plan);

export const confirm: Answer<'confirm'> = async (ledger, { change: id }, { caller }) => {
  const { change: found, revision } = await known(ledger, id, caller);
  const { host } = found.proposal;
  const author = await mayGiveCommands(ledger, host, caller, 'confirm-change');
  const until = found.run?.confirmUntil;
  if (until === undefined)
    throw new Problem(409, 'not-now', `Change ${id} is ${found.status}: there is nothing to confirm.`);
  if (ledger.access.at >= until)
    throw new Problem(409, 'not-now', `Change ${id} could be confirmed until ${until}: it goes back.`);
  await decided(ledger, found, revision, { type: 'ChangeConfirmed', data: { change: id, host } }, author);
  return shown(ledger, id, caller);
};

export const resume: Answer<'resume'> = async (ledger, { change: id, how, reason }, { caller }) => {
  const { change: found, revision } = await known(ledger, id, caller);
  const { host } = found.proposal;
  const author = await mayGiveCommands(ledger, host, caller, 'resume-change');
  const plan = how === 'continue' && found.state === 'held' ? await planOfRest(ledger, found) : null;
  const data = { change: id, host, how, reason, plan };
  await decided(ledger, found, revision, { type: 'ChangeResumed', data }, author);
  return shown(ledger, id, caller);
};

/** Records a decision that the machine allows. Throws Problem for any other. */
async function decided(
  ledger: LogLedger,
  change: Change,
  revision: number,
  fact: LedgerFact,
  author: Author,
): Promise<void> {
  const { change: id } = change.proposal;
  if (change.run === undefined || !allowsFact(change, fact))
    throw new Problem(
      409,
      'not-now',
      `Change ${id} is ${change.status}: apledger change show ${id} says what can be done with it.`,
    );
  await record(ledger, id, revision, fact, author);
}

async function mayGiveCommands(
  ledger: LogLedger,
  host: string,
  caller: Caller | undefined,
  asked: string,
): Promise<Author> {
  if (ledger.isControlled && !mayCommand(ledger, host, caller))
    await ledger.access.permit(caller, 'command', host, asked);
  return authorOf(caller);
}
