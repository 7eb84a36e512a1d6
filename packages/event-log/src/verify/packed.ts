/** Compares the packed forms that folds read with the facts that are hashed. */
import { errorText } from '@apledger/text';
import { LogError } from '../errors.ts';
import { type PackedFact, packedFacts } from '../packed.ts';
import type { EventLog, PackedPage, RecordedFact } from '../port.ts';

/** The packed form that a fact must have, given the stored one. A throw is a problem found. */
export type Repack = (fact: RecordedFact, stored: Uint8Array) => Uint8Array;

type Range = NonNullable<Parameters<EventLog['readPacked']>[0]>;

/** Compares the packed forms of a run of facts with the facts: as each stream gives them, and a run of the log as the log does. */
export async function checkPacked(
  log: EventLog,
  facts: readonly RecordedFact[],
  runOf: 'log' | 'stream',
  report: (fact: RecordedFact, problem: string) => void,
  repack: Repack | undefined,
): Promise<void> {
  const found = new Map<RecordedFact, string>();
  if (runOf === 'log') await compare(log, facts, inLog, found, repack);
  for (const run of Map.groupBy(facts, (fact) => fact.stream).values()) {
    await compare(log, run, inStream, found, repack);
  }
  for (const [fact, problem] of found) report(fact, problem);
}

const inLog = (first: RecordedFact, last: RecordedFact): Range => {
  return { after: first.position - 1, upTo: last.position };
};
const inStream = (first: RecordedFact, last: RecordedFact): Range => {
  return { stream: first.stream, from: first.revision, to: last.revision };
};

async function compare(
  log: EventLog,
  facts: readonly RecordedFact[],
  range: typeof inLog,
  found: Map<RecordedFact, string>,
  repack: Repack | undefined,
): Promise<void> {
  const first = facts.at(0);
  const last = facts.at(-1);
  if (first === undefined || last === undefined) return;
  if (await compareRun(log.readPacked(range(first, last)), facts, found, repack)) return;
  // The run cannot be read as a whole: ask for its facts one by one, to say which.
  for (const fact of facts) {
    if (await compareRun(log.readPacked(range(fact, fact)), [fact], found, repack)) continue;
    found.set(fact, 'its packed form is missing or cannot be read');
  }
}

/** False, and nothing found, when there is not exactly one frame for each fact. */
async function compareRun(
  pages: AsyncIterable<PackedPage>,
  facts: readonly RecordedFact[],
  found: Map<RecordedFact, string>,
  repack: Repack | undefined,
): Promise<boolean> {
  const differing = new Map<RecordedFact, string>();
  let index = 0;
  try {
    for await (const page of pages) {
      for (const frame of packedFacts(page)) {
        const fact = facts[index];
        if (fact === undefined || fact.position !== frame.position) return false;
        const problem = difference(fact, frame, page.streamName(frame.stream), repack);
        if (problem !== undefined) differing.set(fact, problem);
        index += 1;
      }
    }
  } catch (error) {
    if (error instanceof LogError && error.code === 'corrupted') return false;
    throw error;
  }
  if (index !== facts.length) return false;
  for (const [fact, problem] of differing) found.set(fact, problem);
  return true;
}

function difference(
  fact: RecordedFact,
  frame: PackedFact,
  streamName: string,
  repack: Repack | undefined,
): string | undefined {
  const sameTime = Date.parse(fact.occurredAt) === frame.occurredAt;
  if (fact.revision !== frame.revision || fact.stream !== streamName || !sameTime) {
    return 'the header of its packed form is not that of the fact';
  }
  const payload = frame.bytes.subarray(frame.offset, frame.offset + frame.length);
  try {
    if (repack === undefined || Buffer.compare(payload, repack(fact, payload)) === 0) return undefined;
  } catch (error) {
    return `its data have no packed form: ${errorText(error)}`;
  }
  return 'its packed form is not that of its data';
}
