/**
 * What can happen on a host, and what it can be told to do.
 *
 * A *command* asks; a *fact* says what is so afterwards, so that nobody needs a rule to read it. Both are plain JSON data whose schemas
 * are the only definition: the TypeScript types are derived from them, the documents in docs/schemas/ are printed from them, and the
 * validators are compiled from them. Facts are kept for ever, in the version in which they were written; `parseFact` brings older ones
 * up to date when they are read. Beside its JSON, every fact that changes a matrix has a packed form of a few bytes, which is what the
 * projections fold; `packed.ts` lists its op codes, `packed-codec.ts` the units. This package knows no rule and does no I/O.
 */
export * from './access-facts.ts';
export * from './attribute.ts';
export * from './change-facts.ts';
export * from './commands.ts';
export * from './facts.ts';
export {
  GENERATION_NAMES,
  GENERATIONS,
  type GuestMatrixLife,
  generationOfCode,
  generationOfKernel,
} from './generations.ts';
export * from './ledger-facts.ts';
export { Evidence, UNATTRIBUTED } from './observation-facts.ts';
export { isWholeOp, OP, pack, packTransient, type Transient } from './packed.ts';
export { CorruptPayload, PackedReader, uuidText } from './packed-codec.ts';
export { packRecorded } from './packed-older.ts';
export { readTurn } from './packed-turn.ts';
export * from './plan-document.ts';
export * from './procedures.ts';
export {
  InvalidFact,
  parseCommand,
  parseFact,
  parseLedgerFact,
  problemsOf,
  UnknownFact,
  unpaired,
} from './schema.ts';
export { hostOf, streamOf } from './streams.ts';
export { factVersion, isFactType } from './upcast.ts';
export * from './vocabulary.ts';
