/** The queues of a fact, packed: by adapter, since a bus scan names thousands at once, and several facts in a row have the same list. */
import { type Apqn, apidOf, apqiOf, MASK_WORDS, parseApqn } from '@apledger/ap';
import type { PackedWriter } from './packed-codec.ts';

/** The queue of a name. Throws RangeError for a text that is none. */
export function queueNamed(name: string): Apqn {
  const queue = parseApqn(name);
  if (queue === undefined) throw new RangeError(`not a queue: ${JSON.stringify(name.slice(0, 80))}`);
  return queue;
}

/** Reused, for packing is synchronous: a row of domains for each adapter, and the adapters in the order of their first queue. */
const domainsOf = new Uint32Array(256 * MASK_WORDS);
const named: number[] = [];
/** Whose rows these are: what happens to a run of queues are several facts with one list. */
let rowsOf: readonly string[] = [];

/**
 * Writes the queues of a fact: a row for each adapter. Throws RangeError for what is no queue, and for one that is named twice.
 */
export function writeQueues(writer: PackedWriter, names: readonly string[]): void {
  if (names !== rowsOf) readRows(names);
  writer.u16(named.length);
  for (const apid of named) writer.u8(apid).ids(domainsOf, apid * MASK_WORDS);
}

function readRows(names: readonly string[]): void {
  rowsOf = [];
  named.length = 0;
  let last = -1;
  for (const name of names) {
    const queue = queueNamed(name);
    const apid = apidOf(queue);
    if (apid !== last && !named.includes(apid)) {
      named.push(apid);
      domainsOf.fill(0, apid * MASK_WORDS, (apid + 1) * MASK_WORDS);
    }
    last = apid;
    const apqi = apqiOf(queue);
    const word = apid * MASK_WORDS + (apqi >>> 5);
    const bit = 0x80000000 >>> (apqi & 31);
    if (((domainsOf[word] ?? 0) & bit) !== 0) throw new RangeError(`${name} is named twice`);
    domainsOf[word] = (domainsOf[word] ?? 0) | bit;
  }
  rowsOf = names;
}
