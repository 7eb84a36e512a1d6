/**
 * The live end of the log, for any number of streams: each fact is made into bytes once.
 *
 * The feed keeps the last facts in a ring. A stream that is at the feed's position joins, and is handed what comes; one
 * that is behind reads the ring, or the log, at its own pace, and joins when it has caught up. So nothing is queued for
 * anybody: who reads slowly is simply behind.
 */
import { hostOf } from '@apledger/events';
import { type LiveTail, type Seen, seenOf, type TailFact } from '@apledger/ledger';

/** Facts in the ring, and their bytes, at most. */
const RING_FACTS = 4096;
const RING_BYTES = 8 * 1024 * 1024;

/** A fact's JSON as the API shows it: as recorded, and its host, whose name needs no escaping. */
export const shownText = (json: string, stream: string): string =>
  `${json.slice(0, -1)},"host":"${hostOf(stream) ?? ''}"}`;

/** A fact as a server-sent event. */
export interface Frame {
  readonly position: number;
  readonly host: string;
  readonly type: string;
  /** For whether somebody may see it. */
  readonly seen: Seen;
  readonly bytes: Buffer;
}

export function frameOf({ fact, text }: TailFact): Frame {
  const { position, stream, type } = fact;
  const bytes = Buffer.from(`id: ${position}\nevent: fact\ndata: ${shownText(text, stream)}\n\n`);
  return { position, host: hostOf(stream) ?? '', type, seen: seenOf(fact), bytes };
}

/** A frame to be kept: a small Buffer lies in a pool, and would keep all 64 KiB of it. */
function apart(frame: Frame): Frame {
  const bytes = Buffer.allocUnsafeSlow(frame.bytes.length);
  bytes.set(frame.bytes);
  return { ...frame, bytes };
}

/** Facts that came together, in order; at least one. */
export class Batch {
  readonly frames: readonly Frame[];
  readonly first: number;
  readonly last: number;
  #bytes: Buffer | undefined;

  constructor(frames: readonly Frame[]) {
    this.frames = frames;
    this.first = frames[0]?.position ?? 0;
    this.last = frames.at(-1)?.position ?? 0;
  }

  /** All of them, made once for all who want all. */
  get bytes(): Buffer {
    this.#bytes ??= Buffer.concat(this.frames.map(({ bytes }) => bytes));
    return this.#bytes;
  }
}

/** Who is at the end of the log. */
export interface Listener {
  deliver(batch: Batch): void;
}

export class Feed {
  readonly #listeners = new Set<Listener>();
  #ring: Frame[] = [];
  #ringBytes = 0;
  /** Every fact after this position, up to `#position`, is in the ring. */
  #floor: number;
  #position: number;
  #pending: Frame[] = [];

  /** Begins at the tail's end. */
  constructor(tail: LiveTail) {
    this.#position = tail.position;
    this.#floor = tail.position;
    tail.listen((fact) => this.#take(apart(frameOf(fact))));
  }

  /** Position of the last fact that came. */
  get position(): number {
    return this.#position;
  }

  /** The facts after a position; undefined when the ring does not reach back so far. */
  since(position: number): readonly Frame[] | undefined {
    if (position < this.#floor) return undefined;
    let low = 0;
    let high = this.#ring.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ring[middle]?.position ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return this.#ring.slice(low);
  }

  join(listener: Listener): void {
    this.#listeners.add(listener);
  }

  leave(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  /** Who has joined is told nothing more. */
  close(): void {
    this.#listeners.clear();
  }

  #take(frame: Frame): void {
    this.#position = frame.position;
    this.#ring.push(frame);
    this.#ringBytes += frame.bytes.length;
    if (this.#ring.length > 2 * RING_FACTS || this.#ringBytes > 2 * RING_BYTES) this.#trim();
    this.#pending.push(frame);
    // What is already there comes in the same turn, and goes out in one write.
    if (this.#pending.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const batch = new Batch(this.#pending);
    this.#pending = [];
    for (const listener of this.#listeners) listener.deliver(batch);
  }

  /** Back to half, so that it is done rarely. */
  #trim(): void {
    let drop = Math.max(0, this.#ring.length - RING_FACTS);
    let bytes = this.#ringBytes;
    for (let at = 0; at < drop; at++) bytes -= this.#ring[at]?.bytes.length ?? 0;
    while (bytes > RING_BYTES && drop < this.#ring.length) {
      bytes -= this.#ring[drop]?.bytes.length ?? 0;
      drop += 1;
    }
    this.#floor = this.#ring[drop - 1]?.position ?? this.#floor;
    this.#ring = this.#ring.slice(drop);
    this.#ringBytes = bytes;
  }
}
