import { type Decision, decide, type Refusal } from '@apledger/driver';
import {
  type Appended,
  type Auth,
  type EventLog,
  InTurn,
  LogError,
  type Moment,
  markOf,
  type NewFact,
  type RecordedFact,
  settled,
  unsettled,
  WrongExpectedRevision,
} from '@apledger/event-log';
import { type Command, type Fact, factVersion, pack, parseFact, streamOf } from '@apledger/events';
import { evolvePacked, HostState } from '@apledger/host';
import { foldStream } from '@apledger/projections';
import { LRUCache } from 'lru-cache';
import { v7 as uuidv7 } from 'uuid';
import { ClockWatch } from './clock-watch.ts';
import { CommandIdUsed } from './command-id-used.ts';

/** A writer that loses the race this often in a row gives up; every loss means that another one has won. */
const MAX_ATTEMPTS = 100;
/** About 40 kB each where a host has 16 cards x 85 domains and 60 mdevs. */
const MAX_HOSTS = 1000;

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
   * own, as it was decided on: who changes it rolls it back.
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

/** Who knows hosts as of any revision: a read model. */
export interface States {
  /** The host's state after a revision, the caller's own; without any fact below 0. */
  stateAt(host: string, revision: number): Promise<HostState>;
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
  readonly #states: States;
  /** In the order of their last use. */
  readonly #hosts: LRUCache<string, HostState>;
  /**
   * One command at a time for each host. To decide the next one before the last is durable would be faster, but
   * if another process wins the race, a revision number alone could not tell its facts from the expected ones.
   */
  readonly #turns = new Map<string, InTurn>();

  constructor(log: EventLog, options: CommandHandlerOptions = {}) {
    const { now, monotonic, states = { stateAt: wholeStreams(log) }, maxHosts = MAX_HOSTS } = options;
    this.#log = log;
    this.#clock = new ClockWatch(log, { now, monotonic });
    this.#hosts = new LRUCache({ max: maxHosts });
    this.#states = states;
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
        return await this.#inTurn(host, () => this.#attempt(submission, commandId));
      } catch (error) {
        if (error instanceof NotAdmitted) throw error.cause;
        // Who lost a race knows the stream as it was, and reads on from there.
        if (!(error instanceof WrongExpectedRevision)) this.#hosts.delete(host);
        else if (!(error instanceof OtherMatrices) && attempt < MAX_ATTEMPTS) continue;
        throw error;
      }
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
      const known = await this.#load(host);
      return known.isRegistered ? known.fork() : undefined;
    }
    const revision = await this.#log.revisionAt(streamOf(host), moment);
    if (revision < 0) return undefined;
    const known = this.#hosts.get(host);
    const state =
      known !== undefined && known.revision <= revision
        ? await foldStream(this.#log, host, known.fork(), revision)
        : await this.#states.stateAt(host, revision);
    return state.isRegistered ? state : undefined;
  }

  async #attempt(submission: Submission, commandId: string): Promise<Receipt> {
    const { host, command, actor, auth, claimed, admit, correlation = commandId } = submission;
    const stream = streamOf(host);
    const state = await this.#load(host);
    const { revision } = state;
    // Asked after the state was read: another process that carries out the same command is then seen here, or the
    // append conflicts with it. The other way round, its effect could be taken for "nothing to do".
    const isNew = submission.commandId === undefined || submission.isNewId === true;
    const recorded = isNew ? [] : await this.#recordedUnder(commandId, stream, command);
    if (recorded.length > 0) return receiptOf(commandId, recorded);
    const expected = revision < 0 ? 'none' : revision;
    if (submission.expected !== undefined && !(await this.#isAsExpected(host, state, submission.expected)))
      throw new OtherMatrices(stream, submission.expected, expected);
    const decision = decide(state, command);
    // A host that does not exist has no stream in which a refusal could be recorded.
    if (revision < 0 && command.type !== 'RegisterHost') return receipt(commandId, decision, revision);
    const objection = admit?.(state, decision.facts);
    if (objection !== undefined) throw new NotAdmitted(objection);
    const occurredAt = await this.#clock.read();
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
    if (appended.duplicate) return receiptOf(commandId, await this.#factsKept(commandId, stream, command));
    this.#advance(host, state, facts, appended);
    return receipt(commandId, decision, appended.lastRevision);
  }

  /** The facts of a command that was appended before: who cannot read them now must not hear that there are none. */
  async #factsKept(commandId: string, stream: string, command: Command): Promise<readonly RecordedFact[]> {
    try {
      return await this.#recordedUnder(commandId, stream, command);
    } catch (error) {
      throw error instanceof LogError ? unsettled(error) : error;
    }
  }

  /** What was recorded under the command's id. Throws CommandIdUsed when that is another command, or another host. */
  async #recordedUnder(
    commandId: string,
    stream: string,
    command: Command,
  ): Promise<readonly RecordedFact[]> {
    const recorded = await this.#log.readCommand(stream, commandId);
    const [first] = recorded;
    if (first !== undefined) {
      // Commands of earlier versions left no mark.
      if (first.command !== undefined && first.command.digest !== markOf(command).digest)
        throw new CommandIdUsed(commandId, first);
      return recorded;
    }
    const elsewhere = await this.#log.commandElsewhere(stream, commandId);
    const [other] = elsewhere === undefined ? [] : await this.#log.readCommand(elsewhere, commandId);
    if (other !== undefined) throw new CommandIdUsed(commandId, other);
    return [];
  }

  /** Whether who decided on that revision would decide the same on the state as it is. */
  async #isAsExpected(host: string, state: HostState, expected: number | 'none'): Promise<boolean> {
    if (expected === 'none' || expected >= state.revision)
      return expected === (state.revision < 0 ? 'none' : state.revision);
    return (await this.#states.stateAt(host, expected)).hasMatricesOf(state);
  }

  /** What this process knows of the host, after reading what it does not know yet. Facts change it in place: who keeps it forks it. */
  async #load(host: string): Promise<HostState> {
    const known = this.#hosts.get(host);
    const head = await this.#log.head(streamOf(host));
    if (head === undefined) return known ?? new HostState();
    if (head.revision === known?.revision) return this.#know(host, known);
    const state =
      known === undefined
        ? await this.#states.stateAt(host, head.revision)
        : await foldStream(this.#log, host, known.fork(), head.revision);
    return this.#know(host, state);
  }

  /** The facts are durable: what is known of the host follows them. */
  #advance(
    host: string,
    state: HostState,
    facts: readonly NewFact[],
    { lastRevision, lastPosition }: Appended,
  ): void {
    for (const { packed } of facts) evolvePacked(state, packed, 0, packed.length);
    const before = state.revision < 0 ? '' : new Date(state.occurredAt).toISOString();
    const occurredAt = settled(before, facts.at(-1)?.occurredAt ?? '');
    state.place(lastRevision, lastPosition, Date.parse(occurredAt));
    this.#know(host, state);
  }

  #know(host: string, state: HostState): HostState {
    // Who asked at the same time may have read further.
    if (state.revision < (this.#hosts.get(host)?.revision ?? -1)) return state;
    this.#hosts.set(host, state);
    return state;
  }

  async #inTurn<T>(host: string, work: () => Promise<T>): Promise<T> {
    const turns = this.#turns.get(host) ?? new InTurn();
    this.#turns.set(host, turns);
    try {
      return await turns.run(work);
    } finally {
      if (turns.waiting === 0) this.#turns.delete(host);
    }
  }
}

function newFact(fact: Fact, occurredAt: string): NewFact {
  const version = factVersion(fact.type);
  // Checked when written, as it will be when read: a fact that nobody can read must not enter the log.
  const { type, data } = parseFact(fact.type, version, fact.data);
  return { type, version, occurredAt, data, packed: pack(fact) };
}

const wholeStreams =
  (log: EventLog): States['stateAt'] =>
  (host, revision) =>
    foldStream(log, host, new HostState(), revision);

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
