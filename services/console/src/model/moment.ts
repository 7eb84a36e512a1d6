/**
 * The moment that is looked at: now and following, or a position or time that stands still. As text it is the `at` of an address.
 * Times are shown in one zone, which the reader chooses: a component that formats one is drawn anew when the zone changes.
 */
import { type Signal, signal } from '@preact/signals';

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

/** Whether the text means the same moment whenever it is read: a position, or a time with day and zone. */
export const isAbsolute = (text: string): boolean =>
  /^(?:\d{1,15}|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))$/.test(text);

/** The moment as `parseMoment` reads it; undefined for now, which needs no words. */
export function formatMoment(moment: Moment): string | undefined {
  if (moment.kind === 'now') return undefined;
  return moment.kind === 'time' ? moment.time : String(moment.position);
}

export const sameMoment = (a: Moment, b: Moment): boolean => formatMoment(a) === formatMoment(b);

/** The zone in which times are shown: `UTC`, or a name of the time zone database. */
export const shownZone: Signal<string> = signal('UTC');

interface Formats {
  readonly day: Intl.DateTimeFormat;
  readonly clock: Intl.DateTimeFormat;
  readonly offset: Intl.DateTimeFormat;
}

const known = new Map<string, Formats>();

function formats(): Formats {
  const timeZone = shownZone.value;
  const found = known.get(timeZone);
  if (found !== undefined) return found;
  const made = {
    day: new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      day: '2-digit',
      month: 'short',
      year: 'numeric',
    }),
    clock: new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      fractionalSecondDigits: 3,
      hourCycle: 'h23',
    }),
    offset: new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'longOffset' }),
  };
  known.set(timeZone, made);
  return made;
}

/** `UTC`, or the offset at that time, `+01:00`. */
export function zoneAt(time: number): string {
  if (shownZone.value === 'UTC') return 'UTC';
  const name = formats()
    .offset.formatToParts(time)
    .find(({ type }) => type === 'timeZoneName')?.value;
  return name?.replace(/^GMT$/, 'GMT+00:00').slice(3) ?? '';
}

/** `Tue 17 Nov 2026` of a time in milliseconds. */
export const formatDay = (time: number): string => formats().day.format(time).replace(',', '');
/** `09:14:00.250`. */
export const formatClock = (time: number): string => formats().clock.format(time);
/** `09:14:00`. */
export const formatSeconds = (time: number): string => formatClock(time).slice(0, 8);
/** Day and time to the second with its zone, for sentences. */
export const formatTime = (time: number): string =>
  `${formatDay(time)} ${formatSeconds(time)} ${zoneAt(time)}`;
/** Day and time with its zone, to the millisecond. */
export const formatExactly = (time: number): string =>
  `${formatDay(time)} ${formatClock(time)} ${zoneAt(time)}`;

/** `2026-11-17 09:14:00`, as one types it. */
export const formatTyped = (time: number): string =>
  new Intl.DateTimeFormat('sv-SE', {
    timeZone: shownZone.value,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(time);

/** What ends with a day or a clock, and not with an offset: a zone may follow. */
const WITHOUT_ZONE =
  /(?:(?<![+-]\d)\d:\d\d(?::\d\d(?:[.,]\d+)?)?|^\d{4}-\d\d-\d\d|\b(?:today|yesterday|\w{3,6}day))$/i;

/** What the reader typed, in the zone in which times are shown to him, unless he names another. */
export function inShownZone(text: string): string {
  const typed = text.trim();
  const zone = shownZone.value;
  return zone !== 'UTC' && WITHOUT_ZONE.test(typed) ? `${typed} ${zone}` : typed;
}

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
