/**
 * Carries out what the ledger asks for, one command after the other, and settles each exactly once.
 *
 * A command is in the spool as begun before anything is written. Who starts again and finds one begun does not know whether it was written:
 * it is settled as unconfirmed, with what is there now, and never written again.
 */
import type { CommandRequest } from '@apledger/agent-protocol';
import { type AttributeWrite, attributeOf, type CommandType, Errno, type FactOf } from '@apledger/events';
import type { HostState } from '@apledger/host';
import type { DraftCommit, Looker } from '@apledger/observe';
import { errorText } from '@apledger/text';
import type { Begun } from '../spool/records.ts';
import { type Spool, SpoolFull } from '../spool/spool.ts';
import type { CommandUnderWay, OwnCommand } from '../who/index.ts';
import type { WriteAnswer, Writer } from '../writer/protocol.ts';
import { judged, type Outcome } from './judge.ts';

/** How long a write may take: a reset takes 20 ms a queue at least, and other writers may hold the lock. */
const WRITE_MS = 10_000;
/** What can move all queues of the machine. */
const WIDE_WRITE_MS = 120_000;
const WIDE: ReadonlySet<CommandType> = new Set<CommandType>(['WriteMask', 'ConfigureCard']);
/** A look that takes longer is stuck in the kernel: what a write did is then not known. */
const LOOK_MS = 60_000;

export interface CommanderParts {
  readonly spool: Spool;
  readonly writer: Writer;
  readonly looker: Looker;
  /** Hears of each command, so that what it changes is taken for its work. */
  readonly witness: { begin(command: OwnCommand): CommandUnderWay };
  readonly report: (line: string) => void;
  readonly now?: () => Date;
  /** Milliseconds of a clock that is never set. */
  readonly monotonic?: () => number;
  /** Ends a test's waiting for a look that never ends. */
  readonly lookMs?: number;
}

interface Waiting {
  readonly request: CommandRequest;
  /** By the monotonic clock: the wall clocks of two machines differ. */
  readonly deadline: number;
}

export class Commander {
  readonly #parts: CommanderParts;
  readonly #waiting = new Map<string, Waiting>();
  /** Of this life of the agent. */
  readonly #settled = new Set<string>();
  #working: Promise<void> | undefined;
  #isEnding = false;

  constructor(parts: CommanderParts) {
    this.#parts = parts;
  }

  /** The open commands, as the ledger tells them; those that are known are not taken twice. */
  offer(open: readonly CommandRequest[]): void {
    const { spool } = this.#parts;
    const now = this.#monotonic();
    for (const request of open) {
      const id = request.request;
      // An agent before this one may have settled it, and not have sent that.
      if (spool.hasSettled(id)) this.#settled.add(id);
      // The ledger did not record what this agent said of it.
      else if (spool.begun.some((begun) => begun.request === id)) this.#settled.delete(id);
      if (!this.#settled.has(id) && !this.#waiting.has(id))
        this.#waiting.set(id, { request, deadline: now + request.leftMs });
    }
    this.#work();
  }

  /** Begins nothing more; resolves when what is under way has ended. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#working;
  }

  /** Resolves when all that was offered is settled, or has to wait for room in the spool. */
  async idle(): Promise<void> {
    await this.#working;
  }

  #work(): void {
    this.#working ??= this.#all().finally(() => {
      this.#working = undefined;
    });
  }

  async #all(): Promise<void> {
    for (const [id, waiting] of this.#waiting) {
      if (this.#isEnding) return;
      try {
        await this.#one(waiting);
        this.#settled.add(id);
        this.#waiting.delete(id);
      } catch (error) {
        // Not settled: the ledger offers it again.
        this.#waiting.delete(id);
        this.#parts.report(`command ${id}: ${errorText(error)}`);
      }
    }
  }

  async #one({ request, deadline }: Waiting): Promise<void> {
    const { spool } = this.#parts;
    const begun = spool.begun.find((each) => each.request === request.request);
    if (begun !== undefined)
      return this.#settle(
        request,
        await this.#afterwards(
          request,
          'The agent was ended after it had begun the command; whether it was written is not known.',
        ),
      );
    if (spool.mayHaveBegun(request.revision))
      return this.#settle(
        request,
        await this.#afterwards(
          request,
          'The agent has lost what it knew of this command; whether it was written is not known.',
        ),
      );
    const write = attributeOf(request.command);
    if (write === undefined)
      return this.#settle(request, {
        outcome: 'refused',
        explanation: `An agent cannot carry out ${request.command.type}.`,
      });
    if (this.#monotonic() > deadline)
      return this.#settle(request, {
        outcome: 'expired',
        explanation: `The agent heard of the command after ${request.until}, and did not begin it.`,
      });
    if (!(await this.#begin(request))) return;
    await this.#settle(request, await this.#carryOut(request, write));
  }

  /** False when the spool has no room: then nothing is written. */
  async #begin({ request, command }: CommandRequest): Promise<boolean> {
    const begun: Begun = { request, command, begunAt: this.#now() };
    try {
      await this.#parts.spool.begin(begun);
      return true;
    } catch (error) {
      if (error instanceof SpoolFull) throw new Error(`not begun: ${error.message}`);
      throw error;
    }
  }

  async #carryOut(request: CommandRequest, write: AttributeWrite): Promise<Outcome> {
    const { spool, writer, witness } = this.#parts;
    const before = spool.known?.state;
    const underWay = witness.begin({
      request: request.request,
      actor: request.actor,
      file: write.file,
      mdev: write.mdev,
    });
    let answer: WriteAnswer;
    let isSeen: boolean;
    try {
      const timeoutMs = WIDE.has(request.command.type) ? WIDE_WRITE_MS : WRITE_MS;
      answer = await writer.write({ file: write.file, text: write.text, timeoutMs });
      underWay.written(answer.pids ?? []);
      isSeen = await this.#look();
    } finally {
      underWay.end();
    }
    return judged(request.command, answer, before, isSeen ? this.#state() : undefined);
  }

  async #afterwards({ command }: CommandRequest, why: string): Promise<Outcome> {
    const isSeen = await this.#look();
    const answer = { outcome: 'unknown', reason: why } as const;
    return judged(command, answer, undefined, isSeen ? this.#state() : undefined, true);
  }

  #state(): HostState | undefined {
    return this.#parts.spool.known?.state;
  }

  /** False when the host could not be looked at. */
  async #look(): Promise<boolean> {
    const { looker, report, lookMs = LOOK_MS } = this.#parts;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), lookMs);
    });
    const looked = looker.look().then(
      () => true,
      (error: unknown) => {
        report(`cannot look at the host: ${errorText(error)}`);
        return false;
      },
    );
    const isSeen = await Promise.race([looked, late]);
    clearTimeout(timer);
    return isSeen;
  }

  async #settle({ request, actor }: CommandRequest, outcome: Outcome): Promise<void> {
    const { spool } = this.#parts;
    const known = spool.known;
    if (known === undefined) throw new Error('the ledger has not said yet what it knows of this host');
    const now = this.#now();
    await spool.record([settlement(request, actor, outcome, known.boot ?? '', now)], known);
  }

  #now(): string {
    return (this.#parts.now?.() ?? new Date()).toISOString();
  }

  #monotonic(): number {
    return this.#parts.monotonic?.() ?? performance.now();
  }
}

const ERRNOS: ReadonlySet<string> = new Set(Errno.enum);

function settlement(
  request: string,
  actor: string,
  { outcome, errno, explanation, found }: Outcome,
  boot: string,
  now: string,
): DraftCommit {
  const data: FactOf<'CommandSettled'>['data'] = {
    request,
    outcome,
    explanation: explanation.slice(0, 1000),
    ...(errno !== undefined && ERRNOS.has(errno) && { errno: errno as Errno }),
    ...(found !== undefined && { found: found.slice(0, 1000) }),
  };
  return {
    notBefore: now,
    notAfter: now,
    occurredAt: now,
    boot,
    settled: true,
    wasAway: false,
    certainty: 'certain',
    actor: actor.slice(0, 255),
    evidence: [{ source: 'command', actor: actor.slice(0, 255), text: request }],
    facts: [{ type: 'CommandSettled', data }],
  };
}
