/** Reads the host: what was seen of it, between which times, and what the watches told meanwhile. */
import type { ObservedHost } from '@apledger/capture';
import type { Hint } from '@apledger/observe';
import type { Roots } from '../roots.ts';
import { type Introduction, introductionOf } from './introduction.ts';
import { Pulse } from './pulse.ts';
import type { Scope, Sight } from './reader.ts';
import { type HostReader, startReader } from './reader-thread.ts';
import { WakeUps } from './wake-ups.ts';

/** A read that takes longer is recorded: somebody resets queues, and the driver's lock is held. */
const STALL_MS = 5000;
/** Cards and queues are read anew so often although nothing tells of a change of them. */
const WHOLE_EVERY_MS = 600_000;

export interface SightsParts {
  readonly roots: Roots;
  readonly readsUnbounded?: boolean;
  readonly reader?: HostReader;
  readonly now: () => Date;
  /** Milliseconds of a clock that is never set. */
  readonly monotonic: () => number;
  /** Something may have changed. */
  readonly wake: () => void;
  /** A read of this file waits since then, and still does or has just ended. */
  readonly stalled: (file: string, from: Date, to: Date) => Promise<void>;
  readonly report: (line: string) => void;
}

/** One sight of the host, with the time that it took. */
export interface Seen {
  readonly sight: Sight;
  readonly host: ObservedHost;
  readonly from: string;
  readonly to: string;
  readonly hints: readonly Hint[];
  /** Those that fired before the reading began. */
  readonly due: readonly Hint[];
}

export class Sights {
  readonly #parts: SightsParts;
  readonly #reader: HostReader;
  readonly #wakeUps: WakeUps;
  readonly #pulse: Pulse;
  #host: ObservedHost | undefined;
  #wholeAt = 0;
  #introduction: Introduction | undefined;
  #hints: Hint[] = [];
  #isLossy = false;
  /** Since this agent was started. */
  readonly figures = { looks: 0, unsettled: 0, stalls: 0 };

  constructor(parts: SightsParts) {
    this.#parts = parts;
    this.#pulse = new Pulse(parts.monotonic);
    this.#reader =
      parts.reader ?? startReader({ roots: parts.roots, readsUnbounded: parts.readsUnbounded ?? false });
    this.#wakeUps = new WakeUps({ roots: parts.roots, now: parts.now, wake: parts.wake });
  }

  /** False when it has not looked for longer than any reason for that lasts. */
  get isAlive(): boolean {
    return this.#pulse.isAlive;
  }

  /** Of the last whole sight. */
  get introduction(): Introduction | undefined {
    return this.#introduction;
  }

  /** Watches may have missed something since `settle`. */
  get isLossy(): boolean {
    return this.#isLossy;
  }

  /** From now on it is alive for as long as it looks. */
  begin(): void {
    this.#pulse.beat();
  }

  /** From now on it wakes the observer. */
  watch(): void {
    this.#wakeUps.start();
  }

  async end(): Promise<void> {
    this.#wakeUps.stop();
    await this.#reader.close();
  }

  /** Reads everything where that is asked for, or was not done for long. */
  async take(asked: Scope): Promise<Seen> {
    const isDue = this.#parts.now().getTime() - this.#wholeAt >= WHOLE_EVERY_MS;
    const scope = isDue ? 'whole' : asked;
    this.#hints.push(...this.#wakeUps.take());
    const due = [...this.#hints];
    const began = this.#parts.now();
    const reading = this.#pulse.during(this.#reader.read(scope));
    const stall = setTimeout(() => this.#stalled(began), STALL_MS);
    const sight = await reading.finally(() => clearTimeout(stall));
    const ended = this.#parts.now();
    this.figures.looks += 1;
    if (!sight.settled) this.figures.unsettled += 1;
    if (ended.getTime() - began.getTime() >= STALL_MS)
      await this.#parts.stalled(this.#reader.file, began, ended);
    if (sight.host !== undefined || scope === 'whole') this.#wakeUps.refresh();
    this.#hints.push(...this.#wakeUps.take());
    this.#isLossy ||= this.#wakeUps.takeLoss();
    const host = sight.host ?? this.#host;
    if (host === undefined)
      throw new Error('the reader says that nothing changed before it has said anything');
    this.#host = host;
    if (scope === 'whole') {
      this.#wholeAt = ended.getTime();
      this.#introduction = introductionOf({ sight, host });
    }
    return { sight, host, from: began.toISOString(), to: ended.toISOString(), hints: [...this.#hints], due };
  }

  /** What the watches told before that sight is dealt with, and so is what `isDone` says. */
  settle({ due }: Seen, isDone: (hint: Hint) => boolean): void {
    this.#isLossy = false;
    // What fired while the host was read may tell of something that was read too early.
    this.#hints = this.#hints.slice(due.length).filter((hint) => !isDone(hint));
  }

  /** Said at once, while it lasts: the read may take minutes. */
  #stalled(began: Date): void {
    this.figures.stalls += 1;
    const { stalled, now, report } = this.#parts;
    stalled(this.#reader.file, began, now()).catch((error: unknown) =>
      report(`cannot record that the kernel gives no answer: ${error}`),
    );
  }
}
