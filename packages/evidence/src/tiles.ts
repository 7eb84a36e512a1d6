/** Tiles (c2sp.org/tlog-tiles): where the hash of a subtree is found, and the names of files. */
import type { Range } from './merkle.ts';

/** Hashes in a full tile. */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;

/** A tile; `width` below 256 is a partial one. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/** `1234067` is `x001/x234/067`. */
function indexPath(index: number): string {
  let path = String(index % 1000).padStart(3, '0');
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`;
  return path;
}

const widthPath = (width: number): string => (width === TILE_WIDTH ? '' : `.p/${width}`);

/** Path of a tile below the log's prefix. */
export const tilePath = ({ level, index, width }: Tile): string =>
  `tile/${level}/${indexPath(index)}${widthPath(width)}`;

/** The index and width in the part of a path behind the level; undefined for what no path is. */
export function parseTilePath(path: string): Pick<Tile, 'index' | 'width'> | undefined {
  const [, folders = '', last = '', width] =
    /^((?:x\d{3}\/){0,4})(\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path) ?? [];
  const index = Number(`${folders.replaceAll(/\D/g, '')}${last}`);
  if (last === '' || indexPath(index) !== `${folders}${last}`) return undefined;
  if (width === undefined) return { index, width: TILE_WIDTH };
  return Number(width) < TILE_WIDTH ? { index, width: Number(width) } : undefined;
}

/** The tiles of a tree: the last of each level may be partial, empty ones are left out. */
export function partialTiles(size: number): readonly Tile[] {
  const tiles: Tile[] = [];
  for (let [level, count] = [0, size]; count > 0; level++, count = Math.floor(count / TILE_WIDTH)) {
    const width = count % TILE_WIDTH;
    if (width > 0) tiles.push({ level, index: Math.floor(count / TILE_WIDTH), width });
  }
  return tiles;
}

/** Hashes of a level of a tree of that size. */
export const widthOfLevel = (size: number, level: number): number => Math.floor(size / TILE_WIDTH ** level);

/** Where a complete subtree is found: in the tile of a level, the hashes from `from` up to `to`, which make its hash. */
export function placeOf({ from, to }: Range): { level: number; index: number; from: number; to: number } {
  const height = Math.log2(to - from);
  const level = Math.floor(height / TILE_HEIGHT);
  const first = from / TILE_WIDTH ** level;
  const count = (to - from) / TILE_WIDTH ** level;
  const index = Math.floor(first / TILE_WIDTH);
  const at = first - index * TILE_WIDTH;
  return { level, index, from: at, to: at + count };
}
