/**
 * A fact on the wire: a CloudEvent 1.0 in the binary mode of the NATS binding. Attributes are `ce-` headers, percent-encoded; the body
 * is the fact's data as JSON, in the type and version in which it was recorded: old ones are brought up to date, and new ones found
 * out, by anyone who reads them.
 *
 * What comes in is checked as if a stranger had sent it: one schema (`messageHeaders`, also printed into the AsyncAPI document) says
 * what the headers must be, and the subject must tell of the same host and type.
 */
import { hostOf, problemsOf, streamOf } from '@apledger/events';
import Type, { type Static } from 'typebox';
import {
  type Entity,
  entityOf,
  ledgerSubjectOf,
  parseLedgerSubject,
  parseSubject,
  subjectOf,
} from './subjects.ts';

/** A fact with its envelope, as event logs record it (`RecordedFact` of the package event-log). */
export interface RecordedEnvelope {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly type: string;
  readonly version: number;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly actor: string;
  readonly auth?: Auth;
  readonly claimed?: string;
  readonly clock?: string;
  readonly command?: { readonly type: string; readonly digest: string };
  readonly jump?: number;
  readonly cause: string;
  readonly correlation: string;
  readonly data: JsonObject;
  readonly hash: string;
}
/** Who gave the command, as the service found out. */
interface Auth {
  readonly method: string;
  readonly issuer?: string;
  readonly subject: string;
  readonly session?: string;
}
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

/** A message as NATS carries it; each header once. */
export interface FactMessage {
  readonly subject: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

const TYPE_PREFIX = 'apledger.';
const HOST_SOURCE = 'urn:apledger:host:';
const LEDGER_SOURCE = 'urn:apledger:ledger:';
const UUID = '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
const INSTANT = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$';
const NUMBER = '^(?:0|[1-9]\\d{0,15})$';
const ENCODED = '^(?:[!#$&-~]|%[0-9A-Fa-f]{2})*$';

const header = (pattern: string, description: string) => Type.String({ pattern, description });

/** What the headers of a fact's message must be. Others may be there as well: CloudEvents lets anyone who passes an event on add some. */
export const messageHeaders = Type.Object(
  {
    'ce-specversion': Type.Literal('1.0'),
    'ce-id': header(UUID, 'id of the fact, the same however often it is published'),
    'ce-source': header(
      `^(?:${HOST_SOURCE}|${LEDGER_SOURCE})[!#$&-~%]+$`,
      'the host on which it happened, or the stream of a fact about the ledger itself',
    ),
    'ce-type': header(
      '^apledger\\.[!#$&-~%]+\\.v[1-9]\\d{0,8}$',
      'type of the fact and version of its schema',
    ),
    'ce-subject': Type.Optional(header(ENCODED, 'what it is about: bus, card/05, queue, mdev/<uuid>')),
    'ce-time': header(INSTANT, 'when it happened'),
    'ce-dataschema': header(
      ENCODED,
      'URN of the schema of the data; schemas/facts.json has the newest of each',
    ),
    'ce-datacontenttype': Type.Literal('application/json'),
    'ce-recordedtime': header(
      INSTANT,
      'when the log recorded it; earlier than that of the fact before only where a clock jumped',
    ),
    'ce-position': header(NUMBER, 'place in the log, over all hosts; grows, with gaps'),
    'ce-revision': header(NUMBER, 'place in the stream of its host: 0, 1, 2, ...'),
    'ce-hash': header(
      '^[0-9a-f]{64}$',
      "SHA-256 over the hash of the fact before it on this host and this fact's JSON",
    ),
    'ce-actor': Type.Optional(header(ENCODED, 'who gave the command')),
    'ce-authmethod': Type.Optional(header(ENCODED, 'how the service found out who gave the command')),
    'ce-authissuer': Type.Optional(header(ENCODED, 'who vouches for the subject')),
    'ce-authsubject': Type.Optional(header(ENCODED, 'who gave the command, as the service found out')),
    'ce-authsession': Type.Optional(header(ENCODED, 'the session in which the command came')),
    'ce-claimed': Type.Optional(header(ENCODED, 'the actor that the client itself named')),
    'ce-clock': Type.Optional(header(INSTANT, 'what the clock of the writing process read')),
    'ce-commandtype': Type.Optional(header(ENCODED, 'type of the command, with its first fact')),
    'ce-commanddigest': Type.Optional(header(ENCODED, "base64url SHA-256 of the command's canonical JSON")),
    'ce-jump': Type.Optional(header(NUMBER, 'revision at which a clock last jumped back in the stream')),
    'ce-causationid': header(UUID, 'id of the command that caused it'),
    'ce-correlationid': Type.Optional(header(ENCODED, 'what the command belongs to')),
  },
  { additionalProperties: true },
);
type MessageHeaders = Static<typeof messageHeaders>;

/** A message on our subjects that is no fact of ours: `problems` says why, one thing a line. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
  readonly subject: string;
  readonly problems: readonly string[];
  constructor(subject: string, problems: readonly string[]) {
    super(`the message on ${subject} is no fact: ${problems.join('; ')}`);
    this.subject = subject;
    this.problems = problems;
  }
}

/**
 * The message of a fact; `guest` is who has its mdev open then, and `entity` what `entityOf` says of it.
 * Undefined when neither stream nor host has a name: such a fact has no subject.
 */
export function factMessage(
  fact: RecordedEnvelope,
  guest: string | undefined,
  entity: Entity = entityOf(fact.type, fact.data),
): FactMessage | undefined {
  const host = hostOf(fact.stream);
  if (host === '' || fact.stream === '') return undefined;
  const { kind, id } = entity;
  const about = id === '' ? kind : `${kind}/${id}`;
  const subject =
    host === undefined
      ? ledgerSubjectOf(fact.stream, fact.type)
      : subjectOf({ host, kind, id, guest, type: fact.type });
  const headers: Record<string, string> = {
    'ce-specversion': '1.0',
    'ce-id': fact.id,
    'ce-source':
      host === undefined ? LEDGER_SOURCE + encodeValue(fact.stream) : HOST_SOURCE + encodeValue(host),
    'ce-type': `${TYPE_PREFIX}${encodeValue(fact.type)}.v${fact.version}`,
    ...(host !== undefined && { 'ce-subject': about }),
    'ce-time': fact.occurredAt,
    'ce-dataschema': `urn:apledger:fact:${encodeURIComponent(fact.type)}:${fact.version}`,
    'ce-datacontenttype': 'application/json',
    'ce-recordedtime': fact.recordedAt,
    'ce-position': String(fact.position),
    'ce-revision': String(fact.revision),
    'ce-hash': fact.hash,
    'ce-causationid': fact.cause,
  };
  // An attribute of CloudEvents may be absent, but not empty.
  for (const [name, value] of optionalHeaders(fact)) if (value) headers[name] = encodeValue(value);
  return { subject, headers, body: JSON.stringify(fact.data) };
}

const optionalHeaders = ({
  actor,
  auth,
  claimed,
  clock,
  command,
  correlation,
  jump,
}: RecordedEnvelope): readonly (readonly [string, string | undefined])[] => [
  ['ce-actor', actor],
  ['ce-correlationid', correlation],
  ['ce-authmethod', auth?.method],
  ['ce-authissuer', auth?.issuer],
  ['ce-authsubject', auth?.subject],
  ['ce-authsession', auth?.session],
  ['ce-claimed', claimed],
  ['ce-clock', clock],
  ['ce-commandtype', command?.type],
  ['ce-commanddigest', command?.digest],
  ['ce-jump', jump === undefined ? undefined : String(jump)],
];

/**
 * The fact of a message, as it was recorded. Header names count in any case. Throws MalformedMessage; whether the data are right for
 * the type is for `parseFact` to say.
 */
export function parseFactMessage(message: FactMessage): RecordedEnvelope {
  const fail = (...problems: readonly string[]): never => {
    throw new MalformedMessage(message.subject, problems);
  };
  const parts = placeOf(message.subject) ?? fail('subject: not one of a fact');
  const given = lowerCased(message.headers);
  const problems = problemsOf(messageHeaders, given);
  if (problems.length > 0) fail(...problems);
  const headers = given as MessageHeaders;
  try {
    const { type, version } = typeAndVersion(headers['ce-type']);
    const stream = streamOfSource(headers['ce-source']);
    const data = parseData(message.body);
    if (stream !== parts.stream) fail(`ce-source: ${stream}, but the subject says ${parts.stream}`);
    if (type !== parts.type) fail(`ce-type: ${type}, but the subject says ${parts.type}`);
    return {
      id: headers['ce-id'],
      stream,
      revision: Number(headers['ce-revision']),
      position: Number(headers['ce-position']),
      type,
      version,
      occurredAt: headers['ce-time'],
      recordedAt: headers['ce-recordedtime'],
      actor: decodeValue(headers['ce-actor'] ?? ''),
      ...authOf(headers),
      ...(headers['ce-claimed'] !== undefined && { claimed: decodeValue(headers['ce-claimed']) }),
      ...(headers['ce-clock'] !== undefined && { clock: headers['ce-clock'] }),
      ...commandOf(headers),
      ...(headers['ce-jump'] !== undefined && { jump: Number(headers['ce-jump']) }),
      cause: headers['ce-causationid'],
      correlation: decodeValue(headers['ce-correlationid'] ?? ''),
      data,
      hash: headers['ce-hash'],
    };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof URIError) return fail(error.message);
    throw error;
  }
}

function placeOf(subject: string): { readonly stream: string; readonly type: string } | undefined {
  const parts = parseSubject(subject);
  return parts === undefined
    ? parseLedgerSubject(subject)
    : { stream: streamOf(parts.host), type: parts.type };
}

const streamOfSource = (source: string): string =>
  source.startsWith(HOST_SOURCE)
    ? streamOf(decodeValue(source.slice(HOST_SOURCE.length)))
    : decodeValue(source.slice(LEDGER_SOURCE.length));

function authOf(headers: MessageHeaders): Pick<RecordedEnvelope, 'auth'> {
  const method = headers['ce-authmethod'];
  const subject = headers['ce-authsubject'];
  if (method === undefined || subject === undefined) return {};
  const issuer = headers['ce-authissuer'];
  const session = headers['ce-authsession'];
  return {
    auth: {
      method: decodeValue(method),
      ...(issuer !== undefined && { issuer: decodeValue(issuer) }),
      subject: decodeValue(subject),
      ...(session !== undefined && { session: decodeValue(session) }),
    },
  };
}

function commandOf(headers: MessageHeaders): Pick<RecordedEnvelope, 'command'> {
  const type = headers['ce-commandtype'];
  const digest = headers['ce-commanddigest'];
  if (type === undefined || digest === undefined) return {};
  return { command: { type: decodeValue(type), digest: decodeValue(digest) } };
}

function lowerCased(headers: FactMessage['headers']): FactMessage['headers'] {
  const names = Object.keys(headers);
  if (names.every((name) => name === name.toLowerCase())) return headers;
  return Object.fromEntries(names.map((name) => [name.toLowerCase(), headers[name] ?? '']));
}

function typeAndVersion(type: string): { type: string; version: number } {
  const dot = type.lastIndexOf('.v');
  return {
    type: decodeValue(type.slice(TYPE_PREFIX.length, dot)),
    version: Number(type.slice(dot + 2)),
  };
}

function parseData(body: string): JsonObject {
  const data: unknown = JSON.parse(body);
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw new SyntaxError('the body must be a JSON object');
  return data as JsonObject;
}

/** What the binding wants escaped: all but printable ASCII, and space, quotation mark and percent. */
const UNSAFE = /[^!#$&-~]/gu;

/** A value as a header carries it. */
export function encodeValue(value: string): string {
  return value
    .toWellFormed()
    .replace(UNSAFE, (character) =>
      [...new TextEncoder().encode(character)]
        .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join(''),
    );
}

/** The value that a header carries. Throws URIError for what is no UTF-8. */
export const decodeValue = (text: string): string => decodeURIComponent(text);
