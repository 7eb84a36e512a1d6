/** Watches a log for the process that serves it: its newest facts, whether it is away, and up to when it is known. */
import type { Current } from '@apledger/client';
import type { EventLog } from '@apledger/event-log';
import { errorText } from '@apledger/text';
import type { LogHealth } from './health.ts';
import { LiveTail } from './live-tail.ts';
import { probe } from './probe.ts';

/** Facts after which what is kept on disk is brought up to date, so that they need not stay in memory. */
const KEEP_FACTS = 1000;

export type { Current };

export interface WatchOptions {
  readonly log: EventLog;
  readonly health: LogHealth;
  readonly now: () => Date;
  readonly report: (message: string) => void;
  /** Keeps what the log holds now; resolves with the position up to which facts are not needed in memory any more. */
  readonly keep: () => Promise<number>;
}

export class Watch {
  readonly tail: LiveTail;
  readonly health: LogHealth;
  readonly #options: WatchOptions;
  readonly #end = new AbortController();
  #current: number;
  /** The log ended at a position at a moment, and the facts up to there have not come yet. */
  #expected: { readonly position: number; readonly askedAt: number } | undefined;
  #keptPosition = -1;
  #keeping: Promise<void> | undefined;
  #probing: Promise<void> = Promise.resolve();
  /** Facts since what is kept was brought up to date. */
  #count = 0;

  private constructor(options: WatchOptions) {
    this.#options = options;
    this.health = options.health;
    this.#current = options.now().getTime();
    this.tail = new LiveTail(options);
  }

  /** Throws LogError when the log cannot be asked. */
  static async start(options: WatchOptions): Promise<Watch> {
    const { log, health, now } = options;
    const watch = new Watch(options);
    await watch.tail.start();
    watch.tail.listen(({ fact }) => watch.#came(fact.position));
    watch.#keep();
    const onPosition = (position: number, askedAt: number): void => watch.#ended(position, askedAt);
    watch.#probing = probe({ log, health, now, onPosition }, watch.#end.signal);
    return watch;
  }

  /** Position up to which the read model is kept; -1 before it has been compared with the log. */
  get keptPosition(): number {
    return this.#keptPosition;
  }

  get current(): Current {
    return { time: new Date(this.#current), position: this.tail.position };
  }

  /** Ends with the log: close that first, so that no question of this is left. */
  async close(): Promise<void> {
    this.#end.abort();
    this.health.close();
    await Promise.all([this.tail.close(), this.#probing, this.#keeping]);
  }

  #ended(position: number, askedAt: number): void {
    if (this.tail.position >= position) this.#current = askedAt;
    else this.#expected ??= { position, askedAt };
  }

  #came(position: number): void {
    if (this.#expected !== undefined && position >= this.#expected.position) {
      this.#current = this.#expected.askedAt;
      this.#expected = undefined;
    }
    this.#count += 1;
    if (this.#count >= KEEP_FACTS) this.#keep();
  }

  #keep(): void {
    if (this.#keeping !== undefined) return;
    this.#count = 0;
    const { keep, report } = this.#options;
    this.#keeping = keep()
      .then((position) => {
        this.#keptPosition = position;
        this.tail.trim(position);
      })
      .catch((error: unknown) => {
        if (!this.#end.signal.aborted) report(`the read model cannot follow the log: ${errorText(error)}`);
      })
      .finally(() => {
        this.#keeping = undefined;
      });
  }
}
