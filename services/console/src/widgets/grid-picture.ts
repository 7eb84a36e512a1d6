/** What the matrix is drawn from, and what lies where in it. Lengths are CSS pixels. */
import type { Axes, Cell, CellSize } from '../model/axes.ts';
import type { MdevLook } from './cell-sprites.ts';
import type { GridTheme } from './grid-theme.ts';

export interface Heads {
  readonly left: number;
  readonly top: number;
}

/** Enough for two digits. */
export const HEADS: Heads = { left: 34, top: 24 };
export const NO_HEADS: Heads = { left: 0, top: 0 };

export interface Picture {
  readonly codes: Uint32Array;
  /** Room that is left for the ids of rows and columns. */
  readonly heads: Heads;
  readonly axes: Axes;
  readonly looks: readonly MdevLook[];
  /** Size of a cell and of the window, and how far the window is scrolled. */
  readonly cell: CellSize;
  readonly window: CellSize;
  readonly scroll: { readonly left: number; readonly top: number };
  /** Cells of other mdevs step back; the mdev's place in the order of creation. */
  readonly only: number | undefined;
  readonly theme: GridTheme;
  /** Device pixels a CSS pixel. */
  readonly ratio: number;
}

export interface Span {
  readonly first: number;
  readonly last: number;
}

/** The rows or columns of which something can be seen. */
export const visible = (scrolled: number, room: number, size: number, count: number): Span => ({
  first: Math.max(0, Math.floor(scrolled / size)),
  last: Math.min(count - 1, Math.floor((scrolled + room) / size)),
});

/**
 * The cell below a point of the window; undefined beside the matrix. On the id of a row or a column, the cell of it that is in line with
 * the cursor.
 */
export function placeAt(
  x: number,
  y: number,
  {
    axes,
    cell,
    scroll,
    cursor,
  }: Pick<Picture, 'axes' | 'cell' | 'scroll'> & { readonly cursor: Cell | undefined },
): Cell | undefined {
  const isOnRow = x < HEADS.left;
  const isOnColumn = y < HEADS.top;
  if (isOnRow && isOnColumn) return undefined;
  const apqi = isOnRow
    ? (cursor?.apqi ?? axes.apqis[0])
    : axes.apqis[Math.floor((x - HEADS.left + scroll.left) / cell.width)];
  const apid = isOnColumn
    ? (cursor?.apid ?? axes.apids[0])
    : axes.apids[Math.floor((y - HEADS.top + scroll.top) / cell.height)];
  return apid === undefined || apqi === undefined ? undefined : { apid, apqi };
}

/** Gives a canvas as many device pixels as it covers. */
export function fit(canvas: HTMLCanvasElement, { window, ratio }: Pick<Picture, 'window' | 'ratio'>): void {
  const width = Math.round(window.width * ratio);
  const height = Math.round(window.height * ratio);
  if (canvas.width === width && canvas.height === height) return;
  canvas.width = width;
  canvas.height = height;
  canvas.style.width = `${window.width}px`;
  canvas.style.height = `${window.height}px`;
}
