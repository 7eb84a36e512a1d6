/**
 * A host's state as a store keeps it: a checksum, then the state's own bytes, compressed because queues differ in little.
 *
 * The checksum binds the bytes to the host, the revision and the log's hash there, so that the state of another host, moment or log is
 * refused like damaged bytes. It is no seal: anyone who can write the file can compute it.
 */
import { createHash } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { HostState, STATE_VERSION } from '@apledger/host';
import type { StoredState } from './store.ts';

const CHECKSUM_BYTES = 16;
/** A host of 256 x 256 queues and 65,536 mdevs has 30 MB. */
const MAX_BYTES = 64 * 1024 * 1024;
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** A state as of its revision, compressed, and not bound to a log yet. */
export interface PackedState {
  readonly host: string;
  readonly revision: number;
  readonly packed: Uint8Array;
}

type Place = Omit<StoredState, 'bytes'>;

const checksum = ({ host, revision, hash }: Place, packed: Uint8Array): Buffer =>
  createHash('sha256')
    .update(`${JSON.stringify([STATE_VERSION, host, revision, hash])}\n`)
    .update(packed)
    .digest()
    .subarray(0, CHECKSUM_BYTES);

/** The host's state as it is now. */
export const packState = (host: string, state: HostState): PackedState => ({
  host,
  revision: state.revision,
  packed: zstdCompressSync(state.toBytes(), FAST),
});

/** Binds the state to a log; `hash` is the log's at this revision. */
export function sealState({ packed, ...of }: PackedState, hash: string): StoredState {
  const place = { ...of, hash };
  return { ...place, bytes: Buffer.concat([checksum(place, packed), packed]) };
}

/** The state that was kept; undefined when the bytes are damaged, of another version, or not of this place. */
export function readSnapshot(stored: StoredState): HostState | undefined {
  const { bytes, revision } = stored;
  const packed = bytes.subarray(CHECKSUM_BYTES);
  if (!checksum(stored, packed).equals(bytes.subarray(0, CHECKSUM_BYTES))) return undefined;
  try {
    const state = HostState.ofBytes(zstdDecompressSync(packed, { maxOutputLength: MAX_BYTES }));
    return state?.revision === revision ? state : undefined;
  } catch {
    return undefined; // anyone who can forge a checksum can also make it a bomb: it stays packed
  }
}
