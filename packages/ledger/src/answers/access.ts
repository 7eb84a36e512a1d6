/** Who may do what: asking, and binding roles. Tokens, keys and break glass are in credentials.ts and break-glass.ts. */
import {
  type AccessState,
  allowedOf,
  bindingProblem,
  fourEyesOf,
  matchesHost,
  PROGRAMS,
  parseSubject,
  rolesOn,
  sameSubject,
  verbsOf,
  whoCan as whoCanOf,
  X509,
} from '@apledger/access';
import { Problem, type WhoAmI } from '@apledger/api';
import { factAtPosition, type Moment } from '@apledger/event-log';
import { type Role, type Subject, subjectText, VERBS } from '@apledger/events';
import { actorOf, authOf, type Caller, notSignedIn } from '../access/caller.ts';
import { ACCESS_STREAM, type Author } from '../access/facts.ts';
import { DAY_MS, validUntil } from '../access/validity.ts';
import type { Answer } from '../answer.ts';
import type { LogLedger } from '../log-ledger.ts';
import { isAsked, momentOf } from '../moment.ts';

const MAX_BINDING_MS = 3660 * DAY_MS;

/** Who a fact of the ledger is recorded for; without a caller, it is whose the log is. */
export const authorOf = (caller: Caller | undefined): Author =>
  caller === undefined ? { actor: 'owner of the log' } : { actor: actorOf(caller), auth: authOf(caller) };

/** Checks that the caller audits or administers. Throws the Problem of a denial. */
export async function permitAudit(
  ledger: LogLedger,
  caller: Caller | undefined,
  asked: string,
): Promise<void> {
  if (!ledger.isControlled) return;
  if (caller === undefined) throw notSignedIn();
  await ledger.access.sync();
  if (!ledger.access.may(caller, 'administer', null))
    await ledger.access.permit(caller, 'report', null, asked);
}

const everything = (): WhoAmI['allowed'] =>
  Object.fromEntries(VERBS.map((verb) => [verb, ['*']])) as unknown as WhoAmI['allowed'];

const whoAmI: Answer<'whoAmI'> = async ({ access, isControlled }, _, { caller }) => {
  const state = await access.sync();
  const { rules } = state;
  if (!isControlled) {
    const nobody = { subject: null, name: null, method: null, session: null, until: null, roles: [] };
    return { isControlled, ...nobody, allowed: everything(), rules: [] };
  }
  const ended = caller && access.ended(caller);
  if (caller === undefined || ended !== undefined) throw notSignedIn(ended);
  const { subject, name = null, method, session, until, hosts } = caller;
  const roles = [...state.bindingsOf(subject)].filter(
    (each) => each.until === null || access.at < each.until,
  );
  const allowed = [...allowedOf(state, subject, access.at)].map(
    ([verb, patterns]): [string, readonly string[]] => [
      verb,
      patterns.flatMap((pattern) => (hosts === '*' ? [pattern] : matchesHost(pattern, hosts) ? [hosts] : [])),
    ],
  );
  return {
    isControlled,
    subject,
    name,
    method,
    session,
    until,
    roles: roles.map(({ role, hosts: on, until: end }) => ({ role, hosts: on, until: end })),
    allowed: Object.fromEntries(allowed) as unknown as WhoAmI['allowed'],
    rules,
  };
};

const whoCan: Answer<'whoCan'> = async (ledger, { verb, host = null, ...moment }, { caller }) => {
  await permitAudit(ledger, caller, 'who-can');
  const { state, at } = await stateAt(ledger, isAsked(moment) ? await momentOf(ledger, moment) : undefined);
  const subjects = whoCanOf(state, verb, host, at).map((subject) => {
    const roles = rolesOn(state, subject, host, at).filter((role) => givesVerb(role, verb));
    return { subject, roles, until: firstEnd(state, subject, roles) };
  });
  return { verb, host, at, subjects, fourEyes: host === null ? 'none' : fourEyesOf(state.rules, host) };
};

const givesVerb = (role: Role, verb: Parameters<typeof whoCanOf>[1]): boolean =>
  verbsOf(role).includes(verb) || role === 'break-glass';

function firstEnd(state: AccessState, subject: Subject, roles: readonly Role[]): string | null {
  const ends = [...state.bindingsOf(subject)].flatMap(({ role, until }) =>
    until !== null && roles.includes(role) ? [until] : [],
  );
  return ends.sort()[0] ?? null;
}

/** The state of the stream as of a moment, by default now, and the time of it. */
async function stateAt(
  { access, log }: LogLedger,
  moment: Moment | undefined,
): Promise<{ readonly state: AccessState; readonly at: string }> {
  if (moment === undefined) return { state: await access.sync(), at: access.at };
  const state = await access.stateAt(await log.revisionAt(ACCESS_STREAM, moment));
  if ('time' in moment) return { state, at: moment.time };
  if (!('position' in moment)) throw new TypeError('a revision is of one stream');
  const fact = await factAtPosition(log, moment.position);
  return { state, at: fact?.occurredAt ?? new Date(0).toISOString() };
}

const bindings: Answer<'bindings'> = async (ledger, _, { caller }) => {
  await permitAudit(ledger, caller, 'bindings');
  const { bindings: bound } = await ledger.access.sync();
  return { bindings: [...bound.values()].flatMap((of) => [...of.values()]) };
};

const bindRole: Answer<'bindRole'> = async ({ access }, request, { caller }) => {
  const { role, hosts, reason } = request;
  const subject = subjectOf(await access.sync(), request.subject, caller === undefined);
  const until =
    request.until === undefined ? null : validUntil(request.until, access.at, MAX_BINDING_MS, 'until');
  checkOther(caller, subject);
  await access.record(authorOf(caller), (state, at) => {
    const problem = bindingProblem(state, { subject, role, hosts, until }, at);
    if (problem !== undefined)
      throw new Problem(409, 'not-now', `${subjectText(subject)} is not bound: ${problem}.`);
    return [
      { type: 'RoleBound', data: { subject, role, hosts, until, ...(reason !== undefined && { reason }) } },
    ];
  });
  return { subject, role, hosts, until };
};

const unbindRole: Answer<'unbindRole'> = async ({ access }, request, { caller }) => {
  const { role, hosts, reason } = request;
  const subject = subjectOf(await access.sync(), request.subject, caller === undefined);
  await access.record(authorOf(caller), (state) => {
    const isBound = [...state.bindingsOf(subject)].some((each) => each.role === role && each.hosts === hosts);
    if (!isBound)
      throw new Problem(
        409,
        'not-now',
        `${subjectText(subject)} is not bound as ${role} on ${hosts}; apledger access list shows who is.`,
      );
    return [{ type: 'RoleUnbound', data: { subject, role, hosts, ...(reason !== undefined && { reason }) } }];
  });
  return { subject, role, hosts };
};

/** Nobody gives himself a right. */
function checkOther(caller: Caller | undefined, subject: Subject): void {
  if (caller === undefined || !sameSubject(caller.subject, subject)) return;
  throw new Problem(403, 'denied', 'Nobody binds himself to a role: another access-admin has to.');
}

/** Throws Problem for what names nobody who could ever sign in here; who has the log itself may name subjects of a provider to come. */
export function subjectOf(
  { configuration: { issuers } }: AccessState,
  text: string,
  isOwner = false,
): Subject {
  const subject = parseSubject(text, issuers.length === 1 ? issuers[0] : undefined);
  const known = [PROGRAMS, X509, ...issuers];
  if (subject !== undefined && (isOwner || known.includes(subject.issuer))) return subject;
  const reason =
    subject === undefined
      ? 'it names no issuer, and there is not exactly one provider that could be meant'
      : `nobody of the issuer ${subject.issuer} signs in here`;
  const forms = known.map((issuer) => `${issuer}#NAME`).join(' or ');
  throw new Problem(400, 'invalid-request', `${text}: no subject: ${reason}. Write ${forms}.`);
}

export const accessAnswers = { whoAmI, whoCan, bindings, bindRole, unbindRole };
