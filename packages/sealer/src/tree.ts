/**
 * The tree as it grows: leaves in, full tiles out. It holds the last tile of each level, at most 8 kB each.
 */
import { completeSubtrees, HASH_BYTES, placeOf, TILE_WIDTH, type Tile } from '@apledger/evidence';
import { rootOf, subtreeHash } from './hashing.ts';

/** A tile and its hashes, one behind the other. */
export interface FilledTile extends Tile {
  readonly hashes: Buffer;
}

export class GrowingTree {
  /** Of each level, the hashes of the tile that is not full. */
  readonly #levels: Buffer[] = [];
  #size: number;

  /** Goes on from a tree of full tiles; `levels` are the hashes of its partial tiles, from level 0 on. */
  constructor(size = 0, levels: readonly Buffer[] = []) {
    this.#size = size;
    for (const hashes of levels) {
      const level = Buffer.alloc(TILE_WIDTH * HASH_BYTES);
      hashes.copy(level);
      this.#levels.push(level);
    }
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a leaf by its hash; gives the tiles that it has filled, from level 0 up. */
  append(leaf: Buffer): readonly FilledTile[] {
    const filled: FilledTile[] = [];
    let hash = leaf;
    let count = this.#size++;
    for (let level = 0; ; level++) {
      const at = count % TILE_WIDTH;
      const hashes = this.#levels[level] ?? Buffer.alloc(TILE_WIDTH * HASH_BYTES);
      this.#levels[level] = hashes;
      hash.copy(hashes, at * HASH_BYTES);
      if (at < TILE_WIDTH - 1) return filled;
      const tile = {
        level,
        index: Math.floor(count / TILE_WIDTH),
        width: TILE_WIDTH,
        hashes: Buffer.from(hashes),
      };
      filled.push(tile);
      hash = subtreeHash(tile.hashes);
      count = tile.index;
    }
  }

  /** Hashes of the tile of a level that is not full. */
  partial(level: number): Buffer {
    const width = Math.floor(this.#size / TILE_WIDTH ** level) % TILE_WIDTH;
    return this.#levels[level]?.subarray(0, width * HASH_BYTES) ?? Buffer.alloc(0);
  }

  /** The root now. */
  root(): Buffer {
    const subtrees = completeSubtrees({ from: 0, to: this.#size });
    return rootOf(
      subtrees.map((range) => {
        const { level, from, to } = placeOf(range);
        return subtreeHash(this.partial(level).subarray(from * HASH_BYTES, to * HASH_BYTES));
      }),
    );
  }
}
