import { setImmediate } from 'node:timers/promises';
import { type Decision, decide, evolve, type HostState, type Refusal } from '@apledger/driver';
import {
  type EventLog,
  type Moment,
  type NewFact,
  type RecordedFact,
  WrongExpectedRevision,
} from '@apledger/event-log';
import { type Command, type Fact, factVersion, pack, parseFact, streamOf } from '@apledger/events';
import { v7 as uuidv7 } from 'uuid';
import { type KnownHost, type SnapshotStore, Snapshots, UNKNOWN } from './snapshots.ts';

/** A writer that loses the race this often in a row gives up; every loss means that another one has won. */
const MAX_ATTEMPTS = 100;
/** About 120 kB each where a host has 16 cards x 85 domains and 60 mdevs. */
const MAX_HOSTS = 1000;

/** Facts that are folded before others get a turn: about 2.5 ms. */
const FACTS_A_TURN = 100;

/** One command for one host. */
export interface Submission {
  readonly host: string;
  readonly command: Command;
  /** Who asks: for an auditor, in the words of the place where the command came in. */
  readonly actor: string;
  /**
   * UUID; what was recorded under it for the same host is not done again, however often it is submitted. A command
   * that changed nothing was not recorded, and is decided anew. Default: a new one of version 7, which follow each
   * other in the log's index; random ones cost an append a third.
   */
  readonly commandId?: string;
  /** What this command belongs to, a script's run for instance. Default: the command's own id. */
  readonly correlation?: string;
  /**
   * The revision that the asker decided on, `none` = no such host: where the stream ends elsewhere, submitting throws
   * WrongExpectedRevision and nothing is recorded. Default: whatever is so by then.
   */
  readonly expected?: number | 'none';
}

/** What came of a command; everything in it is durable. */
export interface Receipt {
  readonly commandId: string;
  /** In order; empty when the command changed nothing. */
  readonly facts: readonly Fact[];
  readonly refusal?: Refusal;
  /** The writer would sleep until the guest closes the mdev. */
  readonly isBlocked: boolean;
  /** This command id had been carried out before; nothing was done now. */
  readonly isDuplicate: boolean;
  /** Revision of the host's last fact when this command was done, -1 when the host does not exist. */
  readonly revision: number;
}

/** A host as of one moment. */
export interface HostAt {
  readonly state: HostState;
  /** Of the last fact that counts. */
  readonly revision: number;
}

export interface CommandHandlerOptions {
  /** The clock that dates facts. */
  readonly now?: () => Date;
  /** Where the states of hosts are kept, so that a long stream need not be folded from its first fact. Default: nowhere. */
  readonly snapshots?: SnapshotStore;
  /** Facts between two snapshots of a host; 1,000 by default. */
  readonly snapshotInterval?: number;
  /** States kept in memory; that of the host used longest ago is forgotten, and folded again when it is needed. 1,000 by default. */
  readonly maxHosts?: number;
  /** Told of what went wrong in the background: a snapshot that could not be kept. */
  readonly report?: (message: string) => void;
}

/** Decides commands on an event log. Safe to use many times at once, and beside other processes. */
export class CommandHandler {
  readonly #log: EventLog;
  readonly #now: () => Date;
  readonly #snapshots: Snapshots | undefined;
  readonly #maxHosts: number;
  /** In the order of their last use. */
  readonly #hosts = new Map<string, KnownHost>();
  /**
   * One command at a time for each host. To decide the next one before the last is durable would be faster, but
   * if another process wins the race, a revision number alone could not tell its facts from the expected ones.
   */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(log: EventLog, options: CommandHandlerOptions = {}) {
    const {
      now = () => new Date(),
      snapshots: store,
      snapshotInterval: interval,
      maxHosts = MAX_HOSTS,
      report = () => {},
    } = options;
    this.#log = log;
    this.#now = now;
    this.#maxHosts = maxHosts;
    this.#snapshots =
      store && new Snapshots({ log, store, report, ...(interval === undefined ? {} : { interval }) });
  }

  /** Decides and appends. Throws what the log throws when it cannot take the facts. */
  async submit(submission: Submission): Promise<Receipt> {
    const { host, expected, commandId = uuidv7() } = submission;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#inTurn(host, () => this.#attempt(submission, commandId));
      } catch (error) {
        // Who lost a race knows the stream as it was, and reads on from there.
        if (!(error instanceof WrongExpectedRevision)) this.#hosts.delete(host);
        else if (expected === undefined && attempt < MAX_ATTEMPTS) continue;
        throw error;
      }
    }
  }

  /**
   * The host's state now, facts of other processes included; undefined when it does not exist. Waits for no command
   * that is under way: what it will have changed is not acknowledged yet.
   */
  async state(host: string): Promise<HostState | undefined> {
    return (await this.stateAt(host))?.state;
  }

  /** The host after its last fact at or before the moment, by default now; undefined when it was not registered then. */
  async stateAt(host: string, moment?: Moment): Promise<HostAt | undefined> {
    const { state, revision } = await (moment === undefined ? this.#load(host) : this.#at(host, moment));
    return state && { state, revision };
  }

  /** Keeps the states that are worth it, and waits until nothing is written any more. The log must still be open. */
  async close(): Promise<void> {
    await this.#snapshots?.close(this.#hosts);
  }

  async #attempt(submission: Submission, commandId: string): Promise<Receipt> {
    const { host, command, actor, correlation = commandId } = submission;
    const stream = streamOf(host);
    const known = await this.#load(host);
    const { state, revision } = known;
    // Asked after the state was read: another process that carries out the same command is then seen here, or the
    // append conflicts with it. The other way round, its effect could be taken for "nothing to do".
    const recorded = submission.commandId === undefined ? [] : await this.#log.readCommand(stream, commandId);
    if (recorded.length > 0) return receiptOf(commandId, recorded);
    const expected = revision < 0 ? 'none' : revision;
    if (submission.expected !== undefined && submission.expected !== expected)
      throw new WrongExpectedRevision(stream, submission.expected, expected);
    const decision = decide(state, command);
    // A host that does not exist has no stream in which a refusal could be recorded.
    if (decision.facts.length === 0 || decision.state === undefined)
      return receipt(commandId, decision, revision);
    const appended = await this.#log.append({
      stream,
      expected,
      commandId,
      actor,
      correlation,
      facts: decision.facts.map((fact) => this.#newFact(fact)),
    });
    if (appended.duplicate) return receiptOf(commandId, await this.#log.readCommand(stream, commandId));
    this.#know(host, { ...known, state: decision.state, revision: appended.lastRevision });
    return receipt(commandId, decision, appended.lastRevision);
  }

  /** What this process knows of the host, after reading what it does not know yet. */
  async #load(host: string): Promise<KnownHost> {
    const known = this.#hosts.get(host);
    const head = await this.#log.head(streamOf(host));
    if (head === undefined) return known ?? UNKNOWN;
    if (head.revision === known?.revision) return this.#know(host, known);
    return this.#know(host, await this.#fold(host, known, head.revision));
  }

  async #at(host: string, moment: Moment): Promise<KnownHost> {
    const revision = await this.#log.revisionAt(streamOf(host), moment);
    if (revision < 0) return UNKNOWN;
    const known = this.#hosts.get(host);
    return this.#fold(host, known !== undefined && known.revision <= revision ? known : undefined, revision);
  }

  #know(host: string, known: KnownHost): KnownHost {
    const kept = this.#offer(host, known);
    // Who asked at the same time may have read further.
    if (kept.revision >= (this.#hosts.get(host) ?? UNKNOWN).revision) {
      this.#hosts.delete(host);
      this.#hosts.set(host, kept);
    }
    for (const [oldest, left] of this.#hosts) {
      if (this.#hosts.size <= this.#maxHosts) break;
      this.#hosts.delete(oldest);
      this.#snapshots?.retire(oldest, left);
    }
    return kept;
  }

  #offer(host: string, known: KnownHost): KnownHost {
    return this.#snapshots?.offer(host, known) ?? known;
  }

  /** The host after the fact of this revision, from what is known of it, or from the nearest snapshot. */
  async #fold(host: string, from: KnownHost | undefined, to: number): Promise<KnownHost> {
    let known = from ?? (await this.#snapshots?.nearest(host, to)) ?? UNKNOWN;
    const facts = this.#log.readStream(streamOf(host), { from: known.revision + 1, to });
    for await (const { type, version, data, revision } of facts) {
      const state = evolve(known.state, parseFact(type, version, data));
      known = this.#offer(host, { state, revision, kept: known.kept });
      // A long fold lets others have their turn, among them whoever writes the last snapshot before the next one is due.
      if (revision % FACTS_A_TURN === 0) await setImmediate();
    }
    return known;
  }

  #newFact(fact: Fact): NewFact {
    const version = factVersion(fact.type);
    // Checked when written, as it will be when read: a fact that nobody can read must not enter the log.
    const { type, data } = parseFact(fact.type, version, fact.data);
    return { type, version, occurredAt: this.#now().toISOString(), data, packed: pack(fact) };
  }

  async #inTurn<T>(host: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(host) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#turns.set(host, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(host) === turn) this.#turns.delete(host);
    }
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
