/**
 * Appending to one stream: one commit after the other, each published under the sequence of the one before it.
 *
 * The server checks that sequence (`Nats-Expected-Last-Subject-Sequence`), so a commit goes in only onto the head
 * that it was sealed for. A cluster of 2.9 checks it before the commits that are still on their way are applied: of
 * two that race, both would get in (seen with 2.9.10, R3, eight writers). Hence the message id (`Nats-Msg-Id`) is not
 * the command but the place: stream and first revision. Ids are checked when a message is applied, so each place is
 * taken once; and a publish that is sent again, because its acknowledgement was lost, has the same id as before. Of
 * several callers that append the same command at once, the id of the call (`Apledger-Call`), which is stored beside the
 * commit, says which one did: the server's word "duplicate" does not, on a cluster of 2.15.
 *
 * The writer knows every command of its stream up to that head: read once when the stream is
 * first written to (as fast as a reading of the stream, 100 bytes of memory a command), then kept up to date. So the
 * same command is recognized for ever and by any process, not only within the server's duplicate window.
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Ack, BrokerError, type Publisher } from '@apledger/nats';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { LogError, unsettled } from '../errors.ts';
import { InTurn } from '../in-turn.ts';
import type { Appended, Commit } from '../port.ts';
import { behindOf, type ChainHead, conflictOf, jumpAfter, NO_HEAD, type SealedFact, seal } from '../seal.ts';
import type { Broker } from './broker.ts';
import { asLogError, PLACE_TAKEN, refusal } from './faults.ts';
import type { History } from './history.ts';
import { type Names, positionOf, subjectOf } from './names.ts';
import { CALL_HEADER, type CommitRecord, encodeCommit } from './record.ts';
import type { Turn, Turns } from './turns.ts';

/** What a message takes besides its body: headers and subject, generously. */
const MESSAGE_OVERHEAD_BYTES = 4096;
/**
 * Before asking a leader again that has not applied yet what is on its way, or does not know yet what its predecessor
 * acknowledged: first and longest.
 */
const FIRST_PAUSE_MS = 1;
const MAX_PAUSE_MS = 20;

export interface WriterParts {
  readonly broker: Broker;
  readonly history: History;
  readonly publisher: Publisher;
  readonly turns: Turns;
  readonly names: Names;
  readonly now: () => Date;
}

export class StreamWriter {
  readonly #stream: string;
  readonly #subject: string;
  readonly #parts: WriterParts;
  /** Sequence of each command's message; undefined until the stream was read. */
  #commands: Map<string, number> | undefined;
  /** Of the last message on the subject, which the next one is published under. */
  #sequence = 0;
  #newest = 0;
  /** When the question was asked whose answer is what is known here; by `performance.now()`. */
  #asOf = -1;
  #head: ChainHead = NO_HEAD;
  readonly #inTurn = new InTurn();

  constructor(stream: string, parts: WriterParts) {
    this.#stream = stream;
    this.#subject = subjectOf(parts.names, stream);
    this.#parts = parts;
  }

  /** Appends that were handed over and are not answered yet. */
  get waiting(): number {
    return this.#inTurn.waiting;
  }

  /** Commands that it holds in memory. */
  get known(): number {
    return this.#commands?.size ?? 0;
  }

  /** Whether it knows of the command, as of its last append. */
  has(commandId: string): boolean {
    return this.#commands?.has(commandId.toLowerCase()) ?? false;
  }

  /** Sequence of the last commit that this writer knows of, 0 when it knows of none. */
  get newest(): number {
    return this.#newest;
  }

  /** Takes its turn after the appends before it. */
  append(commit: Commit): Promise<Appended> {
    const since = performance.now();
    return this.#inTurn.run(() => this.#append(commit, since));
  }

  /** The commit of a command, undefined when the stream has none. */
  commitOf(commandId: string): Promise<CommitRecord | undefined> {
    const since = performance.now();
    return this.#inTurn.run(async () => {
      const commands = await this.#knownSince(since);
      const sequence = commands.get(commandId.toLowerCase());
      return sequence === undefined ? undefined : this.#parts.history.at(sequence);
    });
  }

  /** Resolves when everything that was handed over has been answered. */
  async idle(): Promise<void> {
    await this.#inTurn.idle();
  }

  async #append(commit: Commit, since: number): Promise<Appended> {
    const { turns, names } = this.#parts;
    const turn = {
      stream: this.#subject.slice(names.prefix.length),
      call: randomUUID(),
      since: performance.now(),
      waits: false,
      isSent: false,
    };
    try {
      return await this.#attempt(commit, turn, since);
    } catch (error) {
      // A publish without an answer may still arrive: what is known of the stream is uncertain, so it is read again.
      if (!(error instanceof LogError) || error.code !== 'unreachable') throw error;
      this.#commands = undefined;
      throw turn.isSent ? unsettled(error) : error;
    } finally {
      if (turn.waits) turns.done(turn);
    }
  }

  async #attempt(
    commit: Commit,
    turn: Turn & { waits: boolean; isSent: boolean },
    since: number,
  ): Promise<Appended> {
    const { turns, broker } = this.#parts;
    const commandId = commit.commandId.toLowerCase();
    const deadline = performance.now() + broker.timeoutMs;
    let commands = this.#commands ?? (await this.#refresh());
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      if (await turns.come(turn)) {
        turn.waits = true;
        commands = await turns.hold(turn, () => this.#refresh());
      }
      const before = commands.get(commandId);
      if (before !== undefined) return this.#first(before, turn.call);
      const conflict = conflictOf(commit, this.#head.revision);
      if (conflict !== undefined) {
        if (this.#asOf >= since) throw conflict;
        commands = await this.#refresh();
        continue;
      }
      const sealed = seal(commit, this.#head, this.#parts.now().toISOString());
      turn.isSent = true;
      const publish = (): Promise<Appended | undefined> => this.#publish(commandId, turn.call, sealed);
      const appended = await (turn.waits ? turns.hold(turn, publish) : publish());
      if (appended !== undefined) return appended;
      turn.waits = true;
      const known = this.#sequence;
      commands = await turns.hold(turn, () => this.#refresh());
      if (this.#sequence > known) {
        pauseMs = FIRST_PAUSE_MS;
        continue; // every race that is lost was won by somebody
      }
      if (performance.now() >= deadline) throw this.#unsettled();
      await delay(pauseMs);
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
    }
  }

  /** Undefined when the place is taken: by another writer, or by this very call when it was sent again. */
  async #publish(
    commandId: string,
    call: string,
    sealed: readonly SealedFact[],
  ): Promise<Appended | undefined> {
    const { broker, publisher } = this.#parts;
    const body = encodeCommit(commandId, sealed);
    this.#checkSize(body.length);
    const asOf = performance.now();
    const ack = await new Promise<Ack | BrokerError>((resolve) =>
      publisher.send(this.#subject, body, this.#headers(call), resolve),
    );
    if (ack instanceof BrokerError)
      throw ack.code === 'denied' ? asLogError(ack, broker.path) : broker.silent(ack.reason);
    if ('refused' in ack) {
      if (PLACE_TAKEN.has(ack.refused.err_code)) return undefined;
      throw refusal(ack.refused, broker.path);
    }
    if (ack.duplicate) return undefined;
    this.#asOf = asOf;
    return this.#taken(commandId, sealed, ack.sequence);
  }

  #taken(commandId: string, sealed: readonly SealedFact[], sequence: number): Appended {
    const last = sealed.at(-1);
    if (last === undefined) throw new TypeError('a commit without facts');
    this.#sequence = sequence;
    this.#note(sequence);
    const { revision, hash, occurredAt, recordedAt, jump } = last;
    const behind = behindOf(this.#head, last);
    this.#head = { revision, hash, occurredAt, recordedAt, jump };
    this.#commands?.set(commandId, sequence);
    return {
      firstRevision: revision - sealed.length + 1,
      lastRevision: revision,
      lastPosition: positionOf(sequence, sealed.length - 1),
      duplicate: false,
      ...behind,
    };
  }

  /** The result of a command that is in the stream: no duplicate when this very call put it there. */
  async #first(sequence: number, call: string): Promise<Appended> {
    const stored = await this.#parts.history.at(sequence);
    if (stored === undefined) throw this.#unsettled();
    const { firstRevision, lastRevision, lastPosition } = stored;
    return { firstRevision, lastRevision, lastPosition, duplicate: stored.call !== call };
  }

  /** The commands of the stream, as they were at an instant or later. */
  async #knownSince(since: number): Promise<Map<string, number>> {
    return this.#commands !== undefined && this.#asOf >= since ? this.#commands : this.#refresh();
  }

  /** Reads what others have appended, and at first all that there is. */
  async #refresh(): Promise<Map<string, number>> {
    const { history } = this.#parts;
    const asOf = performance.now();
    const commands = this.#commands ?? new Map<string, number>();
    if (this.#commands === undefined) {
      this.#sequence = 0;
      this.#head = NO_HEAD;
    }
    const { sequence: upTo, commit } = await history.tail(this.#stream);
    if (upTo > this.#sequence) {
      if (commit?.firstRevision === this.#head.revision + 1) this.#follow(commit, commands);
      else await this.#followTo(upTo, commands);
      this.#sequence = upTo; // a stray message at the end counts for the server's check as well
    }
    this.#commands = commands;
    this.#asOf = asOf;
    return commands;
  }

  async #followTo(upTo: number, commands: Map<string, number>): Promise<void> {
    for await (const run of this.#parts.history.after(this.#stream, this.#sequence, upTo)) {
      for (const commit of run) this.#follow(commit, commands);
    }
  }

  #follow(commit: CommitRecord, commands: Map<string, number>): void {
    const expected = this.#head.revision + 1;
    if (commit.firstRevision !== expected) throw commit.broken(`revision ${expected} is missing before it`);
    commands.set(commit.commandId, commit.sequence);
    // Read from the beginning, so that every place where time ran backwards has been passed.
    const jump = jumpAfter(this.#head, commit.occurredAtText(0));
    this.#head = { ...commit.chainHead(), jump };
    this.#sequence = commit.sequence;
    this.#note(commit.sequence);
  }

  #note(sequence: number): void {
    this.#newest = sequence;
    this.#parts.history.newest = Math.max(sequence, this.#parts.history.newest);
  }

  #headers(call: string): MsgHdrs {
    const { names } = this.#parts;
    const set = headers();
    set.set('Nats-Msg-Id', `${this.#subject.slice(names.prefix.length)}/${this.#head.revision + 1}`);
    set.set('Nats-Expected-Stream', names.archive);
    set.set('Nats-Expected-Last-Subject-Sequence', String(this.#sequence));
    set.set(CALL_HEADER, call);
    return set;
  }

  #checkSize(bytes: number): void {
    const { broker } = this.#parts;
    const limit = broker.link.nc.info?.max_payload ?? Number.POSITIVE_INFINITY;
    if (bytes + MESSAGE_OVERHEAD_BYTES <= limit) return;
    const reason = `a commit of ${bytes} bytes, and the server takes messages of ${limit}`;
    const remedy = 'split the command, or raise max_payload in the configuration of every server';
    throw new LogError('too-large', broker.path, reason, { remedy });
  }

  #unsettled(): LogError {
    const reason = `the servers did not settle where ${this.#stream} ends`;
    return new LogError('unreachable', this.#parts.broker.path, reason);
  }
}
