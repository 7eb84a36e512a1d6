/**
 * Is this log the one that was signed? Every leaf is recomputed from its fact, and held to the checkpoints and evidence files
 * that somebody kept. Nothing that the log says about its own hashes is believed.
 */
import type { RecordedFact } from '@apledger/event-log';
import { type Checkpoint, EvidenceError, HASH_BYTES, partialTiles, TILE_WIDTH } from '@apledger/evidence';
import { EMPTY_ROOT } from './hashing.ts';
import { MissingTile, TileReader, type TileSource } from './reading.ts';
import { type FilledTile, GrowingTree } from './tree.ts';

/** What somebody kept: a checkpoint, and perhaps the fact of an evidence file. */
export interface Kept {
  /** A file's name, for people. */
  readonly name: string;
  readonly checkpoint: Checkpoint;
  /** The leaf that an evidence file proves. */
  readonly leaf?: { readonly index: number; readonly hash: Buffer } | undefined;
}

/** A leaf as it follows from the log now. */
export interface FoundLeaf extends Pick<RecordedFact, 'stream' | 'revision' | 'position'> {
  readonly hash: Buffer;
}

/** What is not as it was signed. */
export interface Difference {
  /** The first leaf that differs; undefined where only the range is known. */
  readonly index?: number;
  readonly stream?: string;
  readonly revision?: number;
  readonly position?: number;
  /** The leaves among which it is: `from` up to but not including `to`. */
  readonly from: number;
  readonly to: number;
  readonly problem: string;
}

export interface Checked {
  /** Facts of the log. */
  readonly leaves: number;
  /** Root over all of them. */
  readonly root: Buffer;
  /** Those whose root follows from the log. */
  readonly confirmed: readonly Kept[];
  readonly differences: readonly Difference[];
}

export interface CheckOptions {
  /** In the log's order, some at a time; see Leaves and recomputeLeaves. */
  readonly leaves: AsyncIterable<readonly FoundLeaf[]>;
  readonly kept: readonly Kept[];
  /** As files or a server have them, and the size to which they claim to go. */
  readonly tiles?: ClaimedTiles | undefined;
}

interface ClaimedTiles {
  readonly source: TileSource;
  readonly size: number;
  /** Positions of the last facts of full tiles, as somebody has noted them: those that are not there are no fault. */
  readonly positions?: readonly number[] | undefined;
}

/** Compares. Throws what reading throws. */
export async function checkLeaves({ leaves, kept, tiles }: CheckOptions): Promise<Checked> {
  const walk = new Walk(kept, tiles);
  try {
    for await (const run of leaves) for (const leaf of run) await walk.take(leaf);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    walk.breakOff(error.message);
  }
  return walk.finish();
}

class Walk {
  readonly #tree = new GrowingTree();
  readonly #kept: readonly Kept[];
  readonly #tiles: TileReader | undefined;
  /** Roots at the sizes of the checkpoints. */
  readonly #roots = new Map<number, Buffer>();
  readonly #sizes: ReadonlySet<number>;
  readonly #evidence: ReadonlyMap<number, Kept>;
  readonly #differences: Difference[] = [];
  /** The first leaf that is not the one of the tiles. */
  #firstByTiles: (FoundLeaf & { readonly index: number }) | undefined;
  readonly #wrongFiles: string[] = [];
  readonly #positions: readonly number[];
  /** Hashes of the tile of level 0 at which the walk is. */
  #tile: Buffer | undefined;
  #filled: FilledTile[] = [];
  #unreadable: string | undefined;

  constructor(kept: readonly Kept[], tiles: CheckOptions['tiles']) {
    this.#kept = kept;
    this.#tiles = tiles && new TileReader(tiles.source, tiles.size);
    this.#positions = tiles?.positions ?? [];
    this.#sizes = new Set(kept.map(({ checkpoint }) => checkpoint.size));
    this.#evidence = new Map(
      kept.flatMap((each) => (each.leaf === undefined ? [] : [[each.leaf.index, each]])),
    );
    if (this.#sizes.has(0)) this.#roots.set(0, EMPTY_ROOT);
  }

  /** A promise only where a tile has to be read. */
  take(leaf: FoundLeaf): Promise<void> | undefined {
    const index = this.#tree.size;
    const tiles = this.#tiles;
    if (tiles !== undefined && index % TILE_WIDTH === 0 && index < tiles.size)
      return this.#nextTile(tiles, leaf, index);
    this.#add(leaf, index);
    return undefined;
  }

  /** The rest of the log cannot be read. */
  breakOff(reason: string): void {
    this.#unreadable = reason;
  }

  async #nextTile(tiles: TileReader, leaf: FoundLeaf, index: number): Promise<void> {
    const number = index / TILE_WIDTH;
    this.#tile = await tiles.tile(0, number).catch(unlessNoTile);
    if (this.#tile === undefined) this.#noteTile(tiles, 0, number);
    await this.#compareFilled(tiles);
    this.#add(leaf, index);
  }

  async #compareFilled(tiles: TileReader): Promise<void> {
    await Promise.all(this.#filled.splice(0).map((tile) => this.#compareTile(tiles, tile)));
  }

  #add(leaf: FoundLeaf, index: number): void {
    this.#compareEvidence(leaf, index);
    const at = (index % TILE_WIDTH) * HASH_BYTES;
    const inTile = index < (this.#tiles?.size ?? 0) ? this.#tile?.subarray(at, at + HASH_BYTES) : undefined;
    if (inTile?.equals(leaf.hash) === false) this.#firstByTiles ??= { ...leaf, index };
    for (const tile of this.#tree.append(leaf.hash)) {
      if (tile.level > 0) this.#filled.push(tile);
      else this.#comparePosition(leaf, tile.index);
    }
    if (this.#tree.size === this.#tiles?.size) this.#takePartials();
    if (this.#sizes.has(this.#tree.size)) this.#roots.set(this.#tree.size, this.#tree.root());
  }

  #compareEvidence(leaf: FoundLeaf, index: number): void {
    const kept = this.#evidence.get(index);
    if (kept?.leaf === undefined || kept.leaf.hash.equals(leaf.hash)) return;
    const { hash: _, ...where } = leaf;
    this.#report({
      ...where,
      index,
      from: index,
      to: index + 1,
      problem: `it is not the fact of ${kept.name}`,
    });
  }

  /** Where a tile ends, so that the facts of the next ones are found without counting. */
  #comparePosition(last: FoundLeaf, tile: number): void {
    const position = this.#positions[tile];
    const isSealed = (tile + 1) * TILE_WIDTH <= (this.#tiles?.size ?? 0);
    if (isSealed && position !== undefined && position !== last.position) this.#noteFile('positions');
  }

  /** What the tiles above level 0 hold that are not full where the checkpoint ends: it is hashed into its root too. */
  #takePartials(): void {
    for (const tile of partialTiles(this.#tree.size))
      if (tile.level > 0) this.#filled.push({ ...tile, hashes: Buffer.from(this.#tree.partial(tile.level)) });
  }

  async #compareTile(tiles: TileReader, { level, index, width, hashes }: FilledTile): Promise<void> {
    if ((index * TILE_WIDTH + width) * TILE_WIDTH ** level > tiles.size) return;
    const found = await tiles.tile(level, index).catch(unlessNoTile);
    if (this.#firstByTiles === undefined && found?.equals(hashes) !== true)
      this.#noteTile(tiles, level, index);
  }

  #noteTile(tiles: TileReader, level: number, index: number): void {
    this.#noteFile(tiles.path(level, index));
  }

  #noteFile(path: string): void {
    if (!this.#wrongFiles.includes(path)) this.#wrongFiles.push(path);
  }

  async finish(): Promise<Checked> {
    if (this.#tiles !== undefined) await this.#compareFilled(this.#tiles);
    const sorted = this.#kept.toSorted((a, b) => a.checkpoint.size - b.checkpoint.size);
    const confirmed = sorted.filter(
      ({ checkpoint: { size, root } }) => this.#roots.get(size)?.equals(root) === true,
    );
    const sizes = confirmed.map(({ checkpoint }) => checkpoint.size);
    for (const kept of sorted) {
      if (confirmed.includes(kept)) continue;
      const { name, checkpoint } = kept;
      await this.#explain(name, checkpoint, Math.max(0, ...sizes.filter((size) => size < checkpoint.size)));
    }
    this.#explainTiles(Math.max(0, ...sizes));
    return {
      leaves: this.#tree.size,
      root: this.#tree.root(),
      confirmed,
      differences: this.#differences,
    };
  }

  /** Says where the log is not what the checkpoint covers, as exactly as tiles allow. */
  async #explain(name: string, { size, root }: Checkpoint, good: number): Promise<void> {
    const leaves = this.#tree.size;
    const first = this.#firstByTiles;
    // Tiles say where only if they are those of this very checkpoint.
    const isByTiles = await this.#tilesLeadTo(size, root);
    if (isByTiles && first !== undefined && first.index < size) {
      const { hash: _, ...where } = first;
      if (!this.#differences.some(({ index }) => index === where.index))
        this.#report({
          ...where,
          from: where.index,
          to: where.index + 1,
          problem: `it is not the fact that ${name} covers`,
        });
    } else if (leaves < size) {
      const from = isByTiles ? leaves : good;
      const end = this.#unreadable === undefined ? 'ends' : 'cannot be read';
      const problem = `the log ${end} after ${leaves} facts, and ${name} covers ${size}`;
      this.#report({
        from,
        to: size,
        problem: problem + (this.#unreadable === undefined ? '' : `: ${this.#unreadable}`),
      });
    } else if (!this.#differences.some(({ index = size }) => index < size))
      this.#report({ from: good, to: size, problem: `these facts are not those that ${name} covers` });
  }

  async #tilesLeadTo(size: number, root: Uint8Array): Promise<boolean> {
    if (this.#tiles === undefined || this.#tiles.size < size) return false;
    try {
      return (await this.#tiles.root(size)).equals(root);
    } catch (error) {
      if (error instanceof MissingTile) return false;
      throw error;
    }
  }

  /** Files that are wrong although the log is what was signed. */
  #explainTiles(good: number): void {
    const first = this.#firstByTiles;
    if (this.#tiles !== undefined && first !== undefined && first.index < good)
      this.#noteTile(this.#tiles, 0, Math.floor(first.index / TILE_WIDTH));
    for (const path of this.#wrongFiles)
      this.#report({
        from: 0,
        to: this.#tiles?.size ?? 0,
        problem: `${path} is missing or is not what follows from the log; "apledger rebuild" writes it anew`,
      });
  }

  #report(difference: Difference): void {
    this.#differences.push(difference);
  }
}

/** A tile that is not there is one of the findings; whatever else keeps it from being read is not. */
function unlessNoTile(error: unknown): undefined {
  if (!(error instanceof MissingTile)) throw error;
}
