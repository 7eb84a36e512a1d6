/**
 * The facts of a log as folds want them: packed, each with its place, and each saying all.
 *
 * Logs of earlier versions hold facts whose packed form does not say all that a host's state depends on. Their pages are packed anew from
 * the JSON of the same facts.
 */
import {
  type EventLog,
  factAt,
  LogError,
  type PackedFact,
  type PackedPage,
  packedFacts,
  packFacts,
} from '@apledger/event-log';
import { hostOf, InvalidFact, isWholeOp, pack, parseFact, streamOf, UnknownFact } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { applyFact, CannotFold } from './fold.ts';

type Range = NonNullable<Parameters<EventLog['readPacked']>[0]>;

/** As `log.readPacked`, and every fact of every page says all, also whether it is the last of its commit. Throws `CannotFold` for a fact of a newer version. */
export async function* readFacts(
  log: EventLog,
  range: Range = {},
): AsyncGenerator<PackedPage, void, undefined> {
  for await (const page of log.readPacked(range))
    yield isWhole(page) ? page : await packedAnew(log, page, range);
}

function isWhole(page: PackedPage): boolean {
  for (const { stream, bytes, offset, length, isLast } of packedFacts(page)) {
    if (isLast !== undefined && length > 0 && isWholeOp(bytes[offset] ?? 0)) continue;
    // Facts about the ledger have no packed form: nothing is folded from them.
    if (length > 0 || hostOf(page.streamName(stream)) !== undefined) return false;
  }
  return true;
}

/** The page with each fact packed as it is today. */
async function packedAnew(log: EventLog, page: PackedPage, range: Range): Promise<PackedPage> {
  const entries: Pick<PackedFact, 'stream' | 'revision' | 'position' | 'occurredAt'>[] = [];
  // Each step moves the same object on: what is kept must be copied before the next.
  for (const { stream, revision, position, occurredAt } of packedFacts(page))
    entries.push({ stream, revision, position, occurredAt });
  const facts = await factsAt(log, entries, range);
  const whole = entries.map((entry, index) => {
    const fact = facts.get(entry.position);
    if (fact === undefined)
      throw new LogError('corrupted', 'packed page', `there is no fact at position ${entry.position}`);
    const next = entries[index + 1];
    const cause = next === undefined ? fact.next : facts.get(next.position)?.cause;
    const isLast = cause !== fact.cause || (next !== undefined && next.stream !== entry.stream);
    return { ...entry, isLast, payload: fact.payload };
  });
  return { ...page, bytes: packFacts(whole) };
}

interface FactRead {
  readonly payload: Uint8Array;
  /** The command that caused it, and for the last fact of a page the one that caused the next of its stream. */
  readonly cause: string;
  readonly next?: string | undefined;
}

/** The facts at these places, by position. */
async function factsAt(
  log: EventLog,
  places: readonly { readonly revision: number; readonly position: number }[],
  range: Range,
): Promise<Map<number, FactRead>> {
  const read = new Map<number, FactRead>();
  const [first, last] = [places.at(0), places.at(-1)];
  if (first === undefined || last === undefined) return read;
  const facts =
    'stream' in range
      ? log.readStream(range.stream, { from: first.revision, to: last.revision })
      : log.readAll({ after: first.position - 1, upTo: last.position });
  for await (const { stream, revision, position, type, version, data, cause } of facts) {
    const next = position === last.position ? (await factAt(log, stream, revision + 1))?.cause : undefined;
    try {
      const isOfHost = hostOf(stream) !== undefined;
      const payload = isOfHost ? pack(parseFact(type, version, data)) : new Uint8Array();
      read.set(position, { payload, cause, next });
    } catch (error) {
      if (!(error instanceof UnknownFact || error instanceof InvalidFact)) throw error;
      throw new CannotFold(position, error.message, error);
    }
  }
  return read;
}

/** Folds the host's facts after the state's revision, up to and including `to`, onto the state, and gives it back. */
export async function foldStream(
  log: EventLog,
  host: string,
  state: HostState,
  to: number,
): Promise<HostState> {
  if (state.revision >= to) return state;
  const range = { stream: streamOf(host), from: state.revision + 1, to };
  for await (const page of readFacts(log, range))
    for (const fact of packedFacts(page)) applyFact(state, fact);
  return state;
}
