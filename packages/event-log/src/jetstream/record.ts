/**
 * One commit as the body of one message, little-endian:
 *
 *     0  'APL' and the format's version, 1
 *     4  u32  number of facts
 *     8  u32  revision of the first one
 *    12  u32  bytes of the frames
 *    16  the command's id, 16 bytes
 *    32  f64  recordedAt, milliseconds since 1970 UTC
 *    40  SHA-256 of each fact, 32 bytes
 *     .  packed frames (packed.ts) with stream 0, and the fact's index for a position: what a reader knows better
 *     .  the facts' canonical JSON as one array, UTF-8
 *
 * A message that does not begin with 'APL' is nobody's fact: somebody published on our subjects by mistake. One that
 * does, and cannot have been written so, is corrupted.
 */

import { instantOf, uuidBytes, uuidOf } from '../as-text.ts';
import { parseEnvelopes } from '../envelopes.ts';
import { LogError } from '../errors.ts';
import { frameLength, packFacts } from '../packed.ts';
import type { Head, RecordedFact } from '../port.ts';
import type { ChainHead, Envelope, SealedFact } from '../seal.ts';
import { positionOf } from './names.ts';

const MAGIC = 0x4c5041; // 'APL'
const FORMAT = 1;
const HEADER_BYTES = 40;
const COMMAND_AT = 16;
const HASH_BYTES = 32;
const FRAME_HEADER_BYTES = 28;

/** A message as the server stores it. */
export interface Stored {
  readonly sequence: number;
  readonly subject: string;
  readonly data: Uint8Array;
  /** Id of the append call that published it; empty or undefined where that is not known. */
  readonly call?: string;
}

/** The header of `Stored.call`: tells the first of several callers that append the same command. */
export const CALL_HEADER = 'Apledger-Call';

/** The body of the message that is a commit. */
export function encodeCommit(commandId: string, sealed: readonly SealedFact[]): Buffer {
  const frames = packFacts(
    sealed.map(({ revision, occurredAtMs, packed }, index) => ({
      stream: 0,
      revision,
      position: index + 1, // frames count their positions from 1 or more
      occurredAt: occurredAtMs,
      isLast: index === sealed.length - 1,
      payload: packed,
    })),
  );
  const json = `[${sealed.map((fact) => fact.canonical).join(',')}]`;
  const framesAt = HEADER_BYTES + HASH_BYTES * sealed.length;
  const body = Buffer.allocUnsafe(framesAt + frames.length + Buffer.byteLength(json));
  body.writeUInt32LE(MAGIC | (FORMAT << 24), 0);
  body.writeUInt32LE(sealed.length, 4);
  body.writeUInt32LE(sealed[0]?.revision ?? 0, 8);
  body.writeUInt32LE(frames.length, 12);
  uuidBytes(commandId).copy(body, COMMAND_AT);
  body.writeDoubleLE(Date.parse(sealed[0]?.recordedAt ?? ''), 32);
  for (const [index, fact] of sealed.entries())
    body.write(fact.hash, HEADER_BYTES + index * HASH_BYTES, 'hex');
  body.set(frames, framesAt);
  body.write(json, framesAt + frames.length);
  return body;
}

/** One stored commit, decoded as far as somebody asks. */
export class CommitRecord {
  readonly stream: string;
  readonly sequence: number;
  readonly count: number;
  readonly firstRevision: number;
  /** Id of the append call that published it, when it was read singly. */
  readonly call: string | undefined;
  readonly #body: Buffer;
  readonly #framesAt: number;
  readonly #jsonAt: number;
  readonly #path: string;

  constructor(stored: Stored, stream: string, path: string) {
    const body = Buffer.from(stored.data.buffer, stored.data.byteOffset, stored.data.length);
    this.stream = stream;
    this.sequence = stored.sequence;
    this.call = stored.call;
    this.#body = body;
    this.#path = path;
    if (body.length < HEADER_BYTES) throw this.broken('it is cut short');
    this.count = body.readUInt32LE(4);
    this.firstRevision = body.readUInt32LE(8);
    this.#framesAt = HEADER_BYTES + this.count * HASH_BYTES;
    this.#jsonAt = this.#framesAt + body.readUInt32LE(12);
    if (this.count < 1 || this.#jsonAt > body.length) throw this.broken('its parts do not fit into it');
    this.#checkFrames();
  }

  get lastRevision(): number {
    return this.firstRevision + this.count - 1;
  }

  get firstPosition(): number {
    return positionOf(this.sequence, 0);
  }

  get lastPosition(): number {
    return positionOf(this.sequence, this.count - 1);
  }

  /** UUID in lower case. */
  get commandId(): string {
    return uuidOf(this.#body, COMMAND_AT);
  }

  /** Hex SHA-256 of the last fact. */
  get lastHash(): string {
    return this.#hash(this.count - 1);
  }

  /** occurredAt of the fact at an index, milliseconds since 1970 UTC. */
  occurredAt(index: number): number {
    let at = this.#framesAt;
    for (let n = 0; n < index; n++) at += frameLength(this.#body.readUInt32LE(at));
    return this.#body.readDoubleLE(at + 20);
  }

  /** The same, RFC 3339 in UTC with milliseconds. */
  occurredAtText(index: number): string {
    return this.#instant(this.occurredAt(index));
  }

  /** Where the stream ends with it, without where its clock last jumped. */
  chainHead(): ChainHead {
    return {
      revision: this.lastRevision,
      hash: this.lastHash,
      occurredAt: this.occurredAtText(this.count - 1),
      recordedAt: this.#instant(this.#body.readDoubleLE(32)),
    };
  }

  head(): Head {
    const { revision, hash, occurredAt } = this.chainHead();
    return { stream: this.stream, revision, position: this.lastPosition, hash, occurredAt };
  }

  /** The facts, oldest first. Throws LogError `corrupted`. */
  facts(): readonly RecordedFact[] {
    const { stream, firstRevision, count, commandId: cause } = this;
    const json = this.#body.toString('utf8', this.#jsonAt);
    const envelopes = parseEnvelopes(json, { stream, firstRevision, count, cause });
    if (typeof envelopes === 'string') throw this.broken(envelopes);
    return envelopes.map((envelope, index) => {
      const fact = envelope as Envelope & { position: number; hash: string };
      fact.position = positionOf(this.sequence, index);
      fact.hash = this.#hash(index);
      return fact;
    });
  }

  get framesLength(): number {
    return this.#jsonAt - this.#framesAt;
  }

  /** Copies the frames to `at`, with the stream's number and the positions that they have in the log. */
  copyFrames(target: Buffer, at: number, streamNumber: number): void {
    this.#body.copy(target, at, this.#framesAt, this.#jsonAt);
    let frame = at;
    for (let index = 0; index < this.count; index++) {
      target.writeUInt32LE(streamNumber, frame + 4);
      target.writeDoubleLE(positionOf(this.sequence, index), frame + 12);
      frame += frameLength(target.readUInt32LE(frame));
    }
  }

  /** LogError `corrupted` about this commit; the positions that are lost are its own unless others are given. */
  broken(
    reason: string,
    lost = { position: this.firstPosition, lastPosition: positionOf(this.sequence + 1, 0) - 1 },
  ): LogError {
    const place = `message ${this.sequence} (${this.stream}), position ${this.firstPosition}`;
    return new LogError('corrupted', this.#path, `${place}: ${reason}`, lost);
  }

  #hash(index: number): string {
    const at = HEADER_BYTES + index * HASH_BYTES;
    return this.#body.toString('hex', at, at + HASH_BYTES);
  }

  #instant(milliseconds: number): string {
    try {
      return instantOf(milliseconds);
    } catch {
      throw this.broken('it has no time');
    }
  }

  #checkFrames(): void {
    let at = this.#framesAt;
    for (let index = 0; index < this.count; index++) {
      const left = this.#jsonAt - at;
      const size = left < FRAME_HEADER_BYTES ? 0 : frameLength(this.#body.readUInt32LE(at));
      if (size < FRAME_HEADER_BYTES || size > left) throw this.broken('its frames do not fit');
      at += size;
    }
    if (at !== this.#jsonAt) throw this.broken('it has more frames than facts');
  }
}

/** The commit in a message; undefined when the message is none. Throws LogError `corrupted` or `newer-version`. */
export function decodeCommit(
  stored: Stored,
  stream: string | undefined,
  path: string,
): CommitRecord | undefined {
  const { data } = stored;
  if (data[0] !== 0x41 || data[1] !== 0x50 || data[2] !== 0x4c || stream === undefined) return undefined;
  const format = data[3] ?? 0;
  if (format > FORMAT) {
    const reason = `message ${stored.sequence} (${stream}) has format ${format}, this apledger knows ${FORMAT}`;
    throw new LogError('newer-version', path, reason);
  }
  return new CommitRecord(stored, stream, path);
}
