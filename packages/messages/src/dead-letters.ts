/**
 * Letters about what did not get through. A fact that the broker cannot take is in the log all the same, and a message that cannot be
 * read is in the stream all the same: a letter says where, and why. It is small whatever the fact is like.
 */
import { hostOf } from '@apledger/events';
import Type, { type Static } from 'typebox';
import { encodeValue, type FactMessage, type RecordedEnvelope } from './cloud-event.ts';
import { notPublishedSubject, unreadableSubject } from './subjects.ts';

/** Names from outside are cut to this in letters. */
const MAX_TEXT = 256;
/** A longer name of a host is no host's (`HostName`), and would make too long a subject. */
const MAX_HOST = 63;

/** Body of a letter about a fact that could not be published. */
export const notPublishedLetter = Type.Object({
  reason: Type.String({ description: 'why it could not be published' }),
  id: Type.String(),
  stream: Type.String(),
  revision: Type.Integer({ minimum: 0 }),
  position: Type.Integer({ minimum: 1 }),
  type: Type.String(),
  version: Type.Integer({ minimum: 1 }),
  occurredAt: Type.String(),
  recordedAt: Type.String(),
});

/** Body of a letter about a message that could not be read. */
export const unreadableLetter = Type.Object({
  reason: Type.String({ description: 'why it could not be read' }),
  subject: Type.String({ description: 'the subject that it was published to' }),
  stream: Type.String({ description: 'the JetStream stream that has it' }),
  sequence: Type.Integer({ minimum: 1, description: 'its sequence number there' }),
});

const letterHeaders = (type: string, id: string, source: string): Record<string, string> => ({
  'ce-specversion': '1.0',
  'ce-id': id,
  'ce-source': source,
  'ce-type': `apledger.dead.${type}.v1`,
  'ce-datacontenttype': 'application/json',
});

/** The letter that takes the place of a fact in the stream, and carries its position like the fact itself. */
export function notPublishedMessage(fact: RecordedEnvelope, reason: string): FactMessage {
  const host = hostOf(fact.stream);
  const named = host !== undefined && host.length <= MAX_HOST ? host : undefined;
  const letter: Static<typeof notPublishedLetter> = {
    reason,
    id: fact.id,
    stream: cut(fact.stream),
    revision: fact.revision,
    position: fact.position,
    type: cut(fact.type),
    version: fact.version,
    occurredAt: fact.occurredAt,
    recordedAt: fact.recordedAt,
  };
  const headers = {
    ...letterHeaders('FactNotPublished', fact.id, 'urn:apledger:relay'),
    'ce-time': fact.recordedAt,
    'ce-position': String(fact.position),
    'ce-hash': fact.hash,
  };
  return { subject: notPublishedSubject(named), headers, body: JSON.stringify(letter) };
}

/** The letter of a subscription about a message that it could not read. */
export function unreadableMessage(
  subscription: string | undefined,
  letter: Static<typeof unreadableLetter>,
): FactMessage {
  const id = `${letter.stream}:${letter.sequence}`;
  return {
    subject: unreadableSubject(subscription),
    headers: letterHeaders('MessageUnreadable', encodeValue(id), 'urn:apledger:subscriber'),
    body: JSON.stringify({ ...letter, reason: cut(letter.reason) }),
  };
}

const cut = (text: string): string =>
  (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text).toWellFormed();
