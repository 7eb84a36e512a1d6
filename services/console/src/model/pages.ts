/** Pages of packed facts on their way from the worker to the fold, and the queue in which they wait for the playhead. */
import type { FoldableFact } from '@apledger/projections/host';
import type { Ahead } from './playback.ts';

/** Facts in log order, in columns, so that handing a thousand of them over costs five pointers. */
export interface FactPage {
  readonly positions: Float64Array<ArrayBuffer>;
  readonly revisions: Float64Array<ArrayBuffer>;
  /** Milliseconds since 1970 UTC. */
  readonly times: Float64Array<ArrayBuffer>;
  /** Where each fact's packed payload ends in `bytes`. */
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What the page's facts were fetched from. */
interface PageableFact {
  readonly position: number;
  readonly revision: number;
  readonly occurredAt: string;
}

/** The facts as a page; `packed` gives the payload of the i-th. */
export function pageOf(facts: readonly PageableFact[], packed: (i: number) => Uint8Array): FactPage {
  const payloads = facts.map((_, i) => packed(i));
  const ends = new Uint32Array(facts.length);
  let end = 0;
  payloads.forEach((payload, i) => {
    end += payload.length;
    ends[i] = end;
  });
  const bytes = new Uint8Array(end);
  payloads.forEach((payload, i) => void bytes.set(payload, (ends[i] ?? 0) - payload.length));
  return {
    positions: Float64Array.from(facts, ({ position }) => position),
    revisions: Float64Array.from(facts, ({ revision }) => revision),
    times: Float64Array.from(facts, ({ occurredAt }) => Date.parse(occurredAt)),
    ends,
    bytes,
  };
}

/** Pages in order, read fact by fact. */
export class FactQueue implements Ahead {
  readonly #pages: FactPage[] = [];
  /** Facts of the first page that were taken. */
  #taken = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(page: FactPage): void {
    if (page.positions.length === 0) return;
    this.#pages.push(page);
    this.#length += page.positions.length;
  }

  timeAt(i: number): number {
    let index = this.#taken + i;
    for (const { times } of this.#pages) {
      if (index < times.length) return times[index] ?? 0;
      index -= times.length;
    }
    throw new RangeError(`no fact ${i} among ${this.#length}`);
  }

  /** Takes the first fact; throws when there is none. The fact's bytes are the page's own. */
  take(): FoldableFact {
    const page = this.#pages[0];
    if (page === undefined) throw new RangeError('no fact is left');
    const i = this.#taken;
    const offset = i === 0 ? 0 : (page.ends[i - 1] ?? 0);
    const fact = {
      position: page.positions[i] ?? 0,
      revision: page.revisions[i] ?? 0,
      occurredAt: page.times[i] ?? 0,
      bytes: page.bytes,
      offset,
      length: (page.ends[i] ?? 0) - offset,
    };
    this.#taken++;
    this.#length--;
    if (this.#taken === page.positions.length) {
      this.#pages.shift();
      this.#taken = 0;
    }
    return fact;
  }
}
