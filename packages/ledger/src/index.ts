/**
 * The application: what packages/api declares, answered.
 *
 * A `Ledger` is asked, whether it is a log that this process opens (`LogLedger`) or a service (`ServiceLedger`); the command
 * line uses nothing else. The transports of the service carry `answeredOperations`. `answers/` has one function for each
 * operation, `what-if/` and `report/` what two of them need; place.ts reads `--data`, `--log` and `--server`, moment.ts
 * positions and times, input.ts what clients send beside.
 */

export { actorOf, authOf, type Caller, notSignedIn } from './access/caller.ts';
export { type AccessControl, type Seen, seenOf } from './access/control.ts';
export { permitted } from './access/permit.ts';
export { digestOf, isSecret, newCredentialId, newSecret, SESSION_PREFIX } from './access/secrets.ts';
export { Sight } from './access/sight.ts';
export { validUntil } from './access/validity.ts';
export type { Limits } from './answer.ts';
export { reportPieces } from './answers/custody.ts';
export { type Page, pageOf, positionBefore, typesOf } from './answers/events.ts';
export { unknownHost } from './answers/hosts.ts';
export { guestsThen } from './answers/names.ts';
export type { StepExecutor } from './changes/executor.ts';
export { Mover } from './changes/mover.ts';
export { type Elsewhere, isLong, WrittenReply } from './elsewhere.ts';
export {
  badHeader,
  checkHeaderNames,
  hostNameOf,
  jsonOf,
  MAX_REQUEST_BYTES,
  MAX_WAIT_S,
  noteOf,
  tooLarge,
  uuidOf,
  waitOf,
} from './input.ts';
export { forgetSession, keepSession, keptSession, secretFor } from './kept-sessions.ts';
export { type Filtered, hostHeads, hostNames, type Ledger, lastPosition, type Wanted } from './ledger.ts';
export { LogLedger, type LogLedgerOptions } from './log-ledger.ts';
export { type Here, isReversed, momentOf, readPosition, readTime } from './moment.ts';
export type { Watched } from './observed/watched.ts';
export { type AnsweredOperation, answeredOperations, checker, isOnTheLog, type Scope } from './operations.ts';
export { isPassing, LogHealth } from './outage/health.ts';
export { LiveTail, type TailFact } from './outage/live-tail.ts';
export type { Reading } from './outage/reading.ts';
export type { Current, Watch } from './outage/watch.ts';
export {
  cacheDirectory,
  dataDirectory,
  logName,
  logUrlOf,
  type OpenLedgerOptions,
  openLedger,
  openLogLedger,
  openPlacedLog,
  type Place,
  tileFilesOf,
} from './place.ts';
export { asProblem } from './problem.ts';
export { writeReport } from './report/index.ts';
export {
  boundaryText,
  exposureText,
  fromText,
  holdersText,
  mayReachText,
  orLaterText,
  resetText,
  stoppedText,
  untilText,
  upToText,
  verificationText,
} from './report/words.ts';
export { ServiceLedger } from './service-ledger.ts';
export { submit } from './submit.ts';
export { whatIf } from './what-if/what-if.ts';
