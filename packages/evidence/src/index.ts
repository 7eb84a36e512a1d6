/**
 * Evidence: what proves a recorded fact to somebody who trusts neither the ledger nor its server.
 *
 * Every fact of the log is a leaf, in the log's order, of one Merkle tree (RFC 6962). A *checkpoint* is the size and root of
 * that tree, signed as a note; *witnesses* cosign it when it continues what they saw before. An *evidence file* holds one
 * fact, the way from its leaf to the root, and the checkpoint. All formats are those of c2sp.org, so that others can read
 * and check them. This package is pure: it checks with WebCrypto, in browsers too, and does no I/O.
 */
export { areEqual, type Bytes, base64Of, concat, decimalOf, fromBase64, hexOf, utf8 } from './bytes.ts';
export { type Checkpoint, type CheckpointBody, checkpointText, parseCheckpoint } from './checkpoint.ts';
export { EvidenceError } from './error.ts';
export { HASH_BYTES } from './hash.ts';
export { type Leaf, leafText } from './leaf.ts';
export {
  checkConsistency,
  completeSubtrees,
  consistencyRanges,
  inclusionRanges,
  type Range,
  rootByInclusion,
  type Tree,
} from './merkle.ts';
export {
  cosignature,
  cosignedMessage,
  isKeyName,
  KEY_KINDS,
  type KeyKind,
  type Note,
  type NoteSignature,
  noteText,
  parseNote,
  parseSignatureLine,
  parseVerifier,
  signatureLine,
  signedBy,
  type Verifier,
  verifierOf,
  verifierText,
} from './note.ts';
export {
  checkEndorsement,
  type Endorsement,
  isEnough,
  type Policy,
  type PolicyWitness,
  parsePolicy,
  policyOf,
} from './policy.ts';
export {
  factOf,
  isProofFile,
  type ProofFile,
  parseProofFile,
  proofText,
  type SealedFact,
} from './proof-file.ts';
export {
  parseTilePath,
  partialTiles,
  placeOf,
  TILE_WIDTH,
  type Tile,
  tilePath,
  widthOfLevel,
} from './tiles.ts';
export { checkInclusion, type Proven, verifyProof } from './verify.ts';
