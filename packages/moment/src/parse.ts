/** From text to a moment. */
import { Temporal } from 'temporal-polyfill';
import { AGO, DATED, dayOfWeekOf, EPOCH, LETTERS, monthOf, PART, type Unit, unitOf } from './forms.ts';
import { momentText, type TimeInZone } from './text.ts';

/** No text of a moment is longer. */
const MAX_LENGTH = 100;

/** The text names no moment, or more than one; the message says what to write instead. */
export class NotAMoment extends Error {
  override readonly name = 'NotAMoment';
}

export interface Here {
  readonly now: Date;
  /** Of a text that names none: a name of the time zone database, `UTC`, or an offset. */
  readonly zone: string | UnknownZone;
}

/** Nobody knows the zone here: a text that needs it is refused, and says why in these words. */
export interface UnknownZone {
  readonly unknown: string;
}

/**
 * The moment that a text names, to the millisecond, and its zone. A day without a time of day is its first moment; a day of the week the
 * latest one that has begun. Whether the moment lies ahead is for the caller to judge. Throws NotAMoment.
 *
 * @example parseMoment('Tue 09:14', { now: new Date(), zone: 'Europe/Zurich' })
 */
export function parseMoment(text: string, { now, zone }: Here): TimeInZone {
  const written = text.trim().replace(/\s+/g, ' ');
  if (written.length > MAX_LENGTH)
    throw new NotAMoment(`${written.slice(0, MAX_LENGTH)}...: too long for a time.`);
  const instant = Temporal.Instant.fromEpochMilliseconds(now.getTime());
  const shown = typeof zone === 'string' ? zone : 'UTC';
  if (/^now$/i.test(written)) return inZone(instant, shown);
  const epoch = EPOCH.exec(written)?.groups;
  if (epoch !== undefined) return inZone(ofEpoch(written, epoch), shown);
  const ago = AGO.exec(written)?.groups;
  if (ago !== undefined) return inZone(before(written, instant, ago, zone), shown);
  for (const form of DATED) {
    const found = form.exec(written)?.groups;
    if (found !== undefined) return dated(written, found, instant, zone);
  }
  throw new NotAMoment(
    `${written}: not a time. Write it like 2026-11-17 09:14, 09:14, yesterday 09:14, Tue 09:14, 2 hours ago, -2h or @1795679880, and with a zone like 2026-11-17 09:14 +01:00 or 2026-11-17 09:14 Europe/Zurich.`,
  );
}

type Groups = Readonly<Record<string, string | undefined>>;

/** Throws NotAMoment when nobody knows the zone. */
function needed(written: string, zone: string | UnknownZone): string {
  if (typeof zone === 'string') return zone;
  throw new NotAMoment(`${written}: names no zone. ${zone.unknown}`);
}

const inZone = (instant: Temporal.Instant, zone: string): TimeInZone => ({
  time: new Date(instant.epochMilliseconds).toISOString(),
  zone,
});

/** Digits after the point, to the millisecond: the rest is cut off. */
const milliseconds = (fraction: string | undefined): number =>
  Number((fraction ?? '').slice(0, 3).padEnd(3, '0'));

/** Beyond these seconds a year has five digits: they were milliseconds. */
const YEAR_10000 = 253_402_300_800;

function ofEpoch(written: string, { seconds, fraction }: Groups): Temporal.Instant {
  const whole = Number(seconds);
  if (whole >= YEAR_10000)
    throw new NotAMoment(
      `${written}: lies after the year 9999. After @ come seconds: @${Math.floor(whole / 1000)}?`,
    );
  return Temporal.Instant.fromEpochMilliseconds(whole * 1000 + milliseconds(fraction));
}

function before(
  written: string,
  now: Temporal.Instant,
  groups: Groups,
  zone: string | UnknownZone,
): Temporal.Instant {
  const parts =
    groups.short === undefined
      ? [[groups.count ?? '', groups.unit ?? '']]
      : [...groups.short.matchAll(PART)].map(([, count = '', unit = '']) => [count, unit]);
  const span: Partial<Record<Unit, number>> = {};
  for (const [count = '', word = ''] of parts) {
    const unit = unitOf(word);
    if (unit === undefined || unit in span)
      throw new NotAMoment(
        `${written}: not a time. Write a number of seconds, minutes, hours, days or weeks, like -1h30m.`,
      );
    span[unit] = /^an?$/i.test(count) ? 1 : Number(count);
  }
  // Hours are the same everywhere, and a day is as long as the clock of a zone makes it.
  const isOfClock = span.days !== undefined || span.weeks !== undefined;
  return subtracted(written, now.toZonedDateTimeISO(isOfClock ? needed(written, zone) : 'UTC'), span);
}

/** A day is 24 hours, and the same time of day: on days where that is not the same, nobody knows which was meant. */
function subtracted(
  written: string,
  now: Temporal.ZonedDateTime,
  span: Partial<Record<Unit, number>>,
): Temporal.Instant {
  const { days = 0, weeks = 0, hours = 0, ...rest } = span;
  try {
    const byHours = now.toInstant().subtract({ ...rest, hours: hours + 24 * (days + 7 * weeks) });
    const byClock = now
      .subtract({ days, weeks })
      .subtract({ ...rest, hours })
      .toInstant();
    if (byHours.equals(byClock)) return byHours;
    const zone = now.timeZoneId;
    throw new NotAMoment(
      `${written}: a day in between has not 24 hours in ${zone}. Write ${both(byClock, byHours, zone)}.`,
    );
  } catch (error) {
    throw error instanceof RangeError ? new NotAMoment(`${written}: before all times.`) : error;
  }
}

const both = (one: Temporal.Instant, other: Temporal.Instant, zone: string): string =>
  [one, other].map((instant) => offsetText(instant.toZonedDateTimeISO(zone))).join(' or ');

/** With its offset instead of the name of its zone: that is always one moment. */
const offsetText = (moment: Temporal.ZonedDateTime): string =>
  momentText(inZone(moment.toInstant(), moment.offset));

function dated(
  written: string,
  found: Groups,
  now: Temporal.Instant,
  ownZone: string | UnknownZone,
): TimeInZone {
  const zone = zoneOf(written, found) ?? needed(written, ownZone);
  const today = now.toZonedDateTimeISO(zone);
  const clock = clockOf(written, found);
  const day = dayOf(written, found, today, clock);
  if (clock === undefined && found.offset === undefined)
    return inZone(day.toZonedDateTime(zone).startOfDay().toInstant(), zone);
  const local = day.toPlainDateTime(clock ?? Temporal.PlainTime.from('00:00'));
  const name = found.bracketed ?? found.name;
  if (found.offset === undefined || name === undefined) return inZone(instantOf(written, local, zone), zone);
  return withOffset(written, local, offsetOf(written, found.offset), zone);
}

/** The name when there is one, else the offset; undefined = the text names none. */
function zoneOf(written: string, { offset, bracketed, name }: Groups): string | undefined {
  const named = bracketed ?? name;
  if (named === undefined) return offset === undefined ? undefined : offsetOf(written, offset);
  const letters = LETTERS[named.toUpperCase()];
  if (letters !== undefined) return letters;
  if (/^[+-]/.test(named)) return offsetOf(written, named);
  // Letters alone mean different hours to different people, whatever the database has under them.
  if (named.includes('/')) {
    try {
      return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(named).timeZoneId;
    } catch {
      // Said below.
    }
  }
  throw new NotAMoment(
    `${written}: ${named} is no zone. Write one like Europe/Zurich, an offset like +01:00, or UTC.`,
  );
}

/** Kiribati is 14 hours ahead. */
const MAX_OFFSET_HOURS = 14;

/** `z`, `+01`, `+0100` and `+01:00` as Temporal calls them. */
function offsetOf(written: string, offset: string): string {
  if (/^z$/i.test(offset)) return 'UTC';
  const digits = offset.slice(1).replace(':', '').padEnd(4, '0');
  const [hours, minutes] = [digits.slice(0, 2), digits.slice(2)];
  if (Number(hours) > MAX_OFFSET_HOURS || Number(minutes) > 59)
    throw new NotAMoment(`${written}: no zone is ${offset} from UTC.`);
  return `${offset[0]}${hours}:${minutes}`;
}

function clockOf(
  written: string,
  { hour, minute, second = '0', fraction }: Groups,
): Temporal.PlainTime | undefined {
  if (hour === undefined) return undefined;
  return existing(`${written}: not a time: there is no such time of day.`, () =>
    Temporal.PlainTime.from(
      {
        hour: Number(hour),
        minute: Number(minute),
        second: Number(second),
        millisecond: milliseconds(fraction),
      },
      { overflow: 'reject' },
    ),
  );
}

function existing<T>(problem: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof RangeError ? new NotAMoment(problem) : error;
  }
}

function dayOf(
  written: string,
  found: Groups,
  now: Temporal.ZonedDateTime,
  clock: Temporal.PlainTime | undefined,
): Temporal.PlainDate {
  const today = now.toPlainDate();
  const dayOfWeek = dayOfWeekOf(found.dayName);
  if (found.year !== undefined) return calendarDay(written, found, dayOfWeek);
  if (found.dayWord !== undefined) return /^y/i.test(found.dayWord) ? today.subtract({ days: 1 }) : today;
  if (dayOfWeek === 0) return today;
  const back = (today.dayOfWeek - dayOfWeek + 7) % 7;
  const isAhead = clock !== undefined && Temporal.PlainTime.compare(clock, now.toPlainTime()) > 0;
  const isTooNew = back === 0 && (found.last !== undefined || isAhead);
  return today.subtract({ days: isTooNew ? 7 : back });
}

/** Throws NotAMoment for a day that the calendar has not, or that is another day of the week than the text says. */
function calendarDay(written: string, found: Groups, dayOfWeek: number): Temporal.PlainDate {
  const { year, monthName, month = found.compactMonth, day = found.compactDay } = found;
  const number = monthName === undefined ? Number(month) : monthOf(monthName);
  const date = existing(`${written}: not a time: there is no such day.`, () =>
    Temporal.PlainDate.from({ year: Number(year), month: number, day: Number(day) }, { overflow: 'reject' }),
  );
  if (dayOfWeek !== 0 && date.dayOfWeek !== dayOfWeek)
    throw new NotAMoment(`${written}: ${date} is a ${date.toLocaleString('en', { weekday: 'long' })}.`);
  return date;
}

/** Throws NotAMoment, with both spellings, when the clock of the zone shows that time twice or never. */
function instantOf(written: string, local: Temporal.PlainDateTime, zone: string): Temporal.Instant {
  const [earlier, later] = (['earlier', 'later'] as const).map((disambiguation) =>
    local.toZonedDateTime(zone, { disambiguation }),
  );
  if (earlier === undefined || later === undefined || earlier.equals(later))
    return local.toZonedDateTime(zone).toInstant();
  const how = earlier.toPlainDateTime().equals(local) ? 'exists twice' : 'does not exist';
  throw new NotAMoment(
    `${written}: this time ${how} in ${zone}. Write ${offsetText(earlier)} or ${offsetText(later)}.`,
  );
}

/** A text with an offset and a name has to mean the same by both. */
function withOffset(
  written: string,
  local: Temporal.PlainDateTime,
  offset: string,
  zone: string,
): TimeInZone {
  const instant = local.toZonedDateTime(offset).toInstant();
  if (instant.toZonedDateTimeISO(zone).toPlainDateTime().equals(local)) return inZone(instant, zone);
  const byName = local.toZonedDateTime(zone);
  throw new NotAMoment(
    `${written}: ${offset} is not the time in ${zone} then. Write ${momentText(inZone(instant, offset))} or ${offsetText(byName)}.`,
  );
}
