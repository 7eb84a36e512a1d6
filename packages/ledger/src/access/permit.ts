/** Operations and commands, and the rights that they take. */
import {
  effectOf,
  fourEyesOf,
  type Grants,
  givesBeyond,
  hasGrants,
  needsSecondPerson,
  openGlass,
  verbOfCommand,
} from '@apledger/access';
import { formatApqi } from '@apledger/ap';
import { type Operation, Problem } from '@apledger/api';
import type { Submission } from '@apledger/command-handler';
import type { Command, Fact, Subject } from '@apledger/events';
import type { HostState } from '@apledger/host';
import type { LogLedger } from '../log-ledger.ts';
import { actorOf, authOf, type Caller } from './caller.ts';
import type { Seen } from './control.ts';

/**
 * Checks that the caller may ask the operation this, and resolves with what he may see of the log; undefined = all of it. Throws the
 * Problem of a denial, which is recorded.
 */
export async function permitted(
  { isControlled, access }: LogLedger,
  { name, verb = 'read', checked }: Pick<Operation, 'name' | 'verb' | 'checked'>,
  request: object,
  caller: Caller | undefined,
): Promise<((seen: Seen) => boolean) | undefined> {
  if (!isControlled || checked === 'itself') return undefined;
  if (checked === 'visible') {
    if ('host' in request && typeof request.host === 'string')
      await access.permit(caller, verb, request.host, name);
    return access.visible(caller, name);
  }
  for (const host of hostsIn(request)) await access.permit(caller, verb, host, name);
  return undefined;
}

/** The hosts that a request names, each once; null = the ledger as a whole. */
function hostsIn(request: object): Iterable<string | null> {
  const { host, heads } = request as { readonly host?: unknown; readonly heads?: unknown };
  if (typeof host === 'string') return [host];
  const named = Array.isArray(heads)
    ? heads.flatMap((head) => (typeof head.host === 'string' ? [head.host] : []))
    : [];
  return new Set<string | null>(named.length > 0 ? named : [null]);
}

/** Who is recorded with a command, and what is looked at before it is appended. */
export type Leave = Pick<Submission, 'actor' | 'auth' | 'claimed' | 'admit'>;

/**
 * Checks that the caller may give the command. `claimed` is what the client itself says who it is: the actor where access is not
 * controlled. Throws the Problem of a denial, which is recorded.
 */
export async function leaveFor(
  ledger: LogLedger,
  {
    host,
    command,
    claimed,
  }: { readonly host: string; readonly command: Command; readonly claimed: string | undefined },
  caller: Caller | undefined,
): Promise<Leave> {
  const { access, isControlled } = ledger;
  if (!isControlled) return { actor: claimed ?? 'anonymous' };
  const verb = verbOfCommand(command.type);
  if (caller !== undefined) await access.sync();
  const isReport = verb === 'simulate' && caller !== undefined && access.may(caller, 'agent', host);
  if (!isReport) await access.permit(caller, verb, host, command.type);
  if (caller === undefined) throw new TypeError('permit lets nobody in');
  return {
    actor: actorOf(caller),
    auth: authOf(caller),
    ...(claimed !== undefined && { claimed }),
    admit: fourEyesAdmit(ledger, host, caller.subject),
  };
}

/** Lets in what the subject may do alone on the host. */
export const fourEyesAdmit =
  ({ access }: LogLedger, host: string, subject: Subject): NonNullable<Submission['admit']> =>
  (state, facts) => {
    if (!changesSomething(facts)) return undefined;
    const fourEyes = fourEyesOf(access.state.rules, host);
    if (fourEyes === 'none' || openGlass(access.state, subject, host, access.at) !== undefined)
      return undefined;
    // What the rules would refuse a real kernel may do: nobody knows what that gives.
    const gives = isSentAgainstTheRules(facts) ? undefined : effectOf(state, facts).gives;
    if (gives !== undefined && !needsSecondPerson(fourEyes, gives)) return undefined;
    return needsApproval(host, fourEyes === 'all' ? everyChange(host, gives) : granting(host, gives));
  };

/**
 * Lets in what gives nobody more than he has now or had on that host: so the way back of a change takes no second person. But what it puts
 * back meets what others have given meanwhile.
 */
export const wayBackAdmit =
  ({ access }: LogLedger, host: string, subject: Subject, had: HostState): NonNullable<Submission['admit']> =>
  (state, facts) => {
    if (!changesSomething(facts) || isSentAgainstTheRules(facts)) return undefined;
    const fourEyes = fourEyesOf(access.state.rules, host);
    if (fourEyes === 'none' || openGlass(access.state, subject, host, access.at) !== undefined)
      return undefined;
    const gives = givesBeyond(had, state, facts);
    return hasGrants(gives) ? needsApproval(host, granting(host, gives)) : undefined;
  };

/** A refusal, or a command without effect, takes nobody's consent. */
const changesSomething = (facts: readonly Fact[]): boolean =>
  facts.some(({ type }) => type !== 'CommandRejected' && type !== 'CommandHadNoEffect');

/** The agent of a real host is asked all the same. */
const isSentAgainstTheRules = (facts: readonly Fact[]): boolean =>
  facts.some(({ type }) => type === 'CommandRequested') &&
  facts.some(({ type }) => type === 'CommandRejected');

/** Where whatever is changed needs a second person; undefined = nobody knows what would be given. */
const everyChange = (host: string, gives: Grants | undefined): string =>
  gives !== undefined && gives.queues.size > 0
    ? granting(host, gives)
    : `every change of host ${host} needs a second person`;

/** Where only what gives somebody something needs one. */
function granting(host: string, gives: Grants | undefined): string {
  if (gives === undefined)
    return `the rules refuse it, so nobody knows what it would give on the real host ${host}, and there what gives somebody something needs a second person`;
  return `it would give ${firstOf(gives)}, and on host ${host} that needs a second person`;
}

/** What the first holder is given: `guest web 05.0004`, `guest web control domain 0004`. */
function firstOf({ queues, controlDomains }: Grants): string {
  const [queue] = queues;
  if (queue !== undefined) return `${queue[0]} ${few(queue[1])}`;
  const [holder = 'somebody', domains = []] = [...controlDomains][0] ?? [];
  return `${holder} control domain${domains.length === 1 ? '' : 's'} ${few(domains.map(formatApqi))}`;
}

const MAX_NAMES = 3;
const few = (names: readonly string[]): string =>
  names.slice(0, MAX_NAMES).join(', ') + (names.length > MAX_NAMES ? ' and more' : '');

const needsApproval = (host: string, why: string): Problem =>
  new Problem(
    403,
    'needs-approval',
    `The command was not carried out: ${why}. Propose it: apledger change propose --host ${host} --reason TEXT STEP...`,
  );
