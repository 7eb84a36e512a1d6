/**
 * Notices that the clock of this process jumped, and records it: one fact a jump, in a stream of the log's own.
 *
 * A clock jumped when it reads more than five seconds off what the process's monotonic clock expects, or more than five
 * seconds less than what the log was written at last. Another process whose clock is ahead for long makes each reading
 * of this one late; that is one jump, told once, unless the difference grows.
 */
import { hostname } from 'node:os';
import { type Appended, CLOCK_STREAM, type EventLog, JUMP_MS, LogError } from '@apledger/event-log';
import { LEDGER_FACT_VERSION, type LedgerFactData } from '@apledger/events';
import { v7 as uuidv7 } from 'uuid';

/** This process, as an operator finds it. */
const THIS_PROCESS = `${hostname()} pid=${process.pid}`;

export interface ClockWatchOptions {
  readonly now?: (() => Date) | undefined;
  /** Milliseconds of a clock that is never set. Default: the process's; where `now` is given, that one, so that nothing jumps. */
  readonly monotonic?: (() => number) | undefined;
}

type Jump = LedgerFactData<'ClockJumped'>;

export class ClockWatch {
  readonly #log: EventLog;
  readonly #now: () => Date;
  readonly #monotonic: () => number;
  #last: { readonly wall: number; readonly monotonic: number } | undefined;
  /** By how much this clock is behind others, as far as that was recorded; milliseconds. */
  #behindMs = 0;
  /** Jumps that are not recorded yet. */
  readonly #pending: Jump[] = [];
  #recorded = 0;

  constructor(log: EventLog, { now, monotonic }: ClockWatchOptions = {}) {
    this.#log = log;
    this.#now = now ?? (() => new Date());
    this.#monotonic = monotonic ?? (now === undefined ? () => performance.now() : () => now().getTime());
  }

  /** Jumps of this process's clock that are in the log. */
  get recorded(): number {
    return this.#recorded;
  }

  /** Reads the clock, records a jump before what is dated by it, and gives the reading. Throws LogError when the log cannot take it. */
  async read(): Promise<string> {
    const now = this.#now();
    const [wall, monotonic] = [now.getTime(), this.#monotonic()];
    const last = this.#last;
    this.#last = { wall, monotonic };
    if (last !== undefined) {
      const expected = Math.round(last.wall + monotonic - last.monotonic);
      if (Math.abs(wall - expected) > JUMP_MS) this.#note(expected, wall, 'monotonic');
    }
    if (this.#pending.length > 0) await this.#record();
    return now.toISOString();
  }

  /** Looks at what the log says of a commit. Never throws: what cannot be recorded now is recorded before the next one. */
  async appended({ behind }: Appended): Promise<void> {
    if (behind === undefined) return;
    const [before, after] = [Date.parse(behind.before), Date.parse(behind.after)];
    if (before - after <= this.#behindMs + JUMP_MS) return;
    this.#note(before, after, 'log');
    await this.#record().catch((error: unknown) => {
      if (!(error instanceof LogError)) throw error;
    });
  }

  #note(before: number, after: number, against: Jump['against']): void {
    this.#behindMs = Math.max(this.#behindMs, before - after);
    this.#pending.push({
      process: THIS_PROCESS,
      before: new Date(before).toISOString(),
      after: new Date(after).toISOString(),
      against,
    });
  }

  async #record(): Promise<void> {
    const occurredAt = this.#now().toISOString();
    for (let jump = this.#pending.shift(); jump !== undefined; jump = this.#pending.shift()) {
      const commandId = uuidv7();
      const fact = { type: 'ClockJumped', version: LEDGER_FACT_VERSION, occurredAt, data: jump };
      try {
        await this.#log.append({
          stream: CLOCK_STREAM,
          expected: 'any',
          commandId,
          actor: THIS_PROCESS,
          correlation: commandId,
          facts: [{ ...fact, packed: new Uint8Array() }],
        });
      } catch (error) {
        this.#pending.unshift(jump);
        throw error;
      }
      this.#recorded += 1;
    }
  }
}
