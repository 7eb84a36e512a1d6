/** Makes the evidence file of a fact. */
import { canonicalEnvelope, chainHash, type EventLog, NO_HEAD, type RecordedFact } from '@apledger/event-log';
import { EvidenceError, proofText, TILE_WIDTH } from '@apledger/evidence';
import { leafHash, leafOf } from './hashing.ts';
import { TileReader } from './reading.ts';
import type { TileFiles } from './tile-files.ts';

export interface FactProof {
  /** The evidence file, c2sp.org/tlog-proof. */
  readonly text: string;
  readonly index: number;
  /** Of the checkpoint in it. */
  readonly size: number;
}

/** Makes evidence files from a log and its tiles. What it has read of them is kept for the next ones. */
export class Prover {
  readonly #log: EventLog;
  readonly #files: TileFiles;
  #positions: readonly number[] = [];
  #reader: TileReader | undefined;

  constructor(log: EventLog, files: TileFiles) {
    this.#log = log;
    this.#files = files;
  }

  /**
   * The evidence file of the fact at a position, under the newest checkpoint. Throws EvidenceError when there is no such
   * fact, no checkpoint covers it yet, or log and tiles differ.
   */
  async prove(position: number): Promise<FactProof> {
    const { fact, index } = await this.#find(position);
    const found = await this.#files.checkpointFor(index);
    if (found === undefined)
      throw new EvidenceError(
        `no checkpoint covers position ${position} yet: the sealer signs one within a second`,
      );
    const { text, checkpoint } = found;
    const previous = await this.#previous(fact);
    const canonical = canonicalEnvelope(fact);
    const reader = this.#readerOf(checkpoint.size);
    const isSealed =
      chainHash(previous, canonical) === fact.hash &&
      (await reader.leaf(index)).equals(leafHash(leafOf(fact)));
    if (!isSealed)
      throw new EvidenceError(
        `${fact.stream}, revision ${fact.revision}, position ${position} is not the fact that was sealed as leaf ${index}; "apledger verify" says more`,
      );
    const proof = await reader.inclusion(index);
    return { text: proofText(previous + canonical, index, proof, text), index, size: checkpoint.size };
  }

  /** The fact and its number in the log. Positions may have gaps: a tile of which none is missing needs no counting. */
  async #find(position: number): Promise<{ readonly fact: RecordedFact; readonly index: number }> {
    if ((this.#positions.at(-1) ?? 0) < position) this.#positions = await this.#files.readPositions();
    const tile = firstNotBelow(this.#positions, position);
    const after = this.#positions[tile - 1] ?? 0;
    const isDense = this.#positions[tile] === after + TILE_WIDTH;
    let count = isDense ? position - after - 1 : 0;
    for await (const fact of this.#log.readAll({ after: isDense ? position - 1 : after, upTo: position })) {
      if (fact.position === position) return { fact, index: tile * TILE_WIDTH + count };
      count += 1;
    }
    throw new EvidenceError(`there is no fact at position ${position}`);
  }

  async #previous({ stream, revision }: RecordedFact): Promise<string> {
    if (revision === 0) return NO_HEAD.hash;
    for await (const fact of this.#log.readStream(stream, { from: revision - 1, to: revision - 1 }))
      return fact.hash;
    throw new EvidenceError(`stream ${stream} has no revision ${revision - 1}`);
  }

  #readerOf(size: number): TileReader {
    if (this.#reader?.size !== size) this.#reader = new TileReader(this.#files, size);
    return this.#reader;
  }
}

/** Index of the first number that is not below; their count when all are. The numbers ascend. */
function firstNotBelow(numbers: readonly number[], bound: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
