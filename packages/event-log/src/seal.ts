/**
 * Sealing: from the facts of a command to the facts of the log, the same in every adapter.
 *
 * A fact's id follows from its command and its index, so a retry yields the same ids. Its hash covers the hash
 * before it in the stream, so that nothing in the middle can be changed, removed or added without notice.
 *
 * `clock` is what the writer's clock read, untouched. `recordedAt` is the same, and `occurredAt` what it read when the
 * command was decided; both are raised to the one before them (of the log as far as the adapter knows it, of the stream)
 * when they lie at most five seconds behind it, as with two clocks that differ a little. Where a clock jumped back they
 * are not: from there on, `jump` tells the revision at which that last happened in the stream, so that a reader finds all
 * such places without reading the stream (moment.ts).
 */

import { hash } from 'node:crypto';
import { errorText } from '@apledger/text';
import canonicalize from 'canonicalize';
import { uuidBytes } from './as-text.ts';
import { settled } from './clock.ts';
import { LogError, WrongExpectedRevision } from './errors.ts';
import type { Appended, Commit, RecordedFact } from './port.ts';

/** Where a stream ends; `recordedAt` is the log's last. */
export interface ChainHead {
  readonly revision: number;
  readonly hash: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
  /** Revision at which the stream's clock last jumped back. */
  readonly jump?: number | undefined;
}

/** The head of a stream that has no facts: every time is later, and the first hash follows 64 zeros. */
export const NO_HEAD: ChainHead = { revision: -1, hash: '0'.repeat(64), occurredAt: '', recordedAt: '' };

/** A fact with all that is hashed: the position is the store's own affair. */
export type Envelope = Omit<RecordedFact, 'hash' | 'position'>;

/** One sealed fact: its canonical JSON (RFC 8785) is what an adapter stores, and with `hash` what it must give back. */
export interface SealedFact {
  readonly canonical: string;
  readonly hash: string;
  readonly revision: number;
  readonly occurredAt: string;
  /** Milliseconds since 1970 UTC. */
  readonly occurredAtMs: number;
  readonly recordedAt: string;
  readonly jump: number | undefined;
  readonly packed: Uint8Array;
}

export const MAX_FACTS_PER_COMMIT = 65_536;
/** Of the canonical JSON and of the packed forms of one commit, in UTF-16 units and bytes. */
const MAX_COMMIT_SIZE = 64 * 1024 * 1024;
/** Revisions are u32 in packed frames. */
const MAX_REVISION = 0xffff_ffff;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** Throws TypeError when the caller built a commit that no log can take: that is a mistake in a program. */
export function checkCommit(commit: Commit): void {
  const { stream, expected, commandId, facts } = commit;
  if (stream === '') throw new TypeError('a commit needs a stream');
  if (!UUID.test(commandId)) throw new TypeError(`the command's id must be a UUID: ${commandId}`);
  if (typeof expected === 'number' && !(Number.isSafeInteger(expected) && expected >= 0)) {
    throw new TypeError(`expected must be a revision, 'none' or 'any': ${expected}`);
  }
  if (facts.length === 0)
    throw new TypeError(`command ${commandId} has no facts: there is nothing to append`);
  if (facts.length > MAX_FACTS_PER_COMMIT) {
    throw new LogError(
      'too-large',
      stream,
      `a commit of ${facts.length} facts, at most ${MAX_FACTS_PER_COMMIT}`,
    );
  }
  let packedBytes = 0;
  for (const fact of facts) {
    if (fact.type === '') throw new TypeError('a fact needs a type');
    if (!(Number.isSafeInteger(fact.version) && fact.version >= 1)) {
      throw new TypeError(`${fact.type}: versions count from 1: ${fact.version}`);
    }
    if (!INSTANT.test(fact.occurredAt) || Number.isNaN(Date.parse(fact.occurredAt))) {
      throw new TypeError(
        `${fact.type}: occurredAt must be RFC 3339 in UTC with milliseconds: ${fact.occurredAt}`,
      );
    }
    packedBytes += fact.packed.length;
  }
  if (packedBytes > MAX_COMMIT_SIZE) {
    throw new LogError(
      'too-large',
      stream,
      `a commit of ${packedBytes} packed bytes, at most ${MAX_COMMIT_SIZE}`,
    );
  }
}

/** The conflict of a commit with where its stream ends (-1: no such stream), undefined when it may be appended. */
export function conflictOf(commit: Commit, revision: number): WrongExpectedRevision | undefined {
  const actual = revision < 0 ? 'none' : revision;
  if (commit.expected === 'any' || commit.expected === actual) return undefined;
  return new WrongExpectedRevision(commit.stream, commit.expected, actual);
}

/**
 * Seals the facts of a commit onto a stream's head; `now` is RFC 3339 in UTC with milliseconds.
 * Throws TypeError when `data` is not JSON, LogError `too-large` beyond MAX_COMMIT_SIZE.
 */
export function seal(commit: Commit, head: ChainHead, now: string): readonly SealedFact[] {
  const recordedAt = settled(head.recordedAt, now);
  const jump = jumpAfter(head, commit.facts[0]?.occurredAt ?? '');
  const cause = commit.commandId.toLowerCase();
  const command = uuidBytes(cause);
  const sealed: SealedFact[] = [];
  let previous = head.hash;
  let occurredAt = head.occurredAt;
  let size = 0;
  for (const [index, fact] of commit.facts.entries()) {
    // A commit happens at one moment: within it, time does not run backwards.
    occurredAt = index === 0 ? settled(occurredAt, fact.occurredAt) : later(occurredAt, fact.occurredAt);
    const revision = head.revision + 1 + index;
    const canonical = canonicalEnvelope({
      id: factId(command, index),
      stream: commit.stream,
      revision,
      type: fact.type,
      version: fact.version,
      occurredAt,
      recordedAt,
      actor: commit.actor,
      ...(commit.auth !== undefined && { auth: commit.auth }),
      ...(commit.claimed !== undefined && { claimed: commit.claimed }),
      cause,
      clock: now,
      ...(index === 0 && commit.command !== undefined && { command: commit.command }),
      ...(jump !== undefined && { jump }),
      correlation: commit.correlation,
      data: fact.data,
    });
    size += canonical.length;
    if (size > MAX_COMMIT_SIZE) {
      throw new LogError(
        'too-large',
        commit.stream,
        `a commit of more than ${MAX_COMMIT_SIZE} characters of JSON`,
      );
    }
    previous = chainHash(previous, canonical);
    const occurredAtMs = Date.parse(occurredAt);
    sealed.push({
      canonical,
      hash: previous,
      revision,
      occurredAt,
      occurredAtMs,
      recordedAt,
      jump,
      packed: fact.packed,
    });
  }
  if (head.revision + commit.facts.length > MAX_REVISION) {
    throw new LogError('too-large', commit.stream, `a stream holds at most ${MAX_REVISION} facts`);
  }
  return sealed;
}

/** Revision at which the stream's clock last jumped back, when a commit that occurred then follows its head. */
export function jumpAfter(head: ChainHead, occurredAt: string): number | undefined {
  return settled(head.occurredAt, occurredAt) < head.occurredAt ? head.revision + 1 : head.jump;
}

/** For `Appended`: the reading before that of a commit, when the writer's clock is behind it. */
export function behindOf(
  { recordedAt: before }: Pick<ChainHead, 'recordedAt'>,
  { recordedAt: after }: SealedFact,
): Pick<Appended, 'behind'> {
  return after < before ? { behind: { before, after } } : {};
}

/** Hex SHA-256 over the hash before it in the stream (hex, 64 zeros for none) and the envelope's canonical JSON. */
export function chainHash(previous: string, canonical: string): string {
  return hash('sha256', previous + canonical, 'hex');
}

/** Canonical JSON (RFC 8785) of the envelope, also when given a whole recorded fact: without hash and position. */
export function canonicalEnvelope(fact: Envelope): string {
  // In RFC 8785 order.
  const envelope = {
    actor: fact.actor,
    auth: fact.auth,
    cause: fact.cause,
    claimed: fact.claimed,
    clock: fact.clock,
    command: fact.command,
    correlation: fact.correlation,
    data: fact.data,
    id: fact.id,
    jump: fact.jump,
    occurredAt: fact.occurredAt,
    recordedAt: fact.recordedAt,
    revision: fact.revision,
    stream: fact.stream,
    type: fact.type,
    version: fact.version,
  };
  // Where the keys are in order, JSON.stringify writes what the RFC asks for, at a fraction of what the library costs.
  if (isInOrder(fact.data) && isInOrder(fact.auth) && isInOrder(fact.command)) {
    const json = JSON.stringify(envelope);
    if (!json.includes(LONE_SURROGATE)) return json;
  }
  try {
    return canonicalize(envelope) ?? '';
  } catch (error) {
    throw new TypeError(`this is no JSON: ${errorText(error)}`, {
      cause: error,
    });
  }
}

/** How the JSON of one begins; it can also be that of a text with a backslash. */
const LONE_SURROGATE = '\\ud';
/** Beyond, the library walks it, without recursion. */
const MAX_DEPTH = 100;

/** Whether it is nothing but finite numbers, texts, booleans, and keys in the order of their code units. */
function isInOrder(value: unknown, depth = MAX_DEPTH): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (value === null || typeof value !== 'object') return true;
  if (depth === 0 || 'toJSON' in value) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (!isInOrder(item, depth - 1)) return false;
    return true;
  }
  let before = '';
  for (const key in value) {
    if (key < before || !isInOrder(value[key as keyof typeof value], depth - 1)) return false;
    before = key;
  }
  return true;
}

/** UUIDv5 (RFC 9562) with the command's id as name space and the fact's index as name. */
export function factId(command: Buffer, index: number): string {
  const digest = hash('sha1', Buffer.concat([command, Buffer.from(String(index))]), 'hex');
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return (
    `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-` +
    `${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`
  );
}

function later(a: string, b: string): string {
  return a > b ? a : b; // one fixed format: the order of the texts is the order of the times
}
