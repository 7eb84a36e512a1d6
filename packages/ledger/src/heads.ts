/**
 * The last fact of every host, by name. The log's own answer costs a look at each of them; here it is kept, and brought
 * up to date with what has come since it was asked for last.
 */
import type { EventLog, Head } from '@apledger/event-log';
import { hostOf } from '@apledger/events';

/** Facts behind, beyond which the log is asked for all heads again. */
const MAX_BEHIND = 20_000;

export class Heads {
  readonly #log: EventLog;
  #heads = new Map<string, Head>();
  /** Sorted; undefined when a host has come. */
  #names: readonly string[] | undefined;
  #position = Number.NEGATIVE_INFINITY;
  #updating: Promise<unknown> = Promise.resolve();

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** The heads as of a position, those of some streams perhaps newer; nothing before they were asked for. */
  get known(): { readonly position: number; readonly known: ReadonlyMap<string, Head> } | undefined {
    if (!Number.isFinite(this.#position)) return undefined;
    const known = new Map([...this.#heads.values()].map((head) => [head.stream, head]));
    return { position: this.#position, known };
  }

  /** Brings them up to date, as of this position of the log or a later one. */
  async upTo(position: number): Promise<void> {
    const update = this.#updating.then(() => this.#upTo(position));
    this.#updating = update.catch(() => undefined);
    await update;
  }

  /**
   * So many hosts after a name, sorted, with their heads as of this position of the log or a later one; with `find`, only those whose
   * name contains it, in any case of letters.
   */
  async after(
    name: string,
    count: number,
    position: number,
    find = '',
  ): Promise<readonly (readonly [host: string, head: Head])[]> {
    await this.upTo(position);
    this.#names ??= [...this.#heads.keys()].sort();
    const names = this.#names;
    const part = find.toLowerCase();
    const found: (readonly [string, Head])[] = [];
    for (let i = firstAfter(names, name); i < names.length && found.length < count; i++) {
      const host = names[i] ?? '';
      const head = this.#heads.get(host);
      if (head !== undefined && host.toLowerCase().includes(part)) found.push([host, head]);
    }
    return found;
  }

  async #upTo(position: number): Promise<void> {
    if (position <= this.#position) return;
    if (position - this.#position > MAX_BEHIND) {
      const heads = await this.#log.heads();
      this.#heads = new Map(heads.flatMap((head) => withHost(head)));
      this.#names = undefined;
      this.#position = position;
      return;
    }
    for await (const fact of this.#log.readAll({ after: this.#position, upTo: position })) {
      const { stream, revision, position: at, hash, occurredAt } = fact;
      for (const [host, head] of withHost({ stream, revision, position: at, hash, occurredAt })) {
        // What was read as a head may be ahead of this.
        if ((this.#heads.get(host)?.revision ?? -1) >= revision) continue;
        if (!this.#heads.has(host)) this.#names = undefined;
        this.#heads.set(host, head);
      }
    }
    this.#position = position;
  }
}

const withHost = (head: Head): (readonly [string, Head])[] => {
  const host = hostOf(head.stream);
  return host === undefined ? [] : [[host, head]];
};

/** Where the names after one begin. */
function firstAfter(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((names[middle] ?? '') <= name) low = middle + 1;
    else high = middle;
  }
  return low;
}
