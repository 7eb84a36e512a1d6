/** Cells with letters, drawn once for each look and size, and then copied. */

import { BOUND, UNBOUND } from '@apledger/projections/host';
import { visible } from '@apledger/text';
import { letteringOf, letterOf, MARK_COLOURS, signOf } from '../model/marks.ts';
import { isContested, mdevOf, type OwnerClass, ownerOf } from '../model/owner.ts';
import { drawSign } from './cell-sign.ts';
import type { GridTheme, Ink } from './grid-theme.ts';

/** What an mdev looks like: its mark, and the name that is written into large cells. */
export interface MdevLook {
  readonly slot: number;
  readonly name: string;
}

/** Below this size a name cannot be read. CSS pixels. */
const NAMED = { width: 72, height: 34 };

export class CellSprites {
  readonly #sprites = new Map<string, OffscreenCanvas>();
  readonly #theme: GridTheme;
  readonly #looks: readonly MdevLook[];
  readonly #ratio: number;

  /** `ratio` is device pixels a CSS pixel; `looks` are those of the mdevs in the order of creation. */
  constructor(theme: GridTheme, looks: readonly MdevLook[], ratio: number) {
    this.#theme = theme;
    this.#looks = looks;
    this.#ratio = ratio;
  }

  /** The cell of a grid's code, in device pixels. */
  of(code: number, width: number, height: number): OffscreenCanvas {
    const owner = ownerOf(code);
    const number = owner === 'guest' || owner === 'mdev' ? mdevOf(code) : -1;
    const isUnbound = (code & BOUND) === UNBOUND;
    const key = `${owner} ${number} ${isUnbound} ${isContested(code)} ${width} ${height}`;
    let sprite = this.#sprites.get(key);
    if (sprite === undefined) {
      sprite = this.#draw(owner, this.#looks[number], {
        isUnbound,
        isContested: isContested(code),
        width,
        height,
      });
      this.#sprites.set(key, sprite);
    }
    return sprite;
  }

  #draw(
    owner: OwnerClass,
    look: MdevLook | undefined,
    {
      isUnbound,
      isContested,
      width,
      height,
    }: { isUnbound: boolean; isContested: boolean; width: number; height: number },
  ): OffscreenCanvas {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    if (context === null) return canvas;
    const ratio = this.#ratio;
    context.scale(ratio, ratio);
    const pen = new CellPen(context, this.#theme, width / ratio, height / ratio);
    const mark = look === undefined ? undefined : this.#theme.marks[look.slot % MARK_COLOURS];
    if (owner === 'host') pen.solid(this.#theme.host, { letter: 'H', name: 'host', sign: 0 });
    else if (owner === 'guest' && look && mark) pen.solid(mark, writtenOf(look));
    else if (owner === 'mdev' && look && mark) pen.hatched(mark, writtenOf(look));
    else if (owner === 'nobody') pen.hollow(isUnbound ? '×' : '');
    else pen.dot();
    if (isContested) pen.flag();
    return canvas;
  }
}

/** What is written into a cell: the letter, with the name where there is room; the sign where there is none for either. */
interface Written {
  readonly letter: string;
  readonly name: string;
  readonly sign: number;
}

const writtenOf = ({ slot, name }: MdevLook): Written => ({
  letter: letterOf(slot),
  name,
  sign: signOf(slot),
});

/** Draws one cell into a context whose unit is the CSS pixel. */
class CellPen {
  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #theme: GridTheme;
  readonly #width: number;
  readonly #height: number;

  constructor(context: OffscreenCanvasRenderingContext2D, theme: GridTheme, width: number, height: number) {
    this.#context = context;
    this.#theme = theme;
    this.#width = width;
    this.#height = height;
  }

  /** Somebody can use it. */
  solid(ink: Ink, written: Written): void {
    this.#shape(1);
    this.#context.fillStyle = ink.fill;
    this.#context.fill();
    this.#write(ink.text, written);
  }

  /** It is assigned, and cannot be used: the colour in stripes, the letter on a plate. */
  hatched(ink: Ink, written: Written): void {
    const context = this.#context;
    this.#shape(1.5);
    context.save();
    context.clip();
    context.strokeStyle = ink.fill;
    context.lineWidth = 1.25;
    context.globalAlpha = 0.75;
    context.beginPath();
    for (let x = -this.#height; x < this.#width; x += 5) {
      context.moveTo(x, this.#height);
      context.lineTo(x + this.#height, 0);
    }
    context.stroke();
    context.restore();
    context.strokeStyle = ink.fill;
    context.lineWidth = this.#width < 16 ? 1 : 1.5;
    this.#shape(1.5);
    context.stroke();
    this.#plate(written);
    this.#write(this.#theme.text, written);
  }

  hollow(letter: string): void {
    this.#shape(1.5);
    this.#context.strokeStyle = this.#theme.line;
    this.#context.lineWidth = 1;
    this.#context.stroke();
    if (letter !== '') this.#write(this.#theme.faint, { letter, name: '', sign: 0 });
  }

  dot(): void {
    this.#context.fillStyle = this.#theme.line;
    this.#context.fillRect(this.#width / 2 - 0.75, this.#height / 2 - 0.75, 1.5, 1.5);
  }

  /** Two mdevs have it. */
  flag(): void {
    const context = this.#context;
    context.fillStyle = this.#theme.alarm;
    context.beginPath();
    context.moveTo(this.#width - 10, 1);
    context.lineTo(this.#width - 1, 1);
    context.lineTo(this.#width - 1, 10);
    context.fill();
  }

  #shape(inset: number): void {
    const radius = Math.min(4, this.#width / 6, this.#height / 6);
    this.#context.beginPath();
    this.#context.roundRect(inset, inset, this.#width - 2 * inset, this.#height - 2 * inset, radius);
  }

  #isNamed(name: string): boolean {
    return name !== '' && this.#width >= NAMED.width && this.#height >= NAMED.height;
  }

  #plate({ letter, name }: Written): void {
    const context = this.#context;
    const named = this.#isNamed(name);
    const lettering = letteringOf(letter.length, { width: this.#width, height: this.#height });
    if (lettering === undefined) return;
    const { size, isStacked } = lettering;
    context.font = `600 ${size}px ${this.#theme.font}`;
    const text = isStacked ? 'W' : letter;
    const wide = named ? this.#width - 16 : Math.min(context.measureText(text).width + 6, this.#width - 2);
    const high = named ? this.#height - 10 : Math.min((isStacked ? 2 : 1) * size + 3, this.#height - 2);
    context.fillStyle = this.#theme.surface;
    context.globalAlpha = 0.92;
    context.beginPath();
    context.roundRect((this.#width - wide) / 2, (this.#height - high) / 2, wide, high, 3);
    context.fill();
    context.globalAlpha = 1;
  }

  #write(colour: string, { letter, name, sign }: Written): void {
    const context = this.#context;
    const middle = this.#height / 2;
    const named = this.#isNamed(name);
    const lettering = letteringOf(letter.length, { width: this.#width, height: this.#height });
    context.fillStyle = colour;
    if (lettering === undefined) {
      drawSign(context, sign, { x: 2, y: 2, width: this.#width - 4, height: this.#height - 4 });
      return;
    }
    const { size, isStacked } = lettering;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.font = `600 ${size}px ${this.#theme.font}`;
    const lines = isStacked ? [...letter] : [letter];
    lines.forEach((line, i) => {
      const offset = (i - (lines.length - 1) / 2) * size;
      context.fillText(line, this.#width / 2, (named ? middle - 7 : middle + 0.5) + offset);
    });
    if (!named) return;
    context.font = `400 11px ${this.#theme.font}`;
    context.fillText(cut(context, name, this.#width - 20), this.#width / 2, middle + 8);
  }
}

function cut(context: OffscreenCanvasRenderingContext2D, name: string, width: number): string {
  const text = visible(name);
  if (context.measureText(text).width <= width) return text;
  let shown = text;
  while (shown.length > 1 && context.measureText(`${shown}…`).width > width) shown = shown.slice(0, -1);
  return `${shown}…`;
}
