/** What the kernel is answered, as bytes. */
import { FOPEN, INIT, MAJOR, MAX_WRITE, MINOR, OUT_HEADER, S_IFMT } from './protocol.ts';

export interface Attributes {
  readonly ino: number;
  readonly kind: keyof typeof S_IFMT;
  /** Permission bits. */
  readonly mode: number;
  readonly size: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970: of last access, modification and change alike. */
  readonly time: number;
}

export interface Entry {
  /** As given by READDIR where to go on: of the next entry. */
  readonly next: number;
  readonly ino: number;
  /** undefined = not known. */
  readonly kind: keyof typeof S_IFMT | undefined;
  readonly name: string;
}

/**
 * Names are asked for anew on each use, so that what is gone is gone at once. Attributes come along with every name and change with
 * nothing else, so the kernel may keep them, here for eleven days.
 */
const ENTRY_VALID_SECONDS = 0n;
const ATTR_VALID_SECONDS = 1_000_000n;
const BLOCK_SIZE = 4096;
const NAME_MAX = 255;
const ATTR_SIZE = 88;
const DIRENT_NAME = 24;

/** The replies in one byte order, that of the host unless a test wants the other. */
export class Replies {
  readonly #isLittle: boolean;

  constructor(isLittle: boolean) {
    this.#isLittle = isLittle;
  }

  /** `errno` is positive. */
  error(unique: bigint, errno: number): Uint8Array {
    const reply = this.#reply(unique, 0);
    reply.setInt32(4, -errno, this.#isLittle);
    return bytes(reply);
  }

  /** Done, and nothing to say about it. */
  ok(unique: bigint): Uint8Array {
    return bytes(this.#reply(unique, 0));
  }

  init(unique: bigint, maxReadahead: number): Uint8Array {
    const le = this.#isLittle;
    const reply = this.#reply(unique, 64);
    reply.setUint32(16, MAJOR, le);
    reply.setUint32(20, MINOR, le);
    reply.setUint32(24, maxReadahead, le);
    reply.setUint32(28, INIT.ATOMIC_O_TRUNC | INIT.BIG_WRITES | INIT.PARALLEL_DIROPS, le);
    reply.setUint32(36, MAX_WRITE, le);
    return bytes(reply);
  }

  /** A kernel of a later major version asks again in this one. */
  initMajor(unique: bigint): Uint8Array {
    const reply = this.#reply(unique, 8);
    reply.setUint32(16, MAJOR, this.#isLittle);
    reply.setUint32(20, MINOR, this.#isLittle);
    return bytes(reply);
  }

  entry(unique: bigint, node: number, attributes: Attributes): Uint8Array {
    const le = this.#isLittle;
    const reply = this.#reply(unique, 40 + ATTR_SIZE);
    reply.setBigUint64(16, BigInt(node), le);
    reply.setBigUint64(32, ENTRY_VALID_SECONDS, le);
    reply.setBigUint64(40, ATTR_VALID_SECONDS, le);
    this.#attributes(reply, 56, attributes);
    return bytes(reply);
  }

  attributes(unique: bigint, attributes: Attributes): Uint8Array {
    const reply = this.#reply(unique, 16 + ATTR_SIZE);
    reply.setBigUint64(16, ATTR_VALID_SECONDS, this.#isLittle);
    this.#attributes(reply, 32, attributes);
    return bytes(reply);
  }

  /** Reads and writes of an open file bypass the page cache: each is a request, with its own answer. */
  open(unique: bigint, handle: number): Uint8Array {
    return this.#opened(unique, handle, FOPEN.DIRECT_IO | FOPEN.NOFLUSH | FOPEN.PARALLEL_DIRECT_WRITES);
  }

  openDirectory(unique: bigint, handle: number): Uint8Array {
    return this.#opened(unique, handle, 0);
  }

  /** Content of a file, or the target of a link. */
  data(unique: bigint, data: Uint8Array): Uint8Array {
    const reply = bytes(this.#reply(unique, data.length));
    reply.set(data, OUT_HEADER);
    return reply;
  }

  written(unique: bigint, count: number): Uint8Array {
    const reply = this.#reply(unique, 8);
    reply.setUint32(16, count, this.#isLittle);
    return bytes(reply);
  }

  statfs(unique: bigint): Uint8Array {
    const reply = this.#reply(unique, 80);
    reply.setUint32(16 + 40, BLOCK_SIZE, this.#isLittle);
    reply.setUint32(16 + 44, NAME_MAX, this.#isLittle);
    reply.setUint32(16 + 48, BLOCK_SIZE, this.#isLittle);
    return bytes(reply);
  }

  /** As many of the entries as `size` bytes take. */
  entries(unique: bigint, entries: Iterable<Entry>, size: number): Uint8Array {
    const le = this.#isLittle;
    const reply = this.#reply(unique, size);
    const bytesOfReply = bytes(reply);
    let at = OUT_HEADER;
    for (const { next, ino, kind, name } of entries) {
      const nameBytes = Buffer.from(name);
      const end = at + DIRENT_NAME + Math.ceil(nameBytes.length / 8) * 8;
      if (end > reply.byteLength) break;
      reply.setBigUint64(at, BigInt(ino), le);
      reply.setBigUint64(at + 8, BigInt(next), le);
      reply.setUint32(at + 16, nameBytes.length, le);
      reply.setUint32(at + 20, kind === undefined ? 0 : S_IFMT[kind] >> 12, le);
      bytesOfReply.set(nameBytes, at + DIRENT_NAME);
      at = end;
    }
    reply.setUint32(0, at, le);
    return bytesOfReply.subarray(0, at);
  }

  #opened(unique: bigint, handle: number, flags: number): Uint8Array {
    const reply = this.#reply(unique, 16);
    reply.setBigUint64(16, BigInt(handle), this.#isLittle);
    reply.setUint32(24, flags, this.#isLittle);
    return bytes(reply);
  }

  #reply(unique: bigint, size: number): DataView {
    const reply = new DataView(new ArrayBuffer(OUT_HEADER + size));
    reply.setUint32(0, OUT_HEADER + size, this.#isLittle);
    reply.setBigUint64(8, unique, this.#isLittle);
    return reply;
  }

  #attributes(reply: DataView, at: number, { ino, kind, mode, size, uid, gid, time }: Attributes): void {
    const le = this.#isLittle;
    reply.setBigUint64(at, BigInt(ino), le);
    reply.setBigUint64(at + 8, BigInt(size), le);
    for (const field of [24, 32, 40]) reply.setBigUint64(at + field, BigInt(time), le);
    reply.setUint32(at + 60, S_IFMT[kind] | mode, le);
    // One link, also for a directory: nobody shall reckon from it how many directories are in there.
    reply.setUint32(at + 64, 1, le);
    reply.setUint32(at + 68, uid, le);
    reply.setUint32(at + 72, gid, le);
    reply.setUint32(at + 80, BLOCK_SIZE, le);
  }
}

const bytes = (reply: DataView): Uint8Array => new Uint8Array(reply.buffer);
