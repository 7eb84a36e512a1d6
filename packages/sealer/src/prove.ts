/** Makes the evidence file of a fact. */
import { canonicalEnvelope, chainHash, type EventLog, NO_HEAD, type RecordedFact } from '@apledger/event-log';
import {
  areEqual,
  type Bytes,
  type Checkpoint,
  EvidenceError,
  HASH_BYTES,
  proofText,
  rootByInclusion,
  TILE_WIDTH,
  tilePath,
} from '@apledger/evidence';
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

/** A fact, its number in the log, and the number of its tile. */
interface Found {
  readonly fact: RecordedFact;
  readonly index: number;
  readonly tile: number;
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
    const place = await this.#find(position);
    const { fact, index } = place;
    const found = await this.#files.checkpointFor(index);
    if (found === undefined) {
      await this.#checkPositions(place);
      throw new EvidenceError(await this.#whyUncovered(position));
    }
    const { text, checkpoint } = found;
    const previous = await this.#previous(fact);
    const canonical = canonicalEnvelope(fact);
    const leaf = leafHash(leafOf(fact));
    const proof = await this.#inclusion(checkpoint, index, async (reader) => {
      if (chainHash(previous, canonical) === fact.hash && (await reader.leaf(index)).equals(leaf))
        return leaf;
      await this.#checkPositions(place);
      throw new EvidenceError(
        `${fact.stream}, revision ${fact.revision}, position ${position} is not the fact that was sealed as leaf ${index}; "apledger verify" says more`,
      );
    });
    return { text: proofText(previous + canonical, index, proof, text), index, size: checkpoint.size };
  }

  /**
   * The way from the leaf to the checkpoint's root. What does not lead there would be refused by those who get it: tiles are only
   * files. They are read anew after a fault, since somebody may have mended them.
   */
  async #inclusion(
    { origin, size, root }: Checkpoint,
    index: number,
    leafIn: (reader: TileReader) => Promise<Buffer>,
  ): Promise<readonly Buffer[]> {
    const reader = this.#readerOf(size);
    try {
      const leaf = await leafIn(reader);
      const proof = await reader.inclusion(index);
      const reached = await rootByInclusion(index, size, Uint8Array.from(leaf), proof.map(bytesOf));
      if (areEqual(reached, root)) return proof;
      throw new EvidenceError(
        `the tiles of ${origin} do not lead to the root of its checkpoint of ${size} facts; "apledger verify" names what is wrong, "apledger rebuild" writes tiles anew`,
      );
    } catch (error) {
      this.#reader = undefined;
      throw error;
    }
  }

  async #whyUncovered(position: number): Promise<string> {
    return (await this.#files.readCheckpoint()) === undefined
      ? 'this log was never sealed: "apledger log seal" seals it once, and a service does so all the time'
      : `no checkpoint covers position ${position} yet: a running service signs one within a second, and "apledger log seal" signs one now`;
  }

  /**
   * Throws EvidenceError when the noted positions by which the fact was counted are not those of the tiles' last facts: then it is
   * not the fact that is wrong, nor the sealer that is late.
   */
  async #checkPositions({ tile, fact }: Found): Promise<void> {
    for (const index of [tile - 1, tile]) {
      const position = this.#positions[index];
      if (position === undefined || position === fact.position) continue;
      const full = { level: 0, index, width: TILE_WIDTH };
      const hashes = await this.#files.readTile(full);
      const last = await this.#leafAt(position);
      if (hashes === undefined || last?.equals(hashes.subarray(-HASH_BYTES))) continue;
      this.#positions = [];
      throw new EvidenceError(
        `positions or ${tilePath(full)} is not what follows from the log; "apledger verify" says which, "apledger rebuild" writes them anew`,
      );
    }
  }

  async #leafAt(position: number): Promise<Buffer | undefined> {
    for await (const fact of this.#log.readAll({ after: position - 1, upTo: position }))
      return leafHash(leafOf(fact));
    return undefined;
  }

  /** The fact and its number in the log. Positions may have gaps: a tile of which none is missing needs no counting. */
  async #find(position: number): Promise<Found> {
    if ((this.#positions.at(-1) ?? 0) < position) this.#positions = await this.#files.readPositions();
    const tile = firstNotBelow(this.#positions, position);
    const after = this.#positions[tile - 1] ?? 0;
    const isDense = this.#positions[tile] === after + TILE_WIDTH;
    let count = isDense ? position - after - 1 : 0;
    for await (const fact of this.#log.readAll({ after: isDense ? position - 1 : after, upTo: position })) {
      if (fact.position === position) return { fact, index: tile * TILE_WIDTH + count, tile };
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

const bytesOf = (hash: Buffer): Bytes => Uint8Array.from(hash);

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
