/**
 * Whether a reading of the whole log lost an event: the revisions of a stream have no gaps, so an event whose revision
 * is not the next of its stream shows one, no matter who lost it.
 *
 * What a reading that begins in the middle sees first of a stream is compared with the event before it, which has to
 * lie where the reading began or before. Where streams stood is remembered, so readings that follow each other ask for
 * nothing.
 */

import type { Event } from './events.ts';
import type { Streams } from './streams.ts';

/** Streams, with the revision that each ended a reading with. */
const REMEMBERED = 65_536;

/** An event that came without the one before it. */
export class Gap extends Error {
  override readonly name = 'Gap';
  readonly position: number;

  constructor(stream: string, revision: number, position: number) {
    super(`stream ${stream} goes on with revision ${revision}, but the one before it was not read`);
    this.position = position;
  }
}

/** Positions of events by stream and revision, of all readings of a log. */
export class Places {
  readonly #streams: Streams;
  readonly #prefix: string;
  readonly #positions = new Map<string, number>();

  constructor(streams: Streams, prefix: string) {
    this.#streams = streams;
    this.#prefix = prefix;
  }

  note(name: string, revision: number, position: number): void {
    if (this.#positions.size >= REMEMBERED) this.#positions.clear();
    this.#positions.set(`${revision}@${name}`, position);
  }

  async of(name: string, revision: number): Promise<number | undefined> {
    return (
      this.#positions.get(`${revision}@${name}`) ??
      (await this.#streams.positionAt(name.slice(this.#prefix.length), revision))
    );
  }
}

/** The streams of one reading. */
export class Density {
  readonly #places: Places;
  readonly #after: number;
  readonly #last = new Map<string, { readonly revision: number; readonly position: number }>();

  constructor(places: Places, after: number) {
    this.#places = places;
    this.#after = after;
  }

  /** Takes the next event. Throws Gap, and then has not taken it. */
  async take({ streamId, revision }: Event, position: number): Promise<void> {
    const last = this.#last.get(streamId);
    const isNext =
      last === undefined ? await this.#begins(streamId, revision) : revision === last.revision + 1;
    if (!isNext) throw new Gap(streamId, revision, position);
    this.#last.set(streamId, { revision, position });
  }

  /** Remembers where each stream stood. */
  end(): void {
    for (const [name, { revision, position }] of this.#last) this.#places.note(name, revision, position);
  }

  async #begins(name: string, revision: number): Promise<boolean> {
    if (revision === 0) return true;
    if (this.#after <= 0) return false;
    const before = await this.#places.of(name, revision - 1);
    return before !== undefined && before <= this.#after;
  }
}
