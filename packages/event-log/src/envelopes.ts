/** The stored JSON of a commit as envelopes, for adapters that keep it as one array. Nothing is taken on trust. */

import type { Json } from './port.ts';
import { canonicalEnvelope, type Envelope } from './seal.ts';

/** What a commit's own place says of its facts. */
export interface CommitFrame {
  readonly stream: string;
  readonly firstRevision: number;
  readonly count: number;
  /** The command's id, in lower case. */
  readonly cause: string;
}

/** A key more would escape the hash, which covers the envelope's own keys. */
const ENVELOPE_KEYS = 11;
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

function isEnvelope(value: Json | undefined): value is Json & Envelope {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const fields = value as Readonly<Record<string, Json | undefined>>;
  if (Object.keys(fields).length !== ENVELOPE_KEYS) return false;
  for (const key of TEXTS) if (typeof fields[key] !== 'string') return false;
  const { data, version, revision } = fields;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return false;
  return Number.isSafeInteger(version) && Number.isSafeInteger(revision);
}
