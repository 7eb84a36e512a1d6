/**
 * The axis of the time bar: by the clock or by position, whole or a part of it around a place. By the clock a long quiet is long; by
 * position every fact has the same room.
 */
import type { Stamp } from './moment.ts';

export type AxisKind = 'time' | 'facts';

/** What the axis shows: positions, or milliseconds since 1970 UTC. */
export interface AxisSpan {
  readonly from: number;
  readonly to: number;
}

/** Each step of the zoom shows a quarter. */
export const ZOOM_STEP = 4;
/** Less than so many positions or milliseconds are never shown. */
const SHORTEST: Readonly<Record<AxisKind, number>> = { facts: 20, time: 1000 };

/** Where a fact lies on the axis. */
export const placeOf = (kind: AxisKind, { position, occurredAt }: Stamp): number =>
  kind === 'facts' ? position : occurredAt;

/** The whole axis. Where clocks jumped, a fact may lie before the first one by the clock. */
export const wholeSpan = (kind: AxisKind, first: Stamp, last: Stamp): AxisSpan => {
  const ends = [placeOf(kind, first), placeOf(kind, last)];
  return { from: Math.min(...ends), to: Math.max(...ends) };
};

/** How often one can zoom in. */
export function maxZoom(kind: AxisKind, { from, to }: AxisSpan): number {
  let zoom = 1;
  while ((to - from) / (zoom * ZOOM_STEP) >= SHORTEST[kind]) zoom *= ZOOM_STEP;
  return zoom;
}

/** The part of the axis that is shown at a zoom: around `middle`, and never beyond the ends. */
export function zoomedSpan(whole: AxisSpan, zoom: number, middle: number): AxisSpan {
  const length = (whole.to - whole.from) / zoom;
  const from = Math.min(Math.max(whole.from, middle - length / 2), whole.to - length);
  return { from: Math.floor(from), to: Math.ceil(from + length) };
}

/** Whether the place can be seen. */
export const isWithin = ({ from, to }: AxisSpan, place: number): boolean => from <= place && place <= to;
