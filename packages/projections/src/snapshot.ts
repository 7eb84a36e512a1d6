/**
 * A host's state as a store keeps it: a checksum, then the state's own bytes, compressed because queues differ in little.
 *
 * A snapshot is a cache: what cannot be read, or was made by another version of the state, is treated as absent, never as an error.
 */
import { createHash } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { HostState, STATE_VERSION } from '@apledger/host';

const CHECKSUM_BYTES = 16;
/** A host of 256 x 256 queues and 65,536 mdevs has 30 MB. */
const MAX_BYTES = 64 * 1024 * 1024;
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

const checksum = (bytes: Uint8Array): Buffer =>
  createHash('sha256').update(`${STATE_VERSION}\n`).update(bytes).digest().subarray(0, CHECKSUM_BYTES);

/** The state as bytes. */
export function takeSnapshot(state: HostState): Uint8Array {
  const packed = zstdCompressSync(state.toBytes(), FAST);
  return Buffer.concat([checksum(packed), packed]);
}

/** The state that was kept; undefined when the bytes are of another version or damaged. */
export function readSnapshot(bytes: Uint8Array): HostState | undefined {
  const packed = bytes.subarray(CHECKSUM_BYTES);
  if (!checksum(packed).equals(bytes.subarray(0, CHECKSUM_BYTES))) return undefined;
  try {
    return HostState.ofBytes(zstdDecompressSync(packed, { maxOutputLength: MAX_BYTES }));
  } catch {
    return undefined; // whoever can forge a checksum can also make it a bomb: it stays packed
  }
}
