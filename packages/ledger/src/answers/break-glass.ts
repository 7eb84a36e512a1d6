/** Acting alone in an emergency: bound before, with a reason, for a while, and looked at afterwards by somebody else. */
import { type BreakGlass, handsOf, may, sameSubject } from '@apledger/access';
import { type GlassView, Problem } from '@apledger/api';
import { subjectText } from '@apledger/events';
import { type Caller, notSignedIn } from '../access/caller.ts';
import { newCredentialId } from '../access/secrets.ts';
import { HOUR_MS, validUntil } from '../access/validity.ts';
import type { Answer } from '../answer.ts';
import type { LogLedger } from '../log-ledger.ts';
import { authorOf, permitAudit } from './access.ts';

const MAX_MS = 4 * HOUR_MS;
const DEFAULT = '1h';

const breakGlass: Answer<'breakGlass'> = async (ledger, request, { caller }) => {
  const { access } = ledger;
  if (caller === undefined)
    throw ledger.isControlled
      ? notSignedIn()
      : new Problem(409, 'not-now', 'Access is not controlled here: there is no glass to break.');
  const { subject, method } = caller;
  const { hosts, reason } = request;
  await access.sync();
  if (method !== 'oidc' && method !== 'mtls')
    throw await access.denied(
      caller,
      'command',
      null,
      'break-glass',
      `a ${method} breaks no glass: sign in yourself`,
    );
  const isBound = [...access.state.bindingsOf(subject)].some(
    (each) =>
      each.role === 'break-glass' &&
      (each.until === null || access.at < each.until) &&
      covers(each.hosts, hosts),
  );
  if (!isBound)
    throw await access.denied(
      caller,
      'command',
      null,
      'break-glass',
      `${subjectText(subject)} does not have the role break-glass on ${hosts}`,
    );
  const until = validUntil(request.for ?? DEFAULT, access.at, MAX_MS, 'for');
  const glass = newCredentialId();
  await access.record(authorOf(caller), (state) => {
    const open = [...state.glasses.values()].find(
      (each) => sameSubject(each.subject, subject) && !each.isReviewed,
    );
    if (open !== undefined)
      throw new Problem(
        409,
        'not-now',
        `Use ${open.id} of ${open.from} was not reviewed yet: an approver says what he found with apledger access review ${open.id} --finding TEXT.`,
      );
    return [{ type: 'BreakGlassOpened', data: { glass, subject, hosts, reason, until } }];
  });
  ledger.alarm(`${subjectText(subject)} broke the glass on ${hosts} until ${until}: ${reason}`);
  return viewOf(ledger, glass);
};

/** Whether the one pattern names all that the other one names: the same, all, or one host that it names. */
const covers = (bound: string, asked: string): boolean =>
  bound === asked || /^\*+$/.test(bound) || prefixCovers(bound, asked);

/** `prod*` covers `prod7` and `prod1*`: a pattern whose only star ends it covers what begins like it. */
const prefixCovers = (bound: string, asked: string): boolean =>
  /^[^*?]+\*$/.test(bound) && asked.startsWith(bound.slice(0, -1));

const glasses: Answer<'glasses'> = async (ledger, _, { caller }) => {
  const { access, isControlled } = ledger;
  if (isControlled && caller === undefined) throw notSignedIn();
  const state = await access.sync();
  const isJudge =
    caller !== undefined && [...state.bindingsOf(caller.subject)].some(({ role }) => role === 'approver');
  const own =
    caller && [...state.glasses.values()].filter((each) => sameSubject(each.subject, caller.subject));
  if (own !== undefined && own.length === state.glasses.size) return { glasses: own.map(shown) };
  if (!isJudge) await permitAudit(ledger, caller, 'glasses');
  return { glasses: [...state.glasses.values()].map(shown) };
};

const reviewGlass: Answer<'reviewGlass'> = async (ledger, { glass: id, finding }, { caller }) => {
  const { access } = ledger;
  if (caller === undefined)
    throw notSignedIn('a review needs somebody else, and who has the log itself cannot be told from another');
  const glass = (await access.sync()).glasses.get(id);
  if (glass === undefined)
    throw new Problem(404, 'unknown-credential', `There is no use ${id} of break glass.`);
  await checkReviewer(ledger, glass, caller);
  await access.record(authorOf(caller), (state) => {
    if (state.glasses.get(id)?.isReviewed === true)
      throw new Problem(409, 'not-now', `Use ${id} was reviewed already.`);
    return [{ type: 'BreakGlassReviewed', data: { glass: id, finding } }];
  });
  return viewOf(ledger, id);
};

/** Somebody who may approve changes on one of the hosts, and has no hand in what was done. */
async function checkReviewer({ access }: LogLedger, glass: BreakGlass, caller: Caller): Promise<void> {
  const { subject } = caller;
  const { state, at } = access;
  const isApprover = [...state.bindingsOf(subject)].some(
    ({ role, hosts }) => role === 'approver' && covers(hosts, glass.hosts),
  );
  const deny = (reason: string) => access.denied(caller, 'approve', null, 'review-break-glass', reason);
  if (
    !isApprover ||
    access.ended(caller) !== undefined ||
    !may(state, subject, 'approve', hostIn(glass.hosts), at)
  )
    throw await deny(`a use of break glass on ${glass.hosts} is reviewed by an approver there`);
  const hands = handsOf(state, subject);
  if (handsOf(state, glass.subject).some((hand) => hands.some((other) => sameSubject(hand, other))))
    throw await deny('nobody reviews what he did himself');
}

/** A host that the pattern names. */
const hostIn = (pattern: string): string => pattern.replaceAll('*', '').replaceAll('?', 'x') || 'x';

const shown = ({ id, ...rest }: BreakGlass): GlassView => ({ glass: id, ...rest });

function viewOf({ access }: LogLedger, id: string): GlassView {
  const glass = access.state.glasses.get(id);
  if (glass === undefined) throw new TypeError(`no glass ${id} after its fact`);
  return shown(glass);
}

export const glassAnswers = { breakGlass, glasses, reviewGlass };
