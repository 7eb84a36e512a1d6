/**
 * The units that packed facts (and the snapshots of their folds) are made of: one writer, one reader, side by side so that they cannot
 * drift apart.
 *
 *     u8, u16, u32   little-endian on every machine
 *     uuid           16 bytes, in the order of its text
 *     text           u16 length in bytes, then UTF-8; length 0 = null
 *     ids            u8 count up to 31 and as many ids; or 255 and a mask
 *     mask           32 bytes, bit 0 leftmost: the order of the hexadecimal text
 *     queues         u16 number of adapters; for each a u8 APID and the ids of its domains
 *
 * Queues go by adapter, not as pairs: a bus scan names thousands at once, and a fold takes 32 of them in one operation.
 */

import { formatApid, MASK_WORDS } from '@apledger/ap';

/** A list as long as this would be as long as the mask. */
const MAX_LISTED = 31;
const MASK_FOLLOWS = 255;

const DASH = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
/** `a` less 10. */
const LETTERS = 0x57;

type Words = { readonly [word: number]: number };

const encoder = new TextEncoder();
/** A byte order mark is a character of a name as any other: without it, two guests would be one. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The payload ends early, goes on too long, or holds what no writer writes. */
export class CorruptPayload extends Error {
  override readonly name = 'CorruptPayload';
}

/** The UUID whose four words begin at `at`. */
export function uuidText(words: Uint32Array, at: number): string {
  const half = (i: number): string => {
    const bits = ((words[at + (i >>> 1)] ?? 0) >>> ((i & 1) === 0 ? 16 : 0)) & 0xffff;
    return formatApid(bits >>> 8) + formatApid(bits & 0xff);
  };
  return `${half(0)}${half(1)}-${half(2)}-${half(3)}-${half(4)}-${half(5)}${half(6)}${half(7)}`;
}

/** Builds a byte string; `take()` hands it out and begins the next one. */
export class PackedWriter {
  #bytes = new Uint8Array(1024);
  #at = 0;
  /** The UUID written last: facts about one mdev come in runs. */
  #uuidText = '';
  readonly #uuidBytes = new Uint8Array(16);

  u8(value: number): this {
    this.#room(1);
    this.#bytes[this.#at++] = value;
    return this;
  }

  u16(value: number): this {
    return this.u8(value & 0xff).u8(value >>> 8);
  }

  u32(value: number): this {
    return this.u16(value & 0xffff).u16(value >>> 16);
  }

  f64(value: number): this {
    this.#room(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#at, value, true);
    this.#at += 8;
    return this;
  }

  uuid(text: string): this {
    this.#room(16);
    const from = this.#at;
    if (text === this.#uuidText) {
      for (let i = 0; i < 16; i++) this.#bytes[from + i] = this.#uuidBytes[i] ?? 0;
      this.#at = from + 16;
      return this;
    }
    let high = -1;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === DASH) continue;
      const digit = code <= NINE ? code - ZERO : (code | 0x20) - LETTERS;
      if (high < 0) high = digit;
      else {
        this.#bytes[this.#at++] = (high << 4) | digit;
        high = -1;
      }
    }
    if (this.#at === from + 16) {
      this.#uuidText = text;
      for (let i = 0; i < 16; i++) this.#uuidBytes[i] = this.#bytes[from + i] ?? 0;
    }
    return this;
  }

  /** A UUID or mask that is held as 32-bit words. */
  words(words: Words, offset: number, count: number): this {
    this.#room(4 * count);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = offset; i < offset + count; i++, at += 4) {
      const word = words[i] ?? 0;
      bytes[at] = word >>> 24;
      bytes[at + 1] = word >>> 16;
      bytes[at + 2] = word >>> 8;
      bytes[at + 3] = word;
    }
    this.#at = at;
    return this;
  }

  /** Text of 1 to 65535 bytes, or null. */
  text(text: string | null): this {
    if (text === null) return this.u16(0);
    this.#room(2 + 3 * text.length);
    const at = this.#at + 2;
    let end = at;
    for (let i = 0; i < text.length && text.length <= MAX_SHORT && text.charCodeAt(i) < 0x80; i++)
      this.#bytes[end++] = text.charCodeAt(i);
    if (end - at !== text.length) end = at + encoder.encodeInto(text, this.#bytes.subarray(at)).written;
    this.u16(end - at);
    this.#at = end;
    return this;
  }

  /** Writes ids that are as the list of a mask has them, few and ascending, and says whether they are. */
  listed(list: readonly number[]): boolean {
    if (list.length > MAX_LISTED) return false;
    this.#room(1 + MAX_LISTED);
    let last = -1;
    let at = this.#at + 1;
    for (const id of list) {
      if (!(id > last && id <= 0xff && Number.isInteger(id))) return false;
      last = id;
      this.#bytes[at++] = id;
    }
    this.#bytes[this.#at] = list.length;
    this.#at = at;
    return true;
  }

  /** The ids in the eight words from `offset`: a list or a mask, whichever is shorter. */
  ids(words: Words, offset = 0): this {
    this.#room(1 + MAX_LISTED);
    const start = this.#at;
    let count = 0;
    for (let i = 0; i < MASK_WORDS; i++) {
      let bits = words[offset + i] ?? 0;
      while (bits !== 0) {
        if (count === MAX_LISTED) return this.u8(MASK_FOLLOWS).words(words, offset, MASK_WORDS);
        const leading = Math.clz32(bits);
        count++;
        this.#bytes[start + count] = i * 32 + leading;
        bits &= ~(0x80000000 >>> leading);
      }
    }
    this.#bytes[start] = count;
    this.#at = start + 1 + count;
    return this;
  }

  /** What was written since the last `take()` is the first `length` of these bytes, until more is written. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get length(): number {
    return this.#at;
  }

  /** What was written since the last `take()`. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#at);
    this.#at = 0;
    return taken;
  }

  /** Forgets what was written since the last `take()`. */
  clear(): void {
    this.#at = 0;
  }

  #room(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/**
 * Reads in place, into words that the caller owns: nothing is allocated but the texts. One reader serves any number of payloads.
 * Every read beyond the payload's end throws `CorruptPayload`.
 */
export class PackedReader {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;

  /** Starts on `bytes[offset .. offset + length)`. */
  open(bytes: Uint8Array, offset: number, length: number): void {
    this.#bytes = bytes;
    this.#at = offset;
    this.#end = offset + length;
    if (this.#end > bytes.length) throw new CorruptPayload('the payload does not fit its page');
  }

  get atEnd(): boolean {
    return this.#at === this.#end;
  }

  /** Asserts that everything was read. */
  close(): void {
    if (this.#at !== this.#end) throw new CorruptPayload(`${this.#end - this.#at} bytes too many`);
  }

  u8(): number {
    return this.#bytes[this.#advance(1)] ?? 0;
  }

  u16(): number {
    return this.u8() | (this.u8() << 8);
  }

  u32(): number {
    return (this.u16() | (this.u16() << 16)) >>> 0;
  }

  f64(): number {
    const at = this.#advance(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getFloat64(at, true);
  }

  /** A UUID (4 words) or a mask (8 words) into `target` from `offset`. */
  words(target: Uint32Array, offset: number, count: number): void {
    const bytes = this.#bytes;
    let at = this.#advance(count * 4);
    for (let i = 0; i < count; i++, at += 4) {
      target[offset + i] =
        ((bytes[at] ?? 0) << 24) |
        ((bytes[at + 1] ?? 0) << 16) |
        ((bytes[at + 2] ?? 0) << 8) |
        (bytes[at + 3] ?? 0);
    }
  }

  text(): string | null {
    const length = this.u16();
    const at = this.#advance(length);
    return length === 0 ? null : textOf(this.#bytes, at, at + length);
  }

  /** Ids as a mask, replacing the eight words from `offset`. */
  ids(target: Uint32Array, offset = 0): void {
    const count = this.u8();
    if (count === MASK_FOLLOWS) {
      this.words(target, offset, MASK_WORDS);
      return;
    }
    if (count > MAX_LISTED) throw new CorruptPayload(`a list of ${count} ids`);
    for (let i = offset; i < offset + MASK_WORDS; i++) target[i] = 0; // a call of fill takes longer than eight stores
    const bytes = this.#bytes;
    const at = this.#advance(count);
    for (let i = at; i < at + count; i++) {
      const id = bytes[i] ?? 0;
      const word = offset + (id >>> 5);
      target[word] = (target[word] ?? 0) | (0x80000000 >>> (id & 31));
    }
  }

  #advance(count: number): number {
    const at = this.#at;
    if (at + count > this.#end) throw new CorruptPayload('the payload ends early');
    this.#at = at + count;
    return at;
  }
}

/** Names as short as this are put together faster than a decoder is called. */
const MAX_SHORT = 64;

function textOf(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x80 || to - from > MAX_SHORT) return decoder.decode(bytes.subarray(from, to));
    text += String.fromCharCode(byte);
  }
  return text;
}
