/** The stored JSON of a commit as envelopes, for adapters that keep it as one array. Nothing is taken on trust. */

import type { Auth, Json } from './port.ts';
import { canonicalEnvelope, type Envelope } from './seal.ts';

/** What a commit's own place says of its facts. */
interface CommitFrame {
  readonly stream: string;
  readonly firstRevision: number;
  readonly count: number;
  /** The command's id, in lower case. */
  readonly cause: string;
}

const TEXTS = [
  'id',
  'type',
  'stream',
  'occurredAt',
  'recordedAt',
  'actor',
  'cause',
  'correlation',
] as const satisfies readonly (keyof Envelope)[];
const OPTIONAL_TEXTS = ['claimed', 'clock'] as const satisfies readonly (keyof Envelope)[];
const AUTH_TEXTS = ['method', 'issuer', 'subject', 'session'] as const satisfies readonly (keyof Auth)[];
/** A key more would escape the hash, which covers the envelope's own keys. */
const KEYS: ReadonlySet<string> = new Set([
  ...TEXTS,
  ...OPTIONAL_TEXTS,
  'auth',
  'command',
  'jump',
  'data',
  'revision',
  'version',
]);

/** The envelopes of a commit, oldest first; a text says why what is stored cannot have been written so. */
export function parseEnvelopes(body: string, frame: CommitFrame): readonly Envelope[] | string {
  const { stream, firstRevision, count, cause } = frame;
  const values = parse(body);
  if (values === undefined || values.length !== count) return `the body is no JSON array of ${count} facts`;
  const envelopes: Envelope[] = [];
  for (const [index, value] of values.entries()) {
    if (!isEnvelope(value)) return `fact ${index} of the body is not shaped like a fact`;
    if (value.stream !== stream || value.revision !== firstRevision + index || value.cause !== cause)
      return `fact ${index} of the body is of another stream, revision or command than its commit`;
    envelopes.push(value);
  }
  return isCanonical(body, envelopes)
    ? envelopes
    : 'the body is not the text that was hashed: a key stands in it twice, or another program wrote it';
}

/** Other readers of the body must see what is hashed. Keys that are numbers change their order in JavaScript: these cost the long way. */
const isCanonical = (body: string, envelopes: readonly Envelope[]): boolean =>
  JSON.stringify(envelopes) === body || `[${envelopes.map(canonicalEnvelope).join(',')}]` === body;

function parse(body: string): readonly Json[] | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the value has what every envelope has, and nothing that none has. */
export function isEnvelope(value: unknown): value is Envelope {
  if (!isObject(value) || !Object.keys(value).every((key) => KEYS.has(key))) return false;
  if (!TEXTS.every((key) => typeof value[key] === 'string')) return false;
  if (!OPTIONAL_TEXTS.every((key) => isTextOrAbsent(value[key]))) return false;
  const { auth, command, data, jump, version, revision } = value;
  if (!(isObject(data) && (auth === undefined || isAuth(auth)))) return false;
  if (command !== undefined && !isMark(command)) return false;
  if (jump !== undefined && !Number.isSafeInteger(jump)) return false;
  return Number.isSafeInteger(version) && Number.isSafeInteger(revision);
}

function isAuth(value: unknown): value is Auth {
  if (!isObject(value)) return false;
  const isKnown = Object.keys(value).every((key) => AUTH_TEXTS.some((name) => name === key));
  const isComplete = typeof value.method === 'string' && typeof value.subject === 'string';
  return isKnown && isComplete && AUTH_TEXTS.every((key) => isTextOrAbsent(value[key]));
}

const isMark = (value: unknown): boolean =>
  isObject(value) &&
  Object.keys(value).length === 2 &&
  typeof value.type === 'string' &&
  typeof value.digest === 'string';

const isTextOrAbsent = (value: unknown): boolean => value === undefined || typeof value === 'string';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
