/** What the contract's tests share: commits to append, and ways to take everything that a log gives. */

import { randomUUID } from 'node:crypto';
import { packedFacts } from '../packed.ts';
import type { Commit, Delivery, EventLog, JsonObject, NewFact, PackedPage, RecordedFact } from '../port.ts';
import { type Verification, type VerifyOptions, verify } from '../verify.ts';

/** Opens the store of the running test; the log is closed after it. */
export type Open = () => Promise<EventLog>;

export const NOON = '2026-03-01T12:00:00.000Z';

/** An instant some milliseconds after NOON. */
export function instant(milliseconds: number): string {
  return new Date(Date.parse(NOON) + milliseconds).toISOString();
}

/** A fact about the n-th adapter, packed as the text of its number. */
export function fact(n: number, data: JsonObject = {}): NewFact {
  const packed = new TextEncoder().encode(`packed ${n}`);
  return {
    type: 'AdapterAssigned',
    version: 1,
    occurredAt: instant(n),
    data: { adapter: n, ...data },
    packed,
  };
}

/** A commit of facts about adapters 0.. to a stream. */
export function commit(
  stream: string,
  expected: Commit['expected'],
  facts: readonly NewFact[] = [fact(0)],
): Commit {
  return { stream, expected, commandId: randomUUID(), actor: 'root', correlation: 'c-1', facts };
}

/** Everything that a reading yields. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** The packed facts of all pages, with copied payloads and the names of their streams. */
export async function unpacked(pages: AsyncIterable<PackedPage>): Promise<object[]> {
  const found: object[] = [];
  for await (const page of pages) {
    let last = 0;
    for (const { stream, revision, position, occurredAt, bytes, offset, length } of packedFacts(page)) {
      const payload = new TextDecoder().decode(bytes.subarray(offset, offset + length));
      found.push({ stream: page.streamName(stream), revision, position, occurredAt, payload });
      last = position;
    }
    if (page.lastPosition !== last)
      throw new Error(`a page says ${page.lastPosition}, its last fact ${last}`);
  }
  return found;
}

/** The verification of a log, walked to its end. */
export async function verified(log: EventLog, options?: VerifyOptions): Promise<Verification> {
  const walk = verify(log, options);
  for (;;) {
    const step = await walk.next();
    if (step.done) return step.value;
  }
}

/** What a subscription delivers until `enough` says so; the subscription is then aborted. */
export async function deliveries(
  log: EventLog,
  after: number,
  enough: (facts: readonly RecordedFact[], caughtUp: readonly number[]) => boolean,
  onDelivery: (delivery: Delivery) => void = () => {},
): Promise<{ readonly facts: readonly RecordedFact[]; readonly caughtUp: readonly number[] }> {
  const facts: RecordedFact[] = [];
  const caughtUp: number[] = [];
  const ended = new AbortController();
  for await (const delivery of log.subscribe({ after, signal: ended.signal })) {
    if ('fact' in delivery) facts.push(delivery.fact);
    else caughtUp.push(delivery.caughtUp);
    onDelivery(delivery);
    if (enough(facts, caughtUp)) ended.abort();
  }
  return { facts, caughtUp };
}

/** Three hosts taking turns, with commits of one to three facts: 30 commits. */
export async function fill(log: EventLog, commits = 30): Promise<void> {
  for (let n = 0; n < commits; n++) {
    const facts = Array.from({ length: 1 + (n % 3) }, (_, index) => fact(n * 10 + index));
    await log.append(commit(`host-${n % 3}`, 'any', facts));
  }
}

/** A recorded fact of `fact(n)` as `unpacked` gives it. */
export function asPacked({ stream, revision, position, occurredAt, data }: RecordedFact): object {
  return {
    stream,
    revision,
    position,
    occurredAt: Date.parse(occurredAt),
    payload: `packed ${data.adapter}`,
  };
}

/** Appends facts 0.. to a stream, one after the other. */
export async function write(log: EventLog, stream: string, times: number): Promise<void> {
  for (let n = 0; n < times; n++) await log.append(commit(stream, 'any', [fact(n)]));
}
