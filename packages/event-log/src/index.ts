/**
 * The event log: what happened, in order, for good.
 *
 * A command's facts are appended together to the stream of their host, provided the stream still ends where the
 * command was decided (optimistic concurrency) and the command was not appended before (idempotency). Each fact is
 * sealed into the stream's hash chain. Readers take a stream, the whole log from a position, or a subscription that
 * crosses from history into the live tail; folds take packed pages, which need no JSON.
 *
 * The port says what every log does; adapters do it (memory, SQLite, NATS JetStream, KurrentDB), and one contract
 * suite (contract.ts) holds them to it. The log knows no domain: it stores envelopes.
 */

export { textOrFile } from '@apledger/nats/address';
export { instantOf, uuidBytes, uuidOf } from './as-text.ts';
export { CLOCK_STREAM, type ClockJump, JUMP_MS, settled } from './clock.ts';
export { decideAgain } from './decide-again.ts';
export { LogError, type LogErrorCode, unsettled, WrongExpectedRevision } from './errors.ts';
export { factAt, factAtPosition } from './fact-at.ts';
export { InTurn } from './in-turn.ts';
export { type JetStreamLogOptions, openJetStreamLog } from './jetstream.ts';
export { type KurrentOptions, openKurrentLog } from './kurrentdb.ts';
export { markOf } from './mark.ts';
export { type MemoryLogOptions, openMemoryLog } from './memory.ts';
export { type Place, placeAt, type Standing, standingAt, standingAtTime } from './moment.ts';
export { type OpenOptions, openLog, sqliteDirectory } from './open.ts';
export { type PackedFact, packedFacts, packFacts } from './packed.ts';
export type {
  Appended,
  Auth,
  CommandMark,
  Commit,
  Delivery,
  EventLog,
  Head,
  Json,
  JsonObject,
  Moment,
  NewFact,
  PackedPage,
  RecordedFact,
} from './port.ts';
export { keepPrivate, makePrivateDirectory, type Report, SIDE_FILES } from './private-files.ts';
export { canonicalEnvelope, chainHash, NO_HEAD } from './seal.ts';
export { structureProblems } from './sqlite/indexes.ts';
export { openForReading } from './sqlite/store.ts';
export { openSqliteLog, type SqliteLogOptions } from './sqlite.ts';
export {
  checkHeads,
  joinVerification,
  type NotedHead,
  type Problem,
  type RangeReport,
  type Verification,
  type VerifyOptions,
  verify,
  verifyRange,
  verifyStream,
} from './verify.ts';
