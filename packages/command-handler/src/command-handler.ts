import { type Decision, decide, type Refusal } from '@apledger/driver';
import {
  type Auth,
  type EventLog,
  type Moment,
  markOf,
  type RecordedFact,
  WrongExpectedRevision,
} from '@apledger/event-log';
import { type Command, type Fact, parseFact, streamOf } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { v7 as uuidv7 } from 'uuid';
import { ClockWatch } from './clock-watch.ts';
import { Hosts, type States, wholeStreams } from './hosts.ts';
import { type Observation, type Recorded, recordObservation } from './observation.ts';
import { factsKept, newFact, recordedUnder } from './recorded.ts';
import { checkCarriedOut, requested } from './requested.ts';

/** A writer that loses the race this often in a row gives up; every loss means that another one has won. */
const MAX_ATTEMPTS = 100;
/** About 40 kB each where a host has 16 cards x 85 domains and 60 mdevs. */
const MAX_HOSTS = 500;

/** An id for a command that nobody has given before; they follow each other in the log's index. */
export const newCommandId = (): string => uuidv7();

/** One command for one host. */
export interface Submission {
  readonly host: string;
  readonly command: Command;
  /** Who asks: for an auditor, in the words of the place where the command came in. */
  readonly actor: string;
  /** Who asks, as the service found out. */
  readonly auth?: Auth;
  /** What the client itself says who it is: recorded, and believed by nobody. */
  readonly claimed?: string;
  /**
   * Looks at what was decided before it is appended, and says why it must not be; undefined lets it in. The state is the handler's
   * own, as it was decided on: who changes it rolls it back. For an observed host the facts are what the rules expect, and a
   * CommandRequested.
   */
  readonly admit?: (state: HostState, facts: readonly Fact[]) => Error | undefined;
  /**
   * UUID; what was recorded under it is not done again, however often it is submitted, and another command or another host is
   * refused. Default: a new one of version 7, which follow each other in the log's index; random ones cost an append a third.
   */
  readonly commandId?: string;
  /** The id was made for this submission: nothing can have been recorded under it. */
  readonly isNewId?: boolean;
  /** What this command belongs to, a script's run for instance. Default: the command's own id. */
  readonly correlation?: string;
  /**
   * The revision that the asker decided on, `none` = no such host: where the host's matrices are not what they were then,
   * submitting throws WrongExpectedRevision and nothing is recorded. Facts that changed none, as those of refused commands,
   * do not count. Default: whatever is so by then.
   */
  readonly expected?: number | 'none';
}

/** What came of a command; everything in it is durable. */
export interface Receipt {
  readonly commandId: string;
  /** In order; a command that changed nothing is a fact, too. Empty only for a host that does not exist. */
  readonly facts: readonly Fact[];
  readonly refusal?: Refusal;
  /** The writer would sleep until the guest closes the mdev. */
  readonly isBlocked: boolean;
  /** This command id had been carried out before; nothing was done now. */
  readonly isDuplicate: boolean;
  /** Revision of the host's last fact when this command was done, -1 when the host does not exist. */
  readonly revision: number;
}

export interface CommandHandlerOptions {
  /** The clock that dates facts. */
  readonly now?: (() => Date) | undefined;
  /** Milliseconds of a clock that is never set; see ClockWatch. */
  readonly monotonic?: () => number;
  /** Where a host that this process has not met comes from. Default: the whole stream is folded. */
  readonly states?: States;
  /** States kept in memory; that of the host used longest ago is forgotten, and folded again when it is needed. 1,000 by default. */
  readonly maxHosts?: number;
}

/** The asker decided on a host that is another by now: no race, and nothing to try again. */
class OtherMatrices extends WrongExpectedRevision {}

/** What `admit` said: nothing is wrong with what is known of the host. */
class NotAdmitted extends Error {
  constructor(reason: Error) {
    super(reason.message, { cause: reason });
  }
}

/** Decides commands on an event log. Safe to use many times at once, and beside other processes. */
export class CommandHandler {
  readonly #log: EventLog;
  readonly #clock: ClockWatch;
  readonly #hosts: Hosts;

  constructor(log: EventLog, options: CommandHandlerOptions = {}) {
    const { now, monotonic, states = wholeStreams(log), maxHosts = MAX_HOSTS } = options;
    this.#log = log;
    this.#clock = new ClockWatch(log, { now, monotonic });
    this.#hosts = new Hosts(log, states, maxHosts);
  }

  /** Jumps of this process's clock that it has recorded. */
  get clockJumps(): number {
    return this.#clock.recorded;
  }

  /** Decides and appends. Throws what the log throws when it cannot take the facts, and CommandIdUsed. */
  async submit(submission: Submission): Promise<Receipt> {
    const { host, commandId = newCommandId() } = submission;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#hosts.inTurn(host, () => this.#attempt(submission, commandId));
      } catch (error) {
        if (error instanceof NotAdmitted) throw error.cause;
        // Who lost a race knows the stream as it was, and reads on from there.
        if (!(error instanceof WrongExpectedRevision)) this.#hosts.forget(host);
        else if (!(error instanceof OtherMatrices) && attempt < MAX_ATTEMPTS) continue;
        throw error;
      }
    }
  }

  /** Appends what an agent saw. Throws as `recordObservation` does. */
  async record(observation: Observation): Promise<Recorded> {
    const { host } = observation;
    try {
      return await this.#hosts.inTurn(host, () => recordObservation(this.#log, this.#hosts, observation));
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) this.#hosts.forget(host);
      throw error;
    }
  }

  /**
   * The host's state now, facts of other processes included, the caller's own; undefined when it does not exist. Waits for no command that
   * is under way: what it will have changed is not acknowledged yet.
   */
  state(host: string): Promise<HostState | undefined> {
    return this.stateAt(host);
  }

  /** The host after its last fact at or before the moment, by default now; undefined when it was not registered then. */
  async stateAt(host: string, moment?: Moment): Promise<HostState | undefined> {
    if (moment === undefined) {
      const known = await this.#hosts.load(host);
      return known.isRegistered ? known.fork() : undefined;
    }
    const revision = await this.#log.revisionAt(streamOf(host), moment);
    if (revision < 0) return undefined;
    const state = await this.#hosts.at(host, revision);
    return state.isRegistered ? state : undefined;
  }

  async #attempt(submission: Submission, commandId: string): Promise<Receipt> {
    const { host, command, actor, auth, claimed, admit, correlation = commandId } = submission;
    const stream = streamOf(host);
    const state = await this.#hosts.load(host);
    const { revision } = state;
    // Asked after the state was read: another process that carries out the same command is then seen here, or the
    // append conflicts with it. The other way round, its effect could be taken for "nothing to do".
    const isNew = submission.commandId === undefined || submission.isNewId === true;
    const recorded = isNew ? [] : await recordedUnder(this.#log, commandId, stream, command);
    if (recorded.length > 0) return receiptOf(commandId, recorded);
    const expected = revision < 0 ? 'none' : revision;
    if (submission.expected !== undefined && !(await this.#isAsExpected(host, state, submission.expected)))
      throw new OtherMatrices(stream, submission.expected, expected);
    const isObserved = state.agentEpoch > 0;
    if (isObserved) checkCarriedOut(host, command);
    const rules = decide(state, command);
    // A host that does not exist has no stream in which a refusal could be recorded.
    if (revision < 0 && command.type !== 'RegisterHost') return receipt(commandId, rules, revision);
    const occurredAt = await this.#clock.read();
    const decision = isObserved ? requested(commandId, command, occurredAt) : rules;
    const objection = admit?.(state, isObserved ? [...rules.facts, ...decision.facts] : rules.facts);
    if (objection !== undefined) throw new NotAdmitted(objection);
    const facts = decision.facts.map((fact) => newFact(fact, occurredAt));
    const appended = await this.#log.append({
      stream,
      expected,
      commandId,
      actor,
      command: markOf(command),
      ...(auth !== undefined && { auth }),
      ...(claimed !== undefined && { claimed }),
      correlation,
      facts,
    });
    await this.#clock.appended(appended);
    if (appended.duplicate)
      return receiptOf(commandId, await factsKept(this.#log, commandId, stream, command));
    this.#hosts.advance(host, state, facts, appended);
    return receipt(commandId, decision, appended.lastRevision);
  }

  /** Whether who decided on that revision would decide the same on the state as it is. */
  async #isAsExpected(host: string, state: HostState, expected: number | 'none'): Promise<boolean> {
    if (expected === 'none' || expected >= state.revision)
      return expected === (state.revision < 0 ? 'none' : state.revision);
    return (await this.#hosts.before(host, expected)).hasMatricesOf(state);
  }
}

const receipt = (commandId: string, decision: Decision, revision: number): Receipt => ({
  commandId,
  facts: decision.facts,
  ...(decision.refusal === undefined ? {} : { refusal: decision.refusal }),
  isBlocked: decision.isBlocked === true,
  isDuplicate: false,
  revision,
});

/** The receipt of a command that was carried out before, from its facts. */
function receiptOf(commandId: string, recorded: readonly RecordedFact[]): Receipt {
  const facts = recorded.map(({ type, version, data }) => parseFact(type, version, data));
  const rejected = facts.find((fact) => fact.type === 'CommandRejected');
  const { command: _, ...refusal } = rejected?.data ?? {};
  return {
    commandId,
    facts,
    ...(rejected === undefined ? {} : { refusal: refusal as Refusal }),
    isBlocked: facts.some((fact) => fact.type === 'MdevRemovalBlocked'),
    isDuplicate: true,
    revision: recorded.at(-1)?.revision ?? -1,
  };
}
