/**
 * The sealer: makes evidence of a log (packages/evidence) and checks it, with files, keys and sockets.
 *
 * A `Sealer` follows any event log and writes tiles and signed checkpoints below a directory that any static server can
 * serve. A `Signer` holds the key and remembers, outside the log, what was signed last. `prove` makes evidence files, `check`
 * compares a log with checkpoints that somebody kept, a `Witness` cosigns checkpoints of others.
 */
export { type ChangeOptions, forkLog, rotateKey } from './change.ts';
export {
  type Checked,
  type CheckOptions,
  checkLeaves,
  type Difference,
  type FoundLeaf,
  type Kept,
} from './check.ts';
export { entryBundle } from './entries.ts';
export { type FollowOptions, followLog, type SealerState, writePolicy } from './follow.ts';
export { leafHashOf } from './hashing.ts';
export { type Key, openKey } from './keys.ts';
export { Leaves } from './leaves.ts';
export { type ParallelOptions, recomputeLeaves } from './parallel.ts';
export { type FactProof, Prover } from './prove.ts';
export { TileReader, type TileSource } from './reading.ts';
export { rebuildTiles } from './rebuild.ts';
export { Sealer, type SealerOptions } from './sealer.ts';
export { Signer, type SignerOptions } from './signer.ts';
export { TileFiles, withSignatures } from './tile-files.ts';
export { Witness, type WitnessAnswer, type WitnessOptions } from './witness.ts';
export { Witnesses, type WitnessState } from './witnessing.ts';
