/**
 * What the ledger can be asked, and what it answers: one schema each, declared here and nowhere else.
 *
 * An *operation* is a name, the schemas of its request and its reply, and its address on each transport. packages/ledger
 * answers operations, services/ledger carries them over HTTP and NATS, packages/client asks them, and the command line and
 * the console use the same types, which are `Static` of the schemas. docs/schemas/openapi.json is written from them for
 * those who are not in this repository. This package imports no Node and does nothing.
 */
export type { CredentialView, GlassView, WhoAmI, WhoCan } from './access.ts';
export {
  CHANGE_STATUSES,
  type ChangeAction,
  type ChangeRunView,
  type ChangeView,
  type Judgement,
  type StepView,
} from './changes.ts';
export {
  CommandBody,
  FactBody,
  Receipt,
  type Refusal,
} from './command.ts';
export {
  Boundary,
  type Chain,
  type Custody,
  CustodyInterval,
  type CustodyReport,
  Exposure,
  type ExposureReport,
  type GuestHistory,
  type GuestRun,
  Holder,
  type NamedRun,
  type UsedSpan,
} from './custody.ts';
export { ViewChange } from './diff.ts';
export {
  MAX_PAGE,
  RecordedFact,
  recordedFacts,
  StreamRequest,
} from './events.ts';
export { EvidenceState } from './evidence.ts';
export { HostHead, MAX_HOSTS } from './hosts.ts';
export {
  CardView,
  GuestView,
  HostView,
  type LastGuest,
  type MatrixView,
  MdevView,
  PlugView,
  QueueView,
} from './matrices.ts';
export type { AtMoment, MayReach, Span } from './moment.ts';
export { type Immutable, type Operation, type ReplyOf, type RequestTo, subjectOf } from './operation.ts';
export {
  type OperationName,
  type Operations,
  operations,
  type Reply,
  type Request,
} from './operations.ts';
export type { PlannedReply, UpgradeRehearsal } from './plans.ts';
export { Problem, type ProblemCode, type ProblemDetails } from './problem.ts';
export { ProblemBody, ProblemMessage, RefusalBody } from './problem-body.ts';
export {
  AuditReport,
  type AuditScope,
  type CustodyGroup,
  type HostAudit,
  REPORT_FORMATS,
  type RefusedAttempt,
  type ReportFormat,
} from './report.ts';
export { type OutOfService, Share, type SupposedStep, type WhatIf } from './what-if.ts';
