/**
 * Facts as messages: what a message is, on which subject it is published, and what it says. Pure, for browsers as well.
 *
 * A fact travels as a CloudEvent 1.0 (`factMessage`, `parseFactMessage`) on a subject that names its host, what it is about, who had the
 * mdev open and its type (`subjectOf`, `subjectFilter`). What cannot be published or read is reported by a dead letter. What needs a
 * connection, the relay and subscriptions, is in `@apledger/messages/nats`. See docs/messages.md.
 */
export {
  decodeValue,
  encodeValue,
  type FactMessage,
  factMessage,
  MalformedMessage,
  parseFactMessage,
  type RecordedEnvelope,
} from './cloud-event.ts';
export { notPublishedMessage, unreadableMessage } from './dead-letters.ts';
export {
  Attachments,
  decodeToken,
  type Entity,
  encodeToken,
  entityOf,
  isAboutCommand,
  ledgerSubjectOf,
  PUBLISHED_SUBJECTS,
  parseLedgerSubject,
  parseSubject,
  SERVICE_ROOT,
  STREAM_NAME,
  type SubjectFilter,
  type SubjectParts,
  subjectFilter,
  subjectOf,
} from './subjects.ts';
