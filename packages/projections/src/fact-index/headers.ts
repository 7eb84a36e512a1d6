/**
 * Headers: of each fact of a stream, what a boundary of custody says of it. A chunk of 4,096 revisions is one piece: numbers in columns,
 * and the texts that they stand for.
 */
import type { Boundary } from '@apledger/api';
import { instantOf, type RecordedFact, uuidBytes, uuidOf } from '@apledger/event-log';

export const CHUNK = 4096;
const CAUSE_BYTES = 16;
/** Of each fact: position, time, command, and the numbers of its type and actor. */
const ROW_BYTES = 8 + 8 + CAUSE_BYTES + 2 + 2;

/** Rows for which there is room at first; most streams of an estate never have more. */
const FEW = 64;

export class HeaderChunk {
  #bytes: Buffer<ArrayBuffer>;
  #view: DataView;
  readonly #texts: string[];
  readonly #numbers: Map<string, number>;
  #count: number;

  constructor(rows: Uint8Array = new Uint8Array(0), texts: readonly string[] = []) {
    this.#bytes = Buffer.from(new ArrayBuffer(Math.max(rows.length, FEW * ROW_BYTES)));
    this.#bytes.set(rows);
    this.#view = new DataView(this.#bytes.buffer);
    this.#texts = [...texts];
    this.#numbers = new Map(texts.map((text, n) => [text, n]));
    this.#count = rows.length / ROW_BYTES;
  }

  static ofBytes(bytes: Uint8Array): HeaderChunk {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    const texts: string[] = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
    return new HeaderChunk(bytes.subarray(4 + length), texts);
  }

  toBytes(): Uint8Array {
    const texts = new TextEncoder().encode(JSON.stringify(this.#texts));
    const bytes = new Uint8Array(4 + texts.length + this.#count * ROW_BYTES);
    new DataView(bytes.buffer).setUint32(0, texts.length, true);
    bytes.set(texts, 4);
    bytes.set(this.#bytes.subarray(0, this.#count * ROW_BYTES), 4 + texts.length);
    return bytes;
  }

  /** Puts the fact where its revision says, also when it is there already. */
  put({ revision, position, occurredAt, cause, type, actor }: RecordedFact): void {
    const at = (revision % CHUNK) * ROW_BYTES;
    if (at >= this.#bytes.length) this.#grow(at + ROW_BYTES);
    this.#view.setFloat64(at, position, true);
    this.#view.setFloat64(at + 8, Date.parse(occurredAt), true);
    this.#bytes.set(uuidBytes(cause), at + 16);
    this.#view.setUint16(at + 32, this.#numberOf(type), true);
    this.#view.setUint16(at + 34, this.#numberOf(actor), true);
    this.#count = Math.max(this.#count, (revision % CHUNK) + 1);
  }

  /** Undefined for a fact that is not there. */
  at(revision: number): Boundary | undefined {
    const type = this.typeOf(revision);
    if (type === undefined) return undefined;
    const at = (revision % CHUNK) * ROW_BYTES;
    return {
      position: this.#view.getFloat64(at, true),
      revision,
      occurredAt: instantOf(this.#view.getFloat64(at + 8, true)),
      type,
      commandId: uuidOf(this.#bytes, at + 16),
      actor: this.#texts[this.#view.getUint16(at + 34, true)] ?? '',
    };
  }

  has(revision: number): boolean {
    return revision % CHUNK < this.#count;
  }

  /** Undefined for a fact that is not there. */
  typeOf(revision: number): string | undefined {
    if (!this.has(revision)) return undefined;
    return this.#texts[this.#view.getUint16((revision % CHUNK) * ROW_BYTES + 32, true)] ?? '';
  }

  #grow(needed: number): void {
    const length = Math.min(Math.max(needed, 2 * this.#bytes.length), CHUNK * ROW_BYTES);
    const bytes = Buffer.from(new ArrayBuffer(length));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  #numberOf(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#texts.push(text) - 1;
      this.#numbers.set(text, number);
    }
    return number;
  }
}
