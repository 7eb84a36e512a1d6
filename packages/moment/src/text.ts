/** A moment in words. */
import { Temporal } from 'temporal-polyfill';

/** A moment, and the zone in which it was asked for or is shown. */
export interface TimeInZone {
  /** UTC, as facts carry it: `2026-11-17T08:14:00.000Z`. */
  readonly time: string;
  /** `UTC`, an offset like `+01:00`, or a name of the time zone database. */
  readonly zone: string;
}

/** `2026-11-17 09:14:00 +01:00 Europe/Zurich`, `2026-11-17 09:14:00 +01:00`, `2026-11-17 08:14:00 UTC`. */
export function momentText({ time, zone }: TimeInZone): string {
  const there = Temporal.Instant.from(time).toZonedDateTimeISO(zone);
  const clock = there
    .toPlainDateTime()
    .toString({ calendarName: 'never', ...digits(there) })
    .replace('T', ' ');
  if (zone === 'UTC') return `${clock} UTC`;
  return zone === there.offset ? `${clock} ${zone}` : `${clock} ${there.offset} ${zone}`;
}

const digits = ({ millisecond }: Temporal.ZonedDateTime) =>
  ({ fractionalSecondDigits: millisecond === 0 ? 0 : 3 }) as const;
