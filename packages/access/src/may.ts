/** The one answer to "may this subject do this", and why not. */
import { ROLES, type Role, type Subject, subjectText, VERBS, type Verb } from '@apledger/events';
import { coversEverything, isOneHost, matchesHost } from './pattern.ts';
import { APART, BREAK_GLASS_VERBS, verbsOf } from './roles.ts';
import type { AccessState, Binding, BreakGlass, Credential } from './state.ts';
import { sameSubject } from './subject.ts';

/** `at` is RFC 3339 in UTC with milliseconds, as in facts: texts of one form compare like the times. */
const isInForce = ({ until }: Binding, at: string): boolean => until === null || at < until;

/** Where somebody stands: the roles that are in force, and those that keep others from counting. */
function inForce(state: AccessState, subject: Subject, at: string): readonly Binding[] {
  const bound = [...state.bindingsOf(subject)].filter((binding) => isInForce(binding, at));
  const isBinder = state.binders.some((binder) => sameSubject(binder, subject));
  return isBinder ? [...bound, { subject, role: 'access-admin', hosts: '*', until: null }] : bound;
}

const names = (pattern: string, host: string | null): boolean =>
  host === null ? coversEverything(pattern) : matchesHost(pattern, host);

/**
 * Whether the subject may do this on the host; null = on the ledger as a whole, which only a pattern that names every host covers.
 * `at` is RFC 3339 in UTC with milliseconds.
 */
export function may(
  state: AccessState,
  subject: Subject,
  verb: Verb,
  host: string | null,
  at: string,
): boolean {
  const bound = inForce(state, subject, at);
  const apart = APART.find(({ role }) => bound.some((binding) => binding.role === role));
  if (apart !== undefined && !apart.verbs.includes(verb)) return false;
  if (bound.some(({ role, hosts }) => verbsOf(role).includes(verb) && names(hosts, host))) return true;
  return BREAK_GLASS_VERBS.includes(verb) && openGlass(state, subject, host, at) !== undefined;
}

/** The use of break glass that is open for the subject on the host, while he still has the role there. */
export function openGlass(
  state: AccessState,
  subject: Subject,
  host: string | null,
  at: string,
): BreakGlass | undefined {
  if (host === null) return undefined;
  const isBound = inForce(state, subject, at).some(
    ({ role, hosts }) => role === 'break-glass' && matchesHost(hosts, host),
  );
  if (!isBound) return undefined;
  return state.glasses
    .values()
    .find(
      (glass) =>
        sameSubject(glass.subject, subject) &&
        at < glass.until &&
        !glass.isReviewed &&
        matchesHost(glass.hosts, host),
    );
}

/** The roles that the subject has on the host, as of then. */
export const rolesOn = (
  state: AccessState,
  subject: Subject,
  host: string | null,
  at: string,
): readonly Role[] => {
  const roles = new Set(
    inForce(state, subject, at).flatMap(({ role, hosts }) => (names(hosts, host) ? [role] : [])),
  );
  return ROLES.filter((role) => roles.has(role));
};

/** For people: which role would be needed, and what is in the way. */
export function whyNot(
  state: AccessState,
  subject: Subject,
  verb: Verb,
  host: string | null,
  at: string,
): string {
  const where = host === null ? 'the ledger as a whole' : `host ${host}`;
  const bound = inForce(state, subject, at);
  const apart = APART.find(({ role }) => bound.some((binding) => binding.role === role));
  if (apart !== undefined && !apart.verbs.includes(verb))
    return `${subjectText(subject)} has the role ${apart.role}, which may not ${verb}, whatever other roles there are`;
  const roles = ROLES.filter((role) => verbsOf(role).includes(verb)).join(' or ');
  return `${subjectText(subject)} may not ${verb} on ${where}: that needs the role ${roles} there`;
}

/** Everybody who may do this on the host as of then, by the subject's text. */
export function whoCan(
  state: AccessState,
  verb: Verb,
  host: string | null,
  at: string,
): readonly Binding['subject'][] {
  const known = new Map<string, Subject>();
  for (const subject of state.binders) known.set(subjectText(subject), subject);
  for (const bound of state.bindings.values())
    for (const { subject } of bound.values()) known.set(subjectText(subject), subject);
  return [...known]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, subject]) => (may(state, subject, verb, host, at) ? [subject] : []));
}

/** Why this binding would be a mistake; undefined when it would not. */
export function bindingProblem(
  state: AccessState,
  { subject, role, hosts }: Binding,
  at: string,
): string | undefined {
  if (role === 'agent' && !isOneHost(hosts))
    return `the role agent is for one host; ${hosts} may name several`;
  if (role === 'access-admin' && !coversEverything(hosts))
    return 'access is administered for all hosts: bind access-admin on *';
  const others = new Set(inForce(state, subject, at).map((binding) => binding.role));
  others.delete(role);
  const apart = APART.find((each) => each.role === role || others.has(each.role));
  const clash =
    apart && [role, ...others].find((other) => other !== apart.role && conflicts(other, apart.verbs));
  if (apart === undefined || clash === undefined) return undefined;
  return `${apart.role} and ${clash} are kept apart: unbind the one before you bind the other`;
}

const conflicts = (role: Role, verbs: readonly Verb[]): boolean =>
  role === 'break-glass' || verbsOf(role).some((verb) => !verbs.includes(verb));

/** How a credential stands at a moment. */
export type Standing = 'valid' | 'expired' | 'revoked';

/** Whether the credential counts at the instant `at` (RFC 3339 in UTC). */
export const standingOf = ({ isRevoked, until }: Credential, at: string): Standing =>
  isRevoked ? 'revoked' : at < until ? 'valid' : 'expired';

/** By verb, the patterns of the hosts on which the subject may do it: for people who ask what they may. */
export function allowedOf(
  state: AccessState,
  subject: Subject,
  at: string,
): ReadonlyMap<Verb, readonly string[]> {
  const bound = inForce(state, subject, at);
  const apart = APART.find(({ role }) => bound.some((binding) => binding.role === role));
  const glasses = state.glasses
    .values()
    .filter((glass) => sameSubject(glass.subject, subject) && at < glass.until && !glass.isReviewed)
    .map(({ hosts }) => hosts)
    .toArray();
  return new Map(
    VERBS.map((verb) => {
      if (apart !== undefined && !apart.verbs.includes(verb)) return [verb, []];
      const hosts = bound.flatMap((each) => (verbsOf(each.role).includes(verb) ? [each.hosts] : []));
      return [verb, [...new Set([...hosts, ...(BREAK_GLASS_VERBS.includes(verb) ? glasses : [])])]];
    }),
  );
}
