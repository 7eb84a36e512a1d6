/** What the kernel asks, from its bytes. Nothing here keeps the buffer that it reads. */
import { isUtf8 } from 'node:buffer';
import type { Caller } from '../file-system.ts';
import { IN_HEADER, OPCODE } from './protocol.ts';

export interface Header {
  readonly opcode: number;
  /** Which request this is: its reply carries the same number. */
  readonly unique: bigint;
  /** The node that it is about. */
  readonly node: number;
  readonly caller: Caller;
}

export type Body =
  | { readonly op: 'init'; readonly major: number; readonly minor: number; readonly maxReadahead: number }
  /** undefined: a name that is no UTF-8, so that nothing has it. */
  | { readonly op: 'lookup'; readonly name: string | undefined }
  | {
      readonly op: 'forget';
      readonly forgotten: readonly { readonly node: number; readonly lookups: number }[];
    }
  | { readonly op: 'interrupt'; readonly unique: bigint }
  | { readonly op: 'getattr' | 'readlink' | 'statfs' | 'opendir' }
  | { readonly op: 'setattr'; readonly valid: number }
  | { readonly op: 'open'; readonly flags: number }
  | {
      readonly op: 'read' | 'readdir';
      readonly handle: number;
      readonly offset: number;
      readonly size: number;
    }
  | { readonly op: 'write'; readonly handle: number; readonly data: Uint8Array }
  | { readonly op: 'release' | 'releasedir'; readonly handle: number }
  | { readonly op: 'create' | 'change' | 'unsupported' };

/** A view on the message for `decodeHeader` and `decodeBody`. */
export const viewOf = (message: Uint8Array): DataView =>
  new DataView(message.buffer, message.byteOffset, message.byteLength);

/** Counters and offsets of 64 bits that we handed out, or only compare: doubles hold them. */
const u64 = (view: DataView, at: number, isLittle: boolean): number =>
  Number(view.getBigUint64(at, isLittle));

/** @throws RangeError for fewer than 40 bytes */
export function decodeHeader(view: DataView, isLittle: boolean): Header {
  return {
    opcode: view.getUint32(4, isLittle),
    unique: view.getBigUint64(8, isLittle),
    node: u64(view, 16, isLittle),
    caller: {
      uid: view.getUint32(24, isLittle),
      gid: view.getUint32(28, isLittle),
      pid: view.getUint32(32, isLittle),
    },
  };
}

/**
 * What follows the header. `storeMax` = how many bytes of a write are wanted at most.
 * @throws RangeError for a message that ends too early
 */
export function decodeBody(
  { opcode, node }: Header,
  view: DataView,
  isLittle: boolean,
  storeMax: number,
): Body {
  const at = IN_HEADER;
  switch (opcode) {
    case OPCODE.INIT:
      return {
        op: 'init',
        major: view.getUint32(at, isLittle),
        minor: view.getUint32(at + 4, isLittle),
        maxReadahead: view.getUint32(at + 8, isLittle),
      };
    case OPCODE.LOOKUP:
      return { op: 'lookup', name: nameAt(view, at) };
    case OPCODE.FORGET:
      return { op: 'forget', forgotten: [{ node, lookups: u64(view, at, isLittle) }] };
    case OPCODE.BATCH_FORGET: {
      const one = (n: number) => ({
        node: u64(view, at + 8 + 16 * n, isLittle),
        lookups: u64(view, at + 16 + 16 * n, isLittle),
      });
      return {
        op: 'forget',
        forgotten: Array.from({ length: view.getUint32(at, isLittle) }, (_, n) => one(n)),
      };
    }
    case OPCODE.INTERRUPT:
      return { op: 'interrupt', unique: view.getBigUint64(at, isLittle) };
    case OPCODE.GETATTR:
      return { op: 'getattr' };
    case OPCODE.READLINK:
      return { op: 'readlink' };
    case OPCODE.STATFS:
      return { op: 'statfs' };
    case OPCODE.SETATTR:
      return { op: 'setattr', valid: view.getUint32(at, isLittle) };
    case OPCODE.OPEN:
      return { op: 'open', flags: view.getUint32(at, isLittle) };
    case OPCODE.OPENDIR:
      return { op: 'opendir' };
    case OPCODE.READ:
    case OPCODE.READDIR:
      return {
        op: opcode === OPCODE.READ ? 'read' : 'readdir',
        handle: u64(view, at, isLittle),
        offset: u64(view, at + 8, isLittle),
        size: view.getUint32(at + 16, isLittle),
      };
    case OPCODE.WRITE: {
      const size = Math.min(view.getUint32(at + 16, isLittle), storeMax);
      return { op: 'write', handle: u64(view, at, isLittle), data: bytesAt(view, at + 40, size) };
    }
    case OPCODE.RELEASE:
    case OPCODE.RELEASEDIR:
      return { op: opcode === OPCODE.RELEASE ? 'release' : 'releasedir', handle: u64(view, at, isLittle) };
    case OPCODE.CREATE:
      return { op: 'create' };
    case OPCODE.SYMLINK:
    case OPCODE.MKNOD:
    case OPCODE.MKDIR:
    case OPCODE.UNLINK:
    case OPCODE.RMDIR:
    case OPCODE.RENAME:
    case OPCODE.RENAME2:
    case OPCODE.LINK:
      return { op: 'change' };
    default:
      return { op: 'unsupported' };
  }
}

/** The name at `at`, which a NUL ends. */
function nameAt(view: DataView, at: number): string | undefined {
  const rest = Buffer.from(view.buffer, view.byteOffset + at, view.byteLength - at);
  const end = rest.indexOf(0);
  if (end < 0) throw new RangeError('a name without an end');
  const name = rest.subarray(0, end);
  return isUtf8(name) ? name.toString('utf8') : undefined;
}

function bytesAt(view: DataView, at: number, size: number): Uint8Array {
  if (at + size > view.byteLength) throw new RangeError('a write without its data');
  return new Uint8Array(view.buffer.slice(view.byteOffset + at, view.byteOffset + at + size) as ArrayBuffer);
}
