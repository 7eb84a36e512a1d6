/**
 * A host's state as bytes, for snapshots: whatever it consists of, by V8's own serialisation. No field can be forgotten in it, and
 * none has to be written down twice. Compressed, because queues differ in little: 160 KB of 1,360 queues become 6 KB.
 */
import { promisify } from 'node:util';
import { Deserializer, Serializer } from 'node:v8';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import type { HostState } from '@apledger/driver';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** The state as bytes; serialising takes about 1 ms for 1,360 queues, 30 ms for 65,536, compressing goes on elsewhere. */
export async function stateToBytes(state: HostState): Promise<Uint8Array> {
  // Not `v8.serialize`: what it makes of a mask keeps the whole buffer in memory when it is read again.
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(state);
  return compress(serializer.releaseBuffer(), FAST);
}

/** The state of bytes that `stateToBytes` made in this version of the state; undefined when this V8 cannot read them. */
export async function stateFromBytes(bytes: Uint8Array): Promise<HostState | undefined> {
  try {
    const deserializer = new Deserializer(await decompress(bytes));
    deserializer.readHeader();
    return deserializer.readValue() as HostState;
  } catch {
    return undefined; // of a newer V8, or damaged: as good as none
  }
}
