/**
 * Draws the cells of a matrix on a canvas that is as large as its window: only what is visible, and of that only what has changed. Cells
 * lie on device pixels, so that their edges are sharp at any scale of the screen.
 */
import { MARK_COLOURS, signOf } from '../model/marks.ts';
import { mdevOf, ownerOf } from '../model/owner.ts';
import { type Box, drawSign } from './cell-sign.ts';
import { CellSprites } from './cell-sprites.ts';
import { fit, type Picture, visible } from './grid-picture.ts';

/** From this size on cells are drawn as rounded tiles, with letters where these fit. CSS pixels. */
const TILES = { width: 8, height: 11 };
/** From this size on a plain cell has room for a sign. Device pixels. */
const SIGNED = 5;
const NOTHING = 0xffffffff;

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
    if (cell.width >= TILES.width && cell.height >= TILES.height) {
      const sprite = this.#sprites?.of(code, box.width, box.height);
      if (sprite !== undefined) context.drawImage(sprite, box.x, box.y);
    } else if (owner !== 'absent') {
      this.#dab(picture, code, box);
    }
    context.globalAlpha = 1;
  }

  /** A cell too small for letters: full for those who can use it, with a hole for what is only assigned, a dash for nobody. */
  #dab({ theme, looks }: Picture, code: number, { x, y, width, height }: Box): void {
    const context = this.#context;
    const owner = ownerOf(code);
    const gap = Math.min(width, height) >= SIGNED ? 1 : 0;
    if (owner === 'nobody') {
      context.fillStyle = theme.line;
      context.fillRect(x + gap, y + (height >> 1), Math.max(1, width - 2 * gap), 1);
      return;
    }
    const slot = looks[mdevOf(code)]?.slot ?? 0;
    const ink = owner === 'host' ? theme.host : theme.marks[slot % MARK_COLOURS];
    const inset = (by: number): Box => ({
      x: x + by,
      y: y + by,
      width: width - 2 * by,
      height: height - 2 * by,
    });
    const fill = (colour: string | undefined, { x: left, y: top, width: wide, height: high }: Box): void => {
      context.fillStyle = colour ?? theme.text;
      context.fillRect(left, top, wide, high);
    };
    const rim = gap + Math.max(1, Math.round(Math.min(width, height) / 6));
    fill(ink?.fill, inset(gap));
    if (owner === 'mdev') fill(theme.surface, inset(rim));
    if (owner === 'host' || Math.min(width, height) < SIGNED) return;
    context.fillStyle = (owner === 'mdev' ? ink?.fill : ink?.text) ?? theme.text;
    const isRoomy = Math.min(width, height) >= 2 * SIGNED;
    drawSign(context, signOf(slot), inset(owner === 'mdev' ? rim : isRoomy ? gap + 1 : gap));
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
