/**
 * Draws the cells of a matrix on a canvas that is as large as its window: only what is visible, and of that only what has changed. Cells
 * lie on device pixels, so that their edges are sharp at any scale of the screen.
 */
import { MARK_COLOURS } from '../model/marks.ts';
import { mdevOf, ownerOf } from '../model/owner.ts';
import { CellSprites } from './cell-sprites.ts';
import { fit, type Picture, visible } from './grid-picture.ts';

/** From this size on cells have letters. */
const LETTERED = 12;
const NOTHING = 0xffffffff;

/** A rectangle in device pixels. */
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export class GridPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #drawn = new Uint32Array(256 * 256);
  #before: Picture | undefined;
  #sprites: CellSprites | undefined;

  /** Throws where the browser cannot draw. */
  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d', { alpha: false });
    if (context === null) throw new Error('this browser has no 2D canvas');
    this.#canvas = canvas;
    this.#context = context;
  }

  draw(picture: Picture): void {
    if (this.#before === undefined || !sameLook(this.#before, picture)) this.#begin(picture);
    this.#before = picture;
    const { codes, axes, heads, cell, window, scroll, ratio } = picture;
    const rows = visible(scroll.top, window.height - heads.top, cell.height, axes.apids.length);
    const columns = visible(scroll.left, window.width - heads.left, cell.width, axes.apqis.length);
    for (let row = rows.first; row <= rows.last; row++) {
      const apid = axes.apids[row] ?? 0;
      const y = Math.round((heads.top + row * cell.height - scroll.top) * ratio);
      const below = Math.round((heads.top + (row + 1) * cell.height - scroll.top) * ratio);
      for (let column = columns.first; column <= columns.last; column++) {
        const at = (apid << 8) | (axes.apqis[column] ?? 0);
        const code = codes[at] ?? 0;
        if (this.#drawn[at] === code) continue;
        this.#drawn[at] = code;
        const x = Math.round((heads.left + column * cell.width - scroll.left) * ratio);
        const right = Math.round((heads.left + (column + 1) * cell.width - scroll.left) * ratio);
        this.#cell(picture, code, { x, y, width: right - x, height: below - y });
      }
    }
  }

  #begin(picture: Picture): void {
    fit(this.#canvas, picture);
    this.#drawn.fill(NOTHING);
    this.#sprites = new CellSprites(picture.theme, picture.looks, picture.ratio);
    this.#context.fillStyle = picture.theme.surface;
    this.#context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  #cell(picture: Picture, code: number, box: Box): void {
    const { cell, theme, only } = picture;
    const context = this.#context;
    const owner = ownerOf(code);
    const isHeld = owner === 'guest' || owner === 'mdev';
    context.fillStyle = theme.surface;
    context.fillRect(box.x, box.y, box.width, box.height);
    if (only !== undefined && !(isHeld && mdevOf(code) === only)) context.globalAlpha = 0.22;
    if (Math.min(cell.width, cell.height) >= LETTERED) {
      const sprite = this.#sprites?.of(code, box.width, box.height);
      if (sprite !== undefined) context.drawImage(sprite, box.x, box.y);
    } else if (owner !== 'absent') {
      this.#dab(picture, code, box);
    }
    context.globalAlpha = 1;
  }

  /** A cell too small for letters: full for whoever can use it, with a hole for what is only assigned, a dash for nobody. */
  #dab({ theme, looks }: Picture, code: number, { x, y, width, height }: Box): void {
    const context = this.#context;
    const owner = ownerOf(code);
    const gap = Math.min(width, height) >= 5 ? 1 : 0;
    if (owner === 'nobody') {
      context.fillStyle = theme.line;
      context.fillRect(x + gap, y + (height >> 1), Math.max(1, width - 2 * gap), 1);
      return;
    }
    const mark = theme.marks[(looks[mdevOf(code)]?.slot ?? 0) % MARK_COLOURS];
    context.fillStyle = (owner === 'host' ? theme.host : mark)?.fill ?? theme.text;
    context.fillRect(x + gap, y + gap, width - 2 * gap, height - 2 * gap);
    if (owner !== 'mdev') return;
    const rim = gap + Math.max(1, Math.round(Math.min(width, height) / 6));
    context.fillStyle = theme.surface;
    context.fillRect(x + rim, y + rim, width - 2 * rim, height - 2 * rim);
  }
}

/** Whether nothing but codes has changed. */
function sameLook(a: Picture, b: Picture): boolean {
  return (
    a.axes === b.axes &&
    a.theme === b.theme &&
    a.ratio === b.ratio &&
    a.only === b.only &&
    a.cell.width === b.cell.width &&
    a.cell.height === b.cell.height &&
    a.window.width === b.window.width &&
    a.window.height === b.window.height &&
    a.scroll.left === b.scroll.left &&
    a.scroll.top === b.scroll.top &&
    a.looks.length === b.looks.length &&
    a.looks.every(({ slot, name }, i) => slot === b.looks[i]?.slot && name === b.looks[i]?.name)
  );
}
