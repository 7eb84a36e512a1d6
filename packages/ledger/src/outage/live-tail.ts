/**
 * The newest facts of the log, in memory: one subscription for the whole process. Who wants each fact listens; while the log
 * is away, questions about the present are answered from here.
 *
 * Facts are dropped once the read model has them (`trim`), or when they are too many.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { EventLog, RecordedFact } from '@apledger/event-log';
import { errorText } from '@apledger/text';

const MAX_FACTS = 16_384;
/** Of their JSON. */
const MAX_CHARACTERS = 16 * 1024 * 1024;
const RETRY_MS = 1000;

/** A fact that is kept: as JSON only, half of what fact and JSON take. It is read again only while the log is away. */
interface Kept {
  readonly position: number;
  readonly text: string;
}

const factIn = ({ text }: Kept): RecordedFact => JSON.parse(text);

/** A fact, and the same as JSON, made once. */
export interface TailFact {
  readonly fact: RecordedFact;
  readonly text: string;
}

export interface LiveTailOptions {
  readonly log: EventLog;
  readonly report: (message: string) => void;
}

export class LiveTail {
  readonly #log: EventLog;
  readonly #report: (message: string) => void;
  readonly #end = new AbortController();
  readonly #listeners = new Set<(fact: TailFact) => void>();
  #facts: Kept[] = [];
  #characters = 0;
  #floor = 0;
  #position = 0;
  /** What `byStream` has made of the facts, and of how many. */
  #byStream: ReadonlyMap<string, readonly RecordedFact[]> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor({ log, report }: LiveTailOptions) {
    this.#log = log;
    this.#report = report;
  }

  /** Follows the log from its end on. Throws LogError when the log cannot be asked. */
  async start(): Promise<void> {
    this.#position = await this.#log.lastPosition();
    this.#floor = this.#position;
    this.#running = this.#follow();
  }

  /** Position of the last fact that came. */
  get position(): number {
    return this.#position;
  }

  /** Every fact after this position, up to `position`, is here. */
  get floor(): number {
    return this.#floor;
  }

  get count(): number {
    return this.#facts.length;
  }

  /** The facts that are here after a position, oldest first. */
  facts(after: number): readonly RecordedFact[] {
    return this.#facts.filter(({ position }) => position > after).map(factIn);
  }

  /** The facts of one stream that are here, oldest first. */
  ofStream(stream: string): readonly RecordedFact[] {
    this.#byStream ??= Map.groupBy(this.#facts.map(factIn), (fact) => fact.stream);
    return this.#byStream.get(stream) ?? [];
  }

  /** Calls the listener with every fact to come, in order. */
  listen(listener: (fact: TailFact) => void): void {
    this.#listeners.add(listener);
  }

  /** Drops what somebody else keeps by now: the facts up to a position. */
  trim(position: number): void {
    const first = this.#facts.findIndex((kept) => kept.position > position);
    this.#drop(first < 0 ? this.#facts.length : first);
    this.#floor = Math.max(this.#floor, Math.min(position, this.#position));
  }

  async close(): Promise<void> {
    this.#end.abort();
    this.#listeners.clear();
    await this.#running;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#end;
    let reported = '';
    while (!signal.aborted) {
      try {
        for await (const delivery of this.#log.subscribe({ after: this.#position, signal })) {
          reported = '';
          if ('fact' in delivery) this.#take(delivery.fact);
        }
      } catch (error) {
        const message = `streams wait for the log: ${errorText(error)}`;
        if (message !== reported) this.#report(message);
        reported = message;
        await delay(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  #take(fact: RecordedFact): void {
    const { position } = fact;
    const text = JSON.stringify(fact);
    this.#position = position;
    this.#facts.push({ position, text });
    this.#characters += text.length;
    this.#byStream = undefined;
    if (this.#facts.length > 2 * MAX_FACTS || this.#characters > 2 * MAX_CHARACTERS) this.#halve();
    for (const listener of this.#listeners) listener({ fact, text });
  }

  /** Back to half, so that it is done rarely. */
  #halve(): void {
    let count = Math.max(0, this.#facts.length - MAX_FACTS);
    let characters = this.#characters;
    for (const { text } of this.#facts.slice(0, count)) characters -= text.length;
    for (; characters > MAX_CHARACTERS && count < this.#facts.length; count++)
      characters -= this.#facts[count]?.text.length ?? 0;
    this.#drop(count);
  }

  #drop(count: number): void {
    const dropped = this.#facts.splice(0, count);
    for (const { text } of dropped) this.#characters -= text.length;
    this.#floor = Math.max(this.#floor, dropped.at(-1)?.position ?? 0);
    this.#byStream = undefined;
  }
}
