/** The kernel's side of the protocol, for tests: requests as bytes, replies taken apart. Laid out as in the uapi header linux/fuse.h. */
import { IN_HEADER, OPCODE, OUT_HEADER } from './codec/protocol.ts';

/** A field: its width in bits, and its value. */
export type Field = readonly [bits: 16 | 32 | 64, value: number | bigint];

export interface Asked {
  readonly opcode: number;
  readonly unique?: bigint;
  readonly node?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly pid?: number;
  readonly fields?: readonly Field[];
  readonly bytes?: Uint8Array;
}

/** A request as the kernel writes it. */
export function request(asked: Asked, isLittle: boolean): Uint8Array {
  const { opcode, unique = 2n, node = 1, uid = 0, gid = 0, pid = 1, bytes = new Uint8Array() } = asked;
  const fields = asked.fields ?? [];
  const body = Buffer.concat([pack(fields, isLittle), bytes]);
  const header = pack(
    [
      [32, IN_HEADER + body.length],
      [32, opcode],
      [64, unique],
      [64, node],
      [32, uid],
      [32, gid],
      [32, pid],
      [16, 0],
      [16, 0],
    ],
    isLittle,
  );
  return Buffer.concat([header, body]);
}

function pack(fields: readonly Field[], isLittle: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [bits]) => sum + bits / 8, 0)));
  let at = 0;
  for (const [bits, value] of fields) {
    if (bits === 64) view.setBigUint64(at, BigInt(value), isLittle);
    else if (bits === 32) view.setUint32(at, Number(value), isLittle);
    else view.setUint16(at, Number(value), isLittle);
    at += bits / 8;
  }
  return new Uint8Array(view.buffer);
}

/** A name as the kernel sends it. */
export const nameBytes = (name: string | Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(name as string), Buffer.of(0)]);

export interface Reply {
  readonly unique: bigint;
  /** Positive; 0 = done. */
  readonly errno: number;
  readonly body: DataView;
}

/** @throws Error when the length in it is not that of the message, which the kernel refuses */
export function reply(message: Uint8Array, isLittle: boolean): Reply {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (view.getUint32(0, isLittle) !== message.byteLength) throw new Error('a reply with a wrong length');
  return {
    unique: view.getBigUint64(8, isLittle),
    errno: Math.abs(view.getInt32(4, isLittle)),
    body: new DataView(message.buffer, message.byteOffset + OUT_HEADER, message.byteLength - OUT_HEADER),
  };
}

/** The entries in the answer to a READDIR. */
export function entriesIn(body: DataView, isLittle: boolean) {
  const entries: { ino: bigint; next: bigint; type: number; name: string }[] = [];
  for (let at = 0; at < body.byteLength; ) {
    const length = body.getUint32(at + 16, isLittle);
    const name = Buffer.from(body.buffer, body.byteOffset + at + 24, length).toString();
    entries.push({
      ino: body.getBigUint64(at, isLittle),
      next: body.getBigUint64(at + 8, isLittle),
      type: body.getUint32(at + 20, isLittle),
      name,
    });
    at += 24 + Math.ceil(length / 8) * 8;
  }
  return entries;
}

export const lookup = (name: string | Uint8Array, node = 1): Asked => ({
  opcode: OPCODE.LOOKUP,
  node,
  bytes: nameBytes(name),
});
export const open = (node: number, flags: number): Asked => ({
  opcode: OPCODE.OPEN,
  node,
  fields: [
    [32, flags],
    [32, 0],
  ],
});
const readFields = (handle: number, offset: number, size: number): readonly Field[] => [
  [64, handle],
  [64, offset],
  [32, size],
  [32, 0],
  [64, 0],
  [32, 0],
  [32, 0],
];
export const read = (handle: number, offset: number, size: number): Asked => ({
  opcode: OPCODE.READ,
  fields: readFields(handle, offset, size),
});
export const readdir = (handle: number, offset: number, size: number): Asked => ({
  opcode: OPCODE.READDIR,
  fields: readFields(handle, offset, size),
});
export const write = (handle: number, data: Uint8Array): Asked => ({
  opcode: OPCODE.WRITE,
  fields: readFields(handle, 0, data.length),
  bytes: data,
});
export const interrupt = (unique: bigint): Asked => ({ opcode: OPCODE.INTERRUPT, fields: [[64, unique]] });
