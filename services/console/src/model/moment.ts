/** The moment that is looked at: now and following, or a position or time that stands still. As text it is the `at` of an address. */

export type Moment =
  | { readonly kind: 'now' }
  | { readonly kind: 'position'; readonly position: number }
  | { readonly kind: 'time'; readonly time: string };

export const NOW: Moment = { kind: 'now' };
export const atPosition = (position: number): Moment => ({ kind: 'position', position });

/** A fact's place in the log: where a view stands. `occurredAt` in milliseconds since 1970 UTC. */
export interface Stamp {
  readonly position: number;
  readonly revision: number;
  readonly occurredAt: number;
}

/**
 * Reads the `at` of an address: nothing and `now` follow the present, digits are a position, anything else is a time in the words of
 * docs/moments.md. The service reads those, and says what is wrong with others: the page never takes one that it cannot read for now.
 */
export function parseMoment(text: string | undefined): Moment {
  if (text === undefined || /^\s*(?:now)?\s*$/i.test(text)) return NOW;
  if (/^\d{1,15}$/.test(text)) return atPosition(Number(text));
  // In an address a plus sign that is not encoded is a space: no time has digits after a space there but its offset.
  return { kind: 'time', time: text.replace(/(\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d:?\d\d)$/, '$1+$2') };
}

/** The moment as `parseMoment` reads it; undefined for now, which needs no words. */
export function formatMoment(moment: Moment): string | undefined {
  if (moment.kind === 'now') return undefined;
  return moment.kind === 'time' ? moment.time : String(moment.position);
}

export const sameMoment = (a: Moment, b: Moment): boolean => formatMoment(a) === formatMoment(b);

const dayFormat = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'UTC',
  weekday: 'short',
  day: '2-digit',
  month: 'short',
  year: 'numeric',
});

/** `Tue 17 Nov 2026` of a time in milliseconds, UTC. */
export const formatDay = (time: number): string => dayFormat.format(time).replace(',', '');
/** `09:14:00.250`, UTC. */
export const formatClock = (time: number): string => new Date(time).toISOString().slice(11, 23);
/** `09:14:00`, UTC. */
export const formatSeconds = (time: number): string => new Date(time).toISOString().slice(11, 19);
/** As short as tells the moments of an axis apart: a day, a minute, a second, a part of one. */
export function formatTick(time: number): string {
  const clock = formatClock(time);
  if (!clock.endsWith('.000')) return clock.slice(3);
  if (!clock.endsWith(':00.000')) return clock.slice(0, 8);
  return clock.startsWith('00:00') ? formatDay(time).slice(4, 10) : clock.slice(0, 5);
}
/** Day and time to the second, for sentences. */
export const formatTime = (time: number): string => `${formatDay(time)} ${formatSeconds(time)} UTC`;

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** A duration in its two largest units: `2 h 5 min`, `340 ms`. */
export function formatDuration(milliseconds: number): string {
  const first = UNITS.findIndex(([, size]) => milliseconds >= size);
  if (first < 0) return `${Math.round(milliseconds)} ms`;
  const parts: string[] = [];
  let rest = milliseconds;
  for (const [unit, size] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(' ');
}
