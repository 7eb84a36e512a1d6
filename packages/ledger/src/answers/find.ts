/** Facts that a filter asks for: from the index as far as it reaches, and by looking at each beyond it. */
import { setImmediate } from 'node:timers/promises';
import type { EventLog, RecordedFact } from '@apledger/event-log';
import { type FactIndex, search } from '@apledger/projections';
import type { LogLedger } from '../log-ledger.ts';
import { type Scan, type Scanned, scanFacts } from './scan.ts';

/** Facts read together, and how far apart neighbours may lie to be read in one go. */
const GROUP = 64;
const NEAR = 8;

/** Every fact that has to be looked at, in the order asked for; those that the index finds are all wanted. */
export async function* find(ledger: LogLedger, scan: Scan): AsyncGenerator<Scanned, void, undefined> {
  const { index } = ledger;
  const isPlain = Object.keys(scan.filter).length === 0;
  if (index === undefined || isPlain) return yield* scanFacts(ledger, scan);
  let { after } = scan;
  try {
    for await (const scanned of mixed(ledger, index, scan)) {
      yield scanned;
      after = scanned.fact.position;
    }
  } catch (error) {
    index.heal(error);
    yield* scanFacts(ledger, { ...scan, after });
  }
}

/** What the index does not reach is looked at. */
async function* mixed(
  ledger: LogLedger,
  index: FactIndex,
  scan: Scan,
): AsyncGenerator<Scanned, void, undefined> {
  const { after, isNewestFirst } = scan;
  const reach = index.position;
  if (isNewestFirst) {
    if (after === undefined || after > reach + 1) yield* scanFacts(ledger, { ...scan, floor: reach });
    yield* indexed(ledger, index, scan, reach);
    return;
  }
  if ((after ?? 0) < reach) yield* indexed(ledger, index, scan, reach);
  yield* scanFacts(ledger, { ...scan, after: Math.max(after ?? 0, reach) });
}

async function* indexed(
  { log }: LogLedger,
  index: FactIndex,
  { host, after, isNewestFirst, filter, bounds }: Scan,
  reach: number,
): AsyncGenerator<Scanned, void, undefined> {
  const within = await bounds.positions(host);
  const first = Math.max(within.first, isNewestFirst ? 1 : (after ?? 0) + 1);
  const last = Math.min(within.last, reach, isNewestFirst && after !== undefined ? after - 1 : reach);
  for (const positions of search(index.store, { filter, host, first, last, isNewestFirst })) {
    for (let at = 0; at < positions.length; at += GROUP)
      for (const fact of await factsAt(log, positions.slice(at, at + GROUP)))
        yield { fact, isWanted: await bounds.contains(fact) };
    await setImmediate();
  }
}

/** The facts at the positions, in their order. */
async function factsAt(log: EventLog, positions: readonly number[]): Promise<RecordedFact[]> {
  const found = new Map<number, RecordedFact>();
  const wanted = new Set(positions);
  let from: number | undefined;
  let to = 0;
  const read = async (): Promise<void> => {
    if (from === undefined) return;
    for await (const fact of log.readAll({ after: from - 1, upTo: to }))
      if (wanted.has(fact.position)) found.set(fact.position, fact);
  };
  for (const position of positions.toSorted((a, b) => a - b)) {
    if (from === undefined || position - to > NEAR) {
      await read();
      from = position;
    }
    to = position;
  }
  await read();
  return positions.flatMap((position) => found.get(position) ?? []);
}
