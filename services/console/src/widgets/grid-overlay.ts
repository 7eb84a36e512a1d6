/** Draws what lies over the cells: the ids of rows and columns, the cursor, and which row and column the pointer is in. */
import { formatApid } from '@apledger/ap';
import type { Cell } from '../model/axes.ts';
import type { Corners } from '../model/basket.ts';
import { fit, HEADS, type Picture, visible } from './grid-picture.ts';

export interface Marked {
  readonly cursor: Cell | undefined;
  readonly hover: Cell | undefined;
  /** The keyboard is in the matrix. */
  readonly isFocused: boolean;
  /** Cells that are pointed out, as `apid << 8 | apqi`. */
  readonly changed: ReadonlySet<number> | undefined;
  /** A rectangle that was selected. */
  readonly selected: Corners | undefined;
}

/** Room that an id needs. */
const LABEL = { width: 22, height: 15 };
/** A cursor on a cell smaller than this is pointed at by two lines. */
const SMALL = 12;

export class GridOverlay {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #before: readonly unknown[] = [];

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('this browser has no 2D canvas');
    this.#canvas = canvas;
    this.#context = context;
  }

  draw(picture: Picture, marked: Marked): void {
    // While facts are played only the cells change: a canvas that is touched is painted anew, however little was drawn.
    const now = ingredients(picture, marked);
    if (now.every((value, i) => value === this.#before[i])) return;
    this.#before = now;
    fit(this.#canvas, picture);
    const context = this.#context;
    const { window, ratio, theme } = picture;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, window.width, window.height);
    this.#guides(picture);
    if (marked.cursor !== undefined) this.#crosshair(picture, marked.cursor);
    if (marked.selected !== undefined) this.#selection(picture, marked.selected);
    if (marked.changed !== undefined) this.#pointOut(picture, marked.changed);
    if (marked.hover !== undefined) this.#frame(picture, marked.hover, theme.text, 1);
    if (marked.cursor !== undefined)
      this.#frame(picture, marked.cursor, theme.accent, marked.isFocused ? 3 : 2);
    context.fillStyle = theme.heading;
    context.fillRect(0, 0, window.width, HEADS.top);
    context.fillRect(0, 0, HEADS.left, window.height);
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    this.#columns(picture, new Set([marked.cursor?.apqi, marked.hover?.apqi]));
    this.#rows(picture, new Set([marked.cursor?.apid, marked.hover?.apid]));
    context.fillStyle = theme.heading;
    context.fillRect(0, 0, HEADS.left, HEADS.top);
  }

  /** A thin line every 16 ids where cells are too small to be counted. */
  #guides({ axes, cell, window, scroll, theme }: Picture): void {
    if (cell.height >= LABEL.height && cell.width >= LABEL.height) return;
    const context = this.#context;
    context.globalAlpha = 0.5;
    context.fillStyle = theme.rule;
    for (let i = 16; i < axes.apqis.length; i += 16) {
      context.fillRect(Math.round(HEADS.left + i * cell.width - scroll.left), HEADS.top, 1, window.height);
    }
    for (let i = 16; i < axes.apids.length; i += 16) {
      context.fillRect(HEADS.left, Math.round(HEADS.top + i * cell.height - scroll.top), window.width, 1);
    }
    context.globalAlpha = 1;
  }

  /** A frame of dashes around each, and where that is too fine, a frame. */
  #pointOut({ axes, cell, scroll, theme }: Picture, changed: ReadonlySet<number>): void {
    const context = this.#context;
    context.save();
    context.strokeStyle = theme.text;
    context.lineWidth = cell.height < SMALL ? 1 : 2;
    if (cell.height >= SMALL) context.setLineDash([5, 3]);
    for (const at of changed) {
      const row = axes.rowOf[at >>> 8] ?? -1;
      const column = axes.columnOf[at & 255] ?? -1;
      if (row < 0 || column < 0) continue;
      const x = HEADS.left + column * cell.width - scroll.left;
      const y = HEADS.top + row * cell.height - scroll.top;
      context.strokeRect(x + 1.5, y + 1.5, cell.width - 3, cell.height - 3);
    }
    context.restore();
  }

  #selection({ axes, cell, scroll, theme }: Picture, { from, to }: Corners): void {
    const span = (a = 0, b = 0): readonly [number, number] => [Math.min(a, b), Math.abs(a - b) + 1];
    const [row, rows] = span(axes.rowOf[from.apid], axes.rowOf[to.apid]);
    const [column, columns] = span(axes.columnOf[from.apqi], axes.columnOf[to.apqi]);
    const context = this.#context;
    const box = [
      HEADS.left + column * cell.width - scroll.left,
      HEADS.top + row * cell.height - scroll.top,
      columns * cell.width,
      rows * cell.height,
    ] as const;
    context.save();
    context.fillStyle = theme.accent;
    context.globalAlpha = 0.22;
    context.fillRect(...box);
    context.globalAlpha = 1;
    context.strokeStyle = theme.accent;
    context.lineWidth = 2;
    context.strokeRect(...box);
    context.restore();
  }

  /** Two lines that lead to a cell which would be overlooked. */
  #crosshair({ axes, cell, window, scroll, theme }: Picture, { apid, apqi }: Cell): void {
    if (Math.min(cell.width, cell.height) >= SMALL) return;
    const context = this.#context;
    const x = HEADS.left + ((axes.columnOf[apqi] ?? 0) + 0.5) * cell.width - scroll.left;
    const y = HEADS.top + ((axes.rowOf[apid] ?? 0) + 0.5) * cell.height - scroll.top;
    context.fillStyle = theme.accent;
    context.globalAlpha = 0.55;
    context.fillRect(Math.round(x), HEADS.top, 1, window.height);
    context.fillRect(HEADS.left, Math.round(y), window.width, 1);
    context.globalAlpha = 1;
  }

  #frame({ axes, cell, scroll, theme }: Picture, { apid, apqi }: Cell, colour: string, line: number): void {
    const row = axes.rowOf[apid] ?? -1;
    const column = axes.columnOf[apqi] ?? -1;
    if (row < 0 || column < 0) return;
    const context = this.#context;
    const x = HEADS.left + column * cell.width - scroll.left;
    const y = HEADS.top + row * cell.height - scroll.top;
    const rim = line / 2;
    context.lineWidth = line + 2;
    context.strokeStyle = theme.surface;
    context.strokeRect(x + rim - 1, y + rim - 1, cell.width - line + 2, cell.height - line + 2);
    context.lineWidth = line;
    context.strokeStyle = colour;
    context.strokeRect(x + rim - 1, y + rim - 1, cell.width - line + 2, cell.height - line + 2);
  }

  #columns({ axes, cell, window, scroll, theme }: Picture, marked: ReadonlySet<number | undefined>): void {
    const { first, last } = visible(scroll.left, window.width - HEADS.left, cell.width, axes.apqis.length);
    const every = stride(cell.width, LABEL.width);
    let free = HEADS.left;
    for (let i = first; i <= last; i++) {
      const apqi = axes.apqis[i] ?? 0;
      const x = Math.max(HEADS.left + 10, HEADS.left + (i + 0.5) * cell.width - scroll.left);
      const isDue = i % every === 0 && x >= free;
      if (isDue) free = x + LABEL.width;
      this.#label(theme, formatApid(apqi), { x, y: HEADS.top / 2 }, isDue, marked.has(apqi));
    }
  }

  #rows({ axes, cell, window, scroll, theme }: Picture, marked: ReadonlySet<number | undefined>): void {
    const { first, last } = visible(scroll.top, window.height - HEADS.top, cell.height, axes.apids.length);
    const every = stride(cell.height, LABEL.height);
    let free = HEADS.top;
    for (let i = first; i <= last; i++) {
      const apid = axes.apids[i] ?? 0;
      const y = Math.max(HEADS.top + 7, HEADS.top + (i + 0.5) * cell.height - scroll.top);
      const isDue = i % every === 0 && y >= free;
      if (isDue) free = y + LABEL.height;
      this.#label(theme, formatApid(apid), { x: HEADS.left / 2, y }, isDue, marked.has(apid));
    }
  }

  #label(
    theme: Picture['theme'],
    text: string,
    { x, y }: { readonly x: number; readonly y: number },
    isDue: boolean,
    isMarked: boolean,
  ): void {
    if (!isDue && !isMarked) return;
    const context = this.#context;
    context.font = `${isMarked ? 600 : 400} 11px ${theme.font}`;
    if (isMarked) {
      context.fillStyle = theme.accent;
      context.beginPath();
      context.roundRect(x - 11, y - 8, 22, 16, 4);
      context.fill();
    }
    context.fillStyle = isMarked ? theme.surface : theme.faint;
    context.fillText(text, x, y + 0.5);
  }
}

/** Every which id is written, so that they do not run into each other: a power of two, as the ids are hexadecimal. */
const stride = (size: number, needs: number): number =>
  [1, 2, 4, 8, 16, 32].find((step) => step * size >= needs) ?? 64;

/** All that the overlay is drawn from. */
const ingredients = (
  { axes, theme, ratio, cell, window, scroll }: Picture,
  { cursor, hover, isFocused, changed, selected }: Marked,
): readonly unknown[] => [
  ...[axes, theme, ratio, cell.width, cell.height, window.width, window.height, scroll.left, scroll.top],
  ...[cursor?.apid, cursor?.apqi, hover?.apid, hover?.apqi, isFocused, changed, selected],
];
