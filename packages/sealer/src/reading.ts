/** Hashes of subtrees, looked up in tiles. */
import {
  completeSubtrees,
  consistencyRanges,
  EvidenceError,
  HASH_BYTES,
  inclusionRanges,
  placeOf,
  type Range,
  TILE_WIDTH,
  type Tile,
  tilePath,
  widthOfLevel,
} from '@apledger/evidence';
import { rootOf, subtreesOf } from './hashing.ts';

/** Where tiles are read: files, a server, or a tree that is just built. */
export interface TileSource {
  /** The hashes of a tile; undefined when it is not there. */
  readTile(tile: Tile): Promise<Buffer | undefined>;
}

/** A tile is not there, or has another length. */
export class MissingTile extends EvidenceError {}

/** Tiles that are kept, 8 kB each. */
const MAX_TILES = 2048;

/** The tiles of a tree of one size; each is read and hashed once while not too many others are. */
export class TileReader {
  readonly size: number;
  readonly #source: TileSource;
  readonly #tiles = new Map<string, Promise<Buffer>>();
  readonly #subtrees = new WeakMap<Buffer, readonly Buffer[]>();

  constructor(source: TileSource, size: number) {
    this.#source = source;
    this.size = size;
  }

  /** Hash of the leaf. Throws EvidenceError when its tile is not there. */
  async leaf(index: number): Promise<Buffer> {
    const at = index % TILE_WIDTH;
    const tile = await this.tile(0, Math.floor(index / TILE_WIDTH));
    return tile.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
  }

  /** Hash over a range that begins where a subtree begins. Throws EvidenceError when a tile is not there. */
  async range(range: Range): Promise<Buffer> {
    return rootOf(await Promise.all(completeSubtrees(range).map((subtree) => this.#subtree(subtree))));
  }

  root(size = this.size): Promise<Buffer> {
    return this.range({ from: 0, to: size });
  }

  /** Proof that the leaf is in this tree. */
  inclusion(index: number): Promise<Buffer[]> {
    return Promise.all(inclusionRanges(index, this.size).map((range) => this.range(range)));
  }

  /** Proof that a tree of size `old` is the beginning of this one. */
  consistency(old: number): Promise<Buffer[]> {
    return Promise.all(consistencyRanges(old, this.size).map((range) => this.range(range)));
  }

  /** Path of the tile, the partial one where no more of it belongs to this tree. */
  path(level: number, index: number): string {
    return tilePath({ level, index, width: this.#width(level, index) });
  }

  tile(level: number, index: number): Promise<Buffer> {
    const width = this.#width(level, index);
    const path = this.path(level, index);
    let tile = this.#tiles.get(path);
    if (tile === undefined) {
      tile = this.#source.readTile({ level, index, width }).then((found) => {
        if (found === undefined) throw new MissingTile(`${path} is missing or has another length`);
        return found;
      });
      if (this.#tiles.size >= MAX_TILES) this.#tiles.clear();
      this.#tiles.set(path, tile);
    }
    return tile;
  }

  #width(level: number, index: number): number {
    return Math.min(TILE_WIDTH, widthOfLevel(this.size, level) - index * TILE_WIDTH);
  }

  async #subtree(range: Range): Promise<Buffer> {
    const { level, index, from, to } = placeOf(range);
    const tile = await this.tile(level, index);
    const subtrees = this.#subtrees.get(tile) ?? subtreesOf(tile);
    this.#subtrees.set(tile, subtrees);
    const at = (from / (to - from)) * HASH_BYTES;
    return (subtrees[Math.log2(to - from)] ?? tile).subarray(at, at + HASH_BYTES);
  }
}
