/**
 * The link to the ledger: says hello, sends what the spool has in its order, forgets what the ledger has, and hears of commands. When the
 * ledger is away it tries again, for as long as it takes.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { CommandRequest, Hello, HelloReply } from '@apledger/agent-protocol';
import { evolve, HostState, STATE_VERSION } from '@apledger/host';
import type { Introduction } from '../observer/introduction.ts';
import type { Adopted, Spool } from '../spool/spool.ts';
import { Refused, type RemoteLedger, Unreachable } from './ledger.ts';

/** A request holds 128 KiB at most, and the largest commit half of it. */
const BATCH_BYTES = 48 * 1024;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

export interface LinkParts {
  readonly ledger: RemoteLedger;
  readonly spool: Spool;
  introduction(): Promise<Introduction>;
  /** What to register where the ledger does not know the host. */
  registration(): Promise<Hello['register']>;
  /** The first time that the ledger has said what it knows, and each time that the agent has to begin again from there. */
  onAdopted(): Promise<void>;
  onCommands(open: readonly CommandRequest[]): void;
  readonly report: (line: string) => void;
  /** This agent replaces the one before it. */
  readonly takeOver?: boolean;
  /** Milliseconds; a test's pauses are short. */
  readonly longestPauseMs?: number;
}

/** The ledger will not have this agent: another one watches the host, or it has no right to. Trying again is of no use. */
export class LinkRefused extends Error {
  override readonly name = 'LinkRefused';
}

export class Link {
  readonly #parts: LinkParts;
  #takesOver: boolean;
  #wake: () => void = () => {};
  /** The ledger is away. */
  isDown = false;

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#takesOver = parts.takeOver === true;
    parts.spool.onCommits(() => this.#wake());
  }

  /** Until the signal. Throws LinkRefused. */
  async run(signal: AbortSignal): Promise<void> {
    const { report, longestPauseMs = LONGEST_PAUSE_MS } = this.#parts;
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; ) {
      try {
        const reply = await this.#hello(signal);
        if (this.isDown) report('the ledger is back');
        this.isDown = false;
        pauseMs = FIRST_PAUSE_MS;
        await this.#converse(reply, signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#afterFailure(error, signal);
        // Spread, so that a ledger that comes back is not asked by all agents at once.
        const ms = Math.min(longestPauseMs, pauseMs) * (0.5 + Math.random() / 2);
        await pause(ms, undefined, { signal }).catch(() => undefined);
        pauseMs *= 2;
      }
    }
  }

  /** Throws LinkRefused where another try is of no use. */
  async #afterFailure(error: unknown, signal: AbortSignal): Promise<void> {
    const { report } = this.#parts;
    if (error instanceof Unreachable) {
      if (!this.isDown) report(`the ledger is away; what is observed is kept: ${error.message}`);
      this.isDown = true;
      return;
    }
    if (!(error instanceof Refused)) throw error;
    if (error.code === 'impossible-observation') return this.#beginAgain(error.message, signal);
    // A gap is closed by the next hello.
    if (error.code === 'wrong-sequence') return report(error.message);
    throw new LinkRefused(error.message);
  }

  async #hello(signal: AbortSignal): Promise<HelloReply> {
    const { ledger, spool, introduction, registration } = this.#parts;
    const { agent, epoch } = spool.identity;
    const takeOver = this.#takesOver && epoch === 0 ? { takeOver: true } : {};
    const hello = { agent, epoch, ...(await introduction()), ...takeOver };
    let reply: HelloReply;
    try {
      reply = await ledger.hello(hello, signal);
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'unknown-host') throw error;
      const register = await registration();
      if (register === undefined) throw error;
      reply = await ledger.hello({ ...hello, register }, signal);
    }
    this.#takesOver = false;
    await this.#align(reply, signal);
    return reply;
  }

  /** Spool and ledger agree on what was recorded. */
  async #align(reply: HelloReply, signal: AbortSignal): Promise<void> {
    const { spool, onAdopted, report } = this.#parts;
    const { lastSequence, revision } = reply;
    if (spool.known !== undefined && lastSequence <= spool.last) {
      await spool.acknowledge(lastSequence);
      await spool.trustAfter(revision);
      return;
    }
    if (spool.known !== undefined)
      report(`the ledger has ${lastSequence} commits of this agent, its spool ${spool.last}`);
    await spool.adopt(await this.#adopted(reply, signal));
    await onAdopted();
  }

  /** What the ledger will not record is put aside; the observer begins again from what it has recorded. */
  async #beginAgain(reason: string, signal: AbortSignal): Promise<void> {
    const { ledger, spool, introduction, onAdopted, report } = this.#parts;
    report(`${reason} The agent begins again from what the ledger knows.`);
    const { agent, epoch } = spool.identity;
    const reply = await ledger.hello({ agent, epoch, ...(await introduction()) }, signal);
    await spool.adopt(await this.#adopted(reply, signal), reason.slice(0, 1000));
    await onAdopted();
  }

  async #adopted(reply: HelloReply, signal: AbortSignal): Promise<Adopted> {
    const { epoch, lastSequence, revision } = reply;
    const open = new Set(reply.open.map(({ request }) => request));
    return { epoch, lastSequence, revision, open, state: await this.#stateOf(reply, signal) };
  }

  /** The bytes are of use to a machine of the ledger's byte order and version only; all others fold the facts. */
  async #stateOf({ state, stateVersion, revision }: HelloReply, signal: AbortSignal): Promise<HostState> {
    const kept = stateVersion === STATE_VERSION ? HostState.ofBytes(Buffer.from(state, 'base64')) : undefined;
    if (kept !== undefined) return kept;
    const folded = new HostState();
    for await (const fact of this.#parts.ledger.facts(revision, signal)) evolve(folded, fact);
    return folded;
  }

  /** Sends and listens until one of the two fails. */
  async #converse({ open, revision }: HelloReply, signal: AbortSignal): Promise<void> {
    this.#parts.onCommands(open);
    const failed = new AbortController();
    const both = AbortSignal.any([signal, failed.signal]);
    const end = (error: unknown): never => {
      failed.abort();
      throw error;
    };
    const results = await Promise.allSettled([
      this.#send(both).catch(end),
      this.#listen(revision, both).catch(end),
    ]);
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    // The one that was ended by the other has nothing to say.
    throw errors.find((error) => error instanceof Refused || error instanceof Unreachable) ?? errors[0];
  }

  async #send(signal: AbortSignal): Promise<never> {
    const { ledger, spool } = this.#parts;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    for (;;) {
      signal.throwIfAborted();
      const news = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const commits = spool.unsent(BATCH_BYTES);
      if (commits.length === 0) await news;
      else {
        const { agent, epoch } = spool.identity;
        const { lastSequence } = await ledger.observe({ agent, epoch }, commits.slice(0, 256), signal);
        await spool.acknowledge(Math.min(lastSequence, spool.last));
      }
    }
  }

  async #listen(revision: number, signal: AbortSignal): Promise<never> {
    const { ledger, spool, onCommands } = this.#parts;
    for (let after = revision; ; ) {
      signal.throwIfAborted();
      const { agent, epoch } = spool.identity;
      const answer = await ledger.commands({ agent, epoch }, after, signal);
      after = answer.revision;
      onCommands(answer.open);
    }
  }
}
