/** What a second person says of a change, and what its proposer takes back. */
import { type Change, sameSubject, whyNotApprove } from '@apledger/access';
import { Problem } from '@apledger/api';
import { WrongExpectedRevision } from '@apledger/event-log';
import type { Caller } from '../access/caller.ts';
import type { Author } from '../access/facts.ts';
import type { Answer } from '../answer.ts';
import { carryOut } from '../changes/carry-out.ts';
import { judge } from '../changes/judge.ts';
import { checkOpen, commandsIn, known, record, shown } from '../changes/known.ts';
import { proposerOf } from '../changes/proposer.ts';
import type { LogLedger } from '../log-ledger.ts';
import { authorOf } from './access.ts';

export const approve: Answer<'approve'> = async (ledger, request, { caller }) => {
  const { change: found, revision } = await known(ledger, request.change, caller);
  const { proposal } = found;
  const { host, work, effect, content } = proposal;
  const judgeBy = await mayJudge(ledger, found, caller, 'approve-change');
  const isBegun = found.status === 'approved';
  if (!isBegun) checkOpen(ledger, found);
  if (request.work !== work || request.effect !== effect)
    throw new Problem(
      409,
      'effect-differs',
      `What you agree to is not what change ${proposal.change} proposes: look at it again.`,
    );
  if (!isBegun) {
    const now = await judge(ledger, host, await commandsIn(ledger, found));
    if (now.effect !== effect)
      throw new Problem(
        409,
        'effect-differs',
        `Host ${host} is another by now: what change ${proposal.change} would do to it is not what was proposed. Have it proposed again.`,
      );
    const data = { change: proposal.change, host, work, effect };
    await record(ledger, proposal.change, revision, { type: 'ChangeApproved', data }, judgeBy);
  }
  if ('commands' in content) await carryOutNow(ledger, proposal.change, judgeBy);
  return shown(ledger, proposal.change, caller);
};

async function carryOutNow(ledger: LogLedger, id: string, author: Author): Promise<void> {
  const indexed = await ledger.changes.get(id);
  if (indexed?.change.status !== 'approved') return;
  const proposer = await proposerOf(ledger.log, id);
  try {
    await carryOut(ledger, indexed.change, indexed.revision, proposer, author);
  } catch (error) {
    if (!(error instanceof WrongExpectedRevision)) throw error;
    // Another approval at the same moment has done the same, command for command, and has said so first.
    if ((await ledger.changes.get(id))?.change.status !== 'approved') return;
    const { host } = indexed.change.proposal;
    throw new Problem(
      409,
      'not-now',
      `Change ${id} is approved and not carried out yet, since others change host ${host} at the same moment: approve it again.`,
      {},
      error,
    );
  }
}

export const refuse: Answer<'refuse'> = async (ledger, { change: id, reason }, { caller }) => {
  const { change: found, revision } = await known(ledger, id, caller);
  const author = await mayJudge(ledger, found, caller, 'refuse-change');
  checkOpen(ledger, found);
  await record(
    ledger,
    id,
    revision,
    { type: 'ChangeRefused', data: { change: id, host: found.proposal.host, reason } },
    author,
  );
  return shown(ledger, id, caller);
};

export const withdraw: Answer<'withdraw'> = async (ledger, { change: id, reason }, { caller }) => {
  const { change: found, revision } = await known(ledger, id, caller);
  const { host } = found.proposal;
  const { proposedBy: by } = found;
  const isOwn = caller === undefined || (by !== undefined && sameSubject(by, caller.subject));
  if (!isOwn)
    throw await ledger.access.denied(
      caller,
      'propose',
      host,
      'withdraw-change',
      `only who proposed change ${id} withdraws it`,
    );
  checkOpen(ledger, found);
  await record(
    ledger,
    id,
    revision,
    { type: 'ChangeWithdrawn', data: { change: id, host, reason } },
    authorOf(caller),
  );
  return shown(ledger, id, caller);
};

async function mayJudge(
  ledger: LogLedger,
  change: Change,
  caller: Caller | undefined,
  asked: string,
): Promise<Author> {
  const { access } = ledger;
  const { host, change: id } = change.proposal;
  if (caller === undefined)
    throw new Problem(
      403,
      'denied',
      `Change ${id} needs a second person, and who has the log itself cannot be told from another: approve it through the service, signed in.`,
    );
  await access.sync();
  const why = whyNotApprove(access.state, change, caller.subject, access.at);
  if (why !== undefined) throw await access.denied(caller, 'approve', host, asked, why);
  await access.permit(caller, 'approve', host, asked);
  return authorOf(caller);
}
