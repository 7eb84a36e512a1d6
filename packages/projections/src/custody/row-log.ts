/**
 * What happened to the queues of one adapter, as masks: an event says that one holder gained or lost some of them, or that they were
 * reset. Eleven words an event, for 1 queue or 256, so that the history of a million facts fits in memory.
 */
import { MASK_WORDS } from '@apledger/ap';

export const GAINED = 0;
export const LOST = 1;
/** Successfully: failed resets are no events. */
export const RESET = 2;
export type RowEvent = typeof GAINED | typeof LOST | typeof RESET;

const REVISION = 0;
const COMMIT = 1;
const CODE = 2;
const MASK = 3;
const EVENT_WORDS = MASK + MASK_WORDS;

export class RowLog {
  #words = new Uint32Array(8 * EVENT_WORDS);
  #end = 0;

  get byteLength(): number {
    return this.#words.byteLength;
  }

  /** `holder` numbers the one who gained or lost; `commit` is the revision of the first fact of its commit; eight words of mask from `offset`. */
  push(
    event: RowEvent,
    holder: number,
    revision: number,
    commit: number,
    mask: Uint32Array,
    offset: number,
  ): void {
    if (this.#end === this.#words.length) {
      const larger = new Uint32Array(2 * this.#end);
      larger.set(this.#words);
      this.#words = larger;
    }
    const words = this.#words;
    const at = this.#end;
    words[at + REVISION] = revision;
    words[at + COMMIT] = commit;
    words[at + CODE] = holder * 4 + event;
    for (let i = 0; i < MASK_WORDS; i++) words[at + MASK + i] = mask[offset + i] ?? 0;
    this.#end += EVENT_WORDS;
  }

  /** Calls `visit` for each event of the queue in domain `apqi` up to a revision, in their order. */
  forEach(
    apqi: number,
    upTo: number,
    visit: (event: number, holder: number, revision: number, commit: number) => void,
  ): void {
    const words = this.#words;
    const word = MASK + (apqi >>> 5);
    const bit = 0x80000000 >>> (apqi & 31);
    for (let at = 0; at < this.#end; at += EVENT_WORDS) {
      if (((words[at + word] ?? 0) & bit) === 0) continue;
      if ((words[at + REVISION] ?? 0) > upTo) return;
      const code = words[at + CODE] ?? 0;
      visit(code & 3, code >>> 2, words[at + REVISION] ?? 0, words[at + COMMIT] ?? 0);
    }
  }

  /** The domains whose queue was gained up to a revision by a holder that `isWanted`, as eight words. */
  gainedBy(isWanted: (holder: number) => boolean, upTo: number): Uint32Array {
    const words = this.#words;
    const union = new Uint32Array(MASK_WORDS);
    for (let at = 0; at < this.#end; at += EVENT_WORDS) {
      if ((words[at + REVISION] ?? 0) > upTo) break;
      const code = words[at + CODE] ?? 0;
      if ((code & 3) !== GAINED || !isWanted(code >>> 2)) continue;
      for (let i = 0; i < MASK_WORDS; i++) union[i] = (union[i] ?? 0) | (words[at + MASK + i] ?? 0);
    }
    return union;
  }
}
