/** The forms in which a moment is written, and the words in them. */

const DATE = String.raw`(?<year>\d{4})(?:-(?<month>\d{2})-(?<day>\d{2})|(?<compactMonth>\d{2})(?<compactDay>\d{2}))`;
const CLOCK = String.raw`(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?`;
const COMPACT_CLOCK = String.raw`(?<hour>\d{2})(?<minute>\d{2})(?<second>\d{2})?(?:[.,](?<fraction>\d{1,9}))?`;
const OFFSET = String.raw`[+-]\d{2}(?::?\d{2})?`;
const NAME = String.raw`[a-z][a-z0-9_+-]*(?:\/[a-z0-9_+-]+)*`;
/** An offset, a name, or both; the name may be in brackets, as RFC 9557 has it. */
const ZONE = String.raw`(?:\s*(?<offset>z|${OFFSET}))?(?:\s*\[(?<bracketed>${NAME}|${OFFSET})\]|\s+(?<name>${NAME}))?`;
const DAY =
  '(?<dayName>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)';
const MONTH =
  '(?<monthName>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';
const whole = (form: string): RegExp => new RegExp(`^${form}$`, 'i');

/** Forms that name a day, a time of day, or both. */
export const DATED: readonly RegExp[] = [
  whole(String.raw`${DATE}(?:[t ]\s*${CLOCK})?${ZONE}`),
  whole(`${DATE}t${COMPACT_CLOCK}${ZONE}`),
  whole(`${CLOCK}${ZONE}`),
  whole(String.raw`(?<dayWord>today|yesterday)(?:\s+${CLOCK})?${ZONE}`),
  whole(String.raw`(?<last>last\s+)?${DAY}(?:\s+${CLOCK})?${ZONE}`),
  // RFC 2822, and what `date` prints.
  whole(String.raw`(?:${DAY},?\s+)?(?<day>\d{1,2})\s+${MONTH}\s+(?<year>\d{4})(?:\s+${CLOCK})?${ZONE}`),
  whole(String.raw`${DAY}\s+${MONTH}\s+(?<day>\d{1,2})\s+${CLOCK}${ZONE}\s+(?<year>\d{4})`),
];

/** `2 hours ago`, `-2h`, `-1h30m`. */
export const AGO = /^(?:-(?<short>(?:\d{1,9}[a-z]+)+)|(?<count>\d{1,9}|an?)\s*(?<unit>[a-z]+)\s+ago)$/i;
export const PART = /(\d+)([a-z]+)/gi;

/** `@1795679880`: seconds since 1970, UTC. */
export const EPOCH = /^@(?<seconds>\d{1,15})(?:\.(?<fraction>\d{1,9}))?$/;

/** Names of days and months by their first three letters, from 1. */
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const placeIn = (names: readonly string[], name: string): number =>
  names.indexOf(name.slice(0, 3).toLowerCase()) + 1;
/** Monday is 1; 0 = no name. */
export const dayOfWeekOf = (name = ''): number => placeIn(DAYS, name);
/** January is 1. */
export const monthOf = (name: string): number => placeIn(MONTHS, name);

export type Unit = 'seconds' | 'minutes' | 'hours' | 'days' | 'weeks';

/** Months and years are none: how long is one? */
export function unitOf(word: string): Unit | undefined {
  const units: Readonly<Record<Unit, RegExp>> = {
    seconds: /^s(?:ecs?|econds?)?$/i,
    minutes: /^m(?:ins?|inutes?)?$/i,
    hours: /^h(?:rs?|ours?)?$/i,
    days: /^d(?:ays?)?$/i,
    weeks: /^w(?:eeks?)?$/i,
  };
  return (Object.keys(units) as Unit[]).find((unit) => units[unit].test(word));
}

/**
 * Zones that are called by letters, as RFC 2822 and `date` do, where everybody means the same by them. The time zone database has
 * some of them as names of places with summer time: `CET` in July would be another hour than it says.
 */
export const LETTERS: Readonly<Record<string, string>> = {
  ...{ UTC: 'UTC', GMT: 'UTC', Z: 'UTC', WET: '+00:00', WEST: '+01:00', CET: '+01:00', CEST: '+02:00' },
  ...{ EET: '+02:00', EEST: '+03:00', EST: '-05:00', EDT: '-04:00', CST: '-06:00', CDT: '-05:00' },
  ...{ MST: '-07:00', MDT: '-06:00', PST: '-08:00', PDT: '-07:00' },
};
