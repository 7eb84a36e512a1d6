/** A sign in a cell whose letters have no room: with it, eight colours stand for eight times as many mdevs. */

/** A rectangle in the units of the context. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Each as the part of the cell that it covers: x, y, width, height. The first has none; ever more lie in the middle. */
const SHAPES: readonly (readonly [number, number, number, number])[] = [
  [0, 0, 0, 0],
  [0, 0, 1, 0.25],
  [0, 0.75, 1, 0.25],
  [0, 0, 0.25, 1],
  [0.75, 0, 0.25, 1],
  [0, 0.4, 1, 0.2],
  [0.4, 0, 0.2, 1],
  [0.3, 0.3, 0.4, 0.4],
];

/** Draws the sign into the box, in the fill colour of the context. */
export function drawSign(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  sign: number,
  { x, y, width, height }: Box,
): void {
  const [left, top, wide, high] = SHAPES[sign] ?? [0, 0, 0, 0];
  if (wide === 0) return;
  context.fillRect(
    x + Math.round(left * width),
    y + Math.round(top * height),
    Math.max(1, Math.round(wide * width)),
    Math.max(1, Math.round(high * height)),
  );
}
