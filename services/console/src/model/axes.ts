/** Which rows and columns a matrix has, how large its cells are, and which cell lies where. Lengths are CSS pixels. */
import type { HostView as HostViewJson } from '@apledger/api';

/** Ids of the rows (adapters) and columns (domains), ascending, and back from an id to its place, -1 when it has none. */
export interface Axes {
  readonly apids: readonly number[];
  readonly apqis: readonly number[];
  readonly rowOf: Int16Array;
  readonly columnOf: Int16Array;
}

const ALL = Array.from({ length: 256 }, (_, id) => id);

function places(ids: readonly number[]): Int16Array {
  const of = new Int16Array(256).fill(-1);
  ids.forEach((id, at) => {
    of[id] = at;
  });
  return of;
}

const axes = (apids: readonly number[], apqis: readonly number[]): Axes => ({
  apids,
  apqis,
  rowOf: places(apids),
  columnOf: places(apqis),
});

export const WHOLE: Axes = axes(ALL, ALL);

const union = (lists: readonly (readonly number[])[]): number[] =>
  [...new Set(lists.flat())].sort((a, b) => a - b);

/** The adapters and domains that the host has or that an mdev lays claim to. */
export function axesOf(view: Pick<HostViewJson, 'adapters' | 'domains' | 'mdevs'>): Axes {
  return axes(
    union([view.adapters, ...view.mdevs.map(({ adapters }) => adapters)]),
    union([view.domains, ...view.mdevs.map(({ domains }) => domains)]),
  );
}

export const sameAxes = (a: Axes, b: Axes): boolean =>
  a.apids.length === b.apids.length &&
  a.apqis.length === b.apqis.length &&
  a.apids.every((id, i) => id === b.apids[i]) &&
  a.apqis.every((id, i) => id === b.apqis[i]);

/** The size of a cell. */
export interface CellSize {
  readonly width: number;
  readonly height: number;
}

const MIN = 1.5;
const MAX = { width: 160, height: 68 };
/** Cells are at most so much wider than high, and the other way round: a high one has room for letters above each other. */
const MAX_WIDE = 2.4;
const MAX_HIGH = 2.4;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/**
 * The size at which the whole matrix just fits into the room, within reason; `zoom` multiplies it (1 = fits). It is a whole number of
 * device pixels, `ratio` to a CSS pixel: so all cells are of one size, and nothing in them is drawn between two pixels.
 */
export function cellSize(room: CellSize, { apids, apqis }: Axes, zoom: number, ratio = 1): CellSize {
  const width = clamp(room.width / Math.max(1, apqis.length), MIN, MAX.width);
  const height = clamp(room.height / Math.max(1, apids.length), MIN, MAX.height);
  const fitted = { width: Math.min(width, height * MAX_WIDE), height: Math.min(height, width * MAX_HIGH) };
  const whole = (size: number, most: number): number => {
    const pixels = Math.floor(clamp(size * zoom, MIN, most) * ratio);
    return Math.max(pixels, Math.ceil(MIN * ratio)) / ratio;
  };
  return { width: whole(fitted.width, MAX.width), height: whole(fitted.height, MAX.height) };
}

/** How far one can zoom in from the size that fits. */
export function maxZoom(room: CellSize, of: Axes, ratio = 1): number {
  const fitted = cellSize(room, of, 1, ratio);
  return Math.max(1, Math.min(MAX.height / fitted.height, MAX.width / fitted.width));
}

/** One queue by its two ids. */
export interface Cell {
  readonly apid: number;
  readonly apqi: number;
}

const STEP: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/**
 * Where a key moves the cursor; undefined for keys that are none of the matrix. Home and End go to the ends of the row (with Ctrl of the
 * matrix), PageUp and PageDown move by `page` rows.
 */
export function moved(
  from: Cell,
  { key, ctrlKey }: { readonly key: string; readonly ctrlKey: boolean },
  { apids, apqis, rowOf, columnOf }: Axes,
  page: number,
): Cell | undefined {
  const row = Math.max(0, rowOf[from.apid] ?? 0);
  const column = Math.max(0, columnOf[from.apqi] ?? 0);
  const lastRow = apids.length - 1;
  const lastColumn = apqis.length - 1;
  const to = (r: number, c: number): Cell => ({
    apid: apids[clamp(r, 0, lastRow)] ?? 0,
    apqi: apqis[clamp(c, 0, lastColumn)] ?? 0,
  });
  const step = STEP[key];
  if (step !== undefined) return to(row + step[0], column + step[1]);
  switch (key) {
    case 'Home':
      return to(ctrlKey ? 0 : row, 0);
    case 'End':
      return to(ctrlKey ? lastRow : row, lastColumn);
    case 'PageUp':
      return to(row - page, column);
    case 'PageDown':
      return to(row + page, column);
    default:
      return undefined;
  }
}
