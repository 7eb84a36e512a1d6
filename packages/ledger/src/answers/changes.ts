/** Changes that need a second person. */
import { type Change, isOpenChange, whyNotApprove } from '@apledger/access';
import { type ChangeView, Problem } from '@apledger/api';
import { factAt, WrongExpectedRevision } from '@apledger/event-log';
import { type Command, changeStreamOf, type LedgerFact, parseCommand } from '@apledger/events';
import { actorOf, authOf, type Caller, notSignedIn } from '../access/caller.ts';
import { type Author, appendLedgerFacts } from '../access/facts.ts';
import { DAY_MS, validUntil } from '../access/validity.ts';
import type { Answer } from '../answer.ts';
import { carryOut } from '../changes/carry-out.ts';
import type { Indexed } from '../changes/change-index.ts';
import { judge, workOf } from '../changes/judge.ts';
import { changeView } from '../changes/view.ts';
import type { LogLedger } from '../log-ledger.ts';

const MAX_OPEN_MS = 30 * DAY_MS;
const DEFAULT_OPEN = '7d';
const DEFAULT_PAGE = 100;
/** Of 32 characters that cannot be taken for another. */
const ID_ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';

const randomId = (): string =>
  Array.from(
    crypto.getRandomValues(new Uint8Array(10)),
    (byte) => ID_ALPHABET[byte % ID_ALPHABET.length],
  ).join('');

const propose: Answer<'propose'> = async (ledger, request, { caller }) => {
  const { host, reason } = request;
  const { access, log } = ledger;
  const author = authorOf(caller);
  const commands = request.commands.map((command, index) => checkedCommand(command, host, index));
  const until = validUntil(request.for ?? DEFAULT_OPEN, access.at, MAX_OPEN_MS, 'for');
  const judged = await judge(ledger, host, commands);
  if (judged.refusal !== null)
    throw new Problem(409, 'not-now', `The driver would refuse it: ${judged.refusal}`);
  const change = request.change ?? randomId();
  const content = { commands: [...commands] };
  const { effect, revision } = judged;
  const data = { change, host, work: workOf(host, content), effect, content, reason, revision, until };
  try {
    await appendLedgerFacts(
      log,
      changeStreamOf(change),
      -1,
      [{ type: 'ChangeProposed', data }],
      author,
      access.at,
    );
  } catch (error) {
    if (!(error instanceof WrongExpectedRevision)) throw error;
    throw new Problem(
      409,
      'not-now',
      `There is a change ${change} already; a change is never proposed anew under its name.`,
    );
  }
  return shown(ledger, change, caller);
};

const changes: Answer<'changes'> = async (
  ledger,
  { host, status, limit = DEFAULT_PAGE },
  { caller, sees },
) => {
  const found: ChangeView[] = [];
  for (const change of await ledger.changes.all()) {
    const { proposal } = change;
    if (host !== undefined && proposal.host !== host) continue;
    if (sees?.({ stream: changeStreamOf(proposal.change), host: proposal.host }) === false) continue;
    const view = changeView(ledger, change, caller);
    if (status === undefined || view.status === status) found.push(view);
    if (found.length === limit) break;
  }
  return { changes: found };
};

const change: Answer<'change'> = async (ledger, request, { caller }) => {
  const { change: found } = await known(ledger, request.change, caller);
  const { content, host, effect } = found.proposal;
  const view = changeView(ledger, found, caller);
  if (!('commands' in content) || !isOpenChange(found, ledger.access.at)) return { change: view, now: null };
  const { grants: _, revision: __, ...now } = await judge(ledger, host, content.commands);
  return { change: view, now: { ...now, isAsProposed: now.effect === effect } };
};

const approve: Answer<'approve'> = async (ledger, request, { caller }) => {
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
  if (!isBegun && 'commands' in content) {
    const now = await judge(ledger, host, content.commands);
    if (now.effect !== effect)
      throw new Problem(
        409,
        'effect-differs',
        `Host ${host} is another by now: what change ${proposal.change} would do to it is not what was proposed. Have it proposed again.`,
      );
  }
  if (!isBegun) {
    const data = { change: proposal.change, host, work, effect };
    await record(ledger, proposal.change, revision, { type: 'ChangeApproved', data }, judgeBy);
  }
  if ('commands' in content) await carryOutNow(ledger, proposal.change, judgeBy);
  return shown(ledger, proposal.change, caller);
};

async function carryOutNow(ledger: LogLedger, id: string, author: Author): Promise<void> {
  const indexed = await ledger.changes.get(id);
  if (indexed?.change.status !== 'approved') return;
  const proposed = await factAt(ledger.log, changeStreamOf(id), 0);
  if (proposed === undefined) return;
  const { actor, auth } = proposed;
  const proposer = auth === undefined ? { actor } : { actor, auth };
  await carryOut(ledger, indexed.change, indexed.revision, proposer, author);
}

const refuse: Answer<'refuse'> = async (ledger, { change: id, reason }, { caller }) => {
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

const withdraw: Answer<'withdraw'> = async (ledger, { change: id, reason }, { caller }) => {
  const { change: found, revision } = await known(ledger, id, caller);
  const { host } = found.proposal;
  const by = found.proposedBy;
  const isOwn =
    caller === undefined || (by?.issuer === caller.subject.issuer && by.subject === caller.subject.subject);
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

const authorOf = (caller: Caller | undefined): Author =>
  caller === undefined ? { actor: 'owner of the log' } : { actor: actorOf(caller), auth: authOf(caller) };

/** Throws Problem for one that is not there, or that the caller may not see. */
async function known(ledger: LogLedger, id: string, caller: Caller | undefined): Promise<Indexed> {
  if (ledger.isControlled && caller === undefined) throw notSignedIn();
  const indexed = await ledger.changes.get(id);
  await ledger.access.sync();
  if (indexed !== undefined) {
    if (ledger.isControlled)
      await ledger.access.permit(caller, 'read', indexed.change.proposal.host, 'change');
    return indexed;
  }
  throw new Problem(
    404,
    'unknown-change',
    `There is no change ${id}; apledger change list shows those that there are.`,
  );
}

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

function checkOpen(ledger: LogLedger, change: Change): void {
  if (isOpenChange(change, ledger.access.at)) return;
  const { change: id, until } = change.proposal;
  const how = change.status === 'proposed' ? `could be judged until ${until}` : `is ${change.status}`;
  throw new Problem(409, 'not-now', `Change ${id} ${how}: nobody has to judge it any more.`);
}

async function record(
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

async function shown(ledger: LogLedger, id: string, caller: Caller | undefined): Promise<ChangeView> {
  const { change: found } = await known(ledger, id, caller);
  return changeView(ledger, found, caller);
}

function checkedCommand(value: unknown, host: string, index: number): Command {
  const parsed = parseCommand(value);
  const problems =
    'problems' in parsed
      ? parsed.problems
      : parsed.command.type === 'RegisterHost' && parsed.command.host !== host
        ? [`host: must be ${host}`]
        : [];
  if ('command' in parsed && problems.length === 0) return parsed.command;
  throw new Problem(400, 'invalid-command', 'The body is not a change.', {
    problems: problems.map((problem) => `commands.${index}.${problem}`),
  });
}

export const changesAnswers = { propose, changes, change, approve, refuse, withdraw };
