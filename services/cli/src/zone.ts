/** The zone of the person who types: what TZ names, else the machine's. Never guessed: a moment in a wrong zone looks like any other. */
import { realpathSync } from 'node:fs';
import type { UnknownZone } from '@apledger/moment';

/** The zone of this process. */
export const ownZone = (): string | UnknownZone =>
  zoneNamed(process.env.TZ, new Intl.DateTimeFormat().resolvedOptions().timeZone);

/** Where times are only shown, UTC will do: every time is printed with its zone. */
export function zoneToShow(): string {
  const zone = ownZone();
  return typeof zone === 'string' ? zone : 'UTC';
}

const REMEDY =
  'Set TZ to a name like Europe/Paris, or write the zone in the moment, like 2026-11-17 09:14 Europe/Paris.';

/**
 * The zone that a value of TZ names by POSIX, and without one the machine's own: a name of the time zone database, `UTC` or an offset.
 * What Intl makes of TZ itself is not asked: for a zone that it does not know it says UTC, or nothing.
 */
export function zoneNamed(tz: string | undefined, own: string | undefined): string | UnknownZone {
  if (tz === undefined) return known(own) ?? { unknown: `The zone of this machine is not known. ${REMEDY}` };
  if (tz === '') return 'UTC';
  const value = tz.startsWith(':') ? tz.slice(1) : tz;
  const zone = value.startsWith('/') ? ofFile(value) : (nameOf(value) ?? fixedOffset(value));
  return zone ?? { unknown: `TZ=${tz} is no zone that is known here. ${REMEDY}` };
}

/** As the database spells it; undefined for what is not in it. */
function known(zone: string | undefined): string | undefined {
  if (zone === undefined) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** Names only: Intl takes ISO offsets as well, whose sign POSIX reads the other way round. */
const nameOf = (value: string): string | undefined => (/^[a-z]/i.test(value) ? known(value) : undefined);

/** The file says in its path which zone it is: `/etc/localtime` is a link into the database. */
function ofFile(path: string): string | undefined {
  try {
    const name = /\/zoneinfo\/(?:posix\/)?(.+)$/.exec(realpathSync(path))?.[1];
    return name === undefined ? undefined : nameOf(name);
  } catch {
    return undefined;
  }
}

const FIXED =
  /^(?:[a-z]{3,}|<[a-z\d+-]{3,}>)(?<sign>[+-]?)(?<hours>\d{1,2})(?::(?<minutes>[0-5]\d)(?::00)?)?$/i;
/** No place is further from UTC, and no moment is read with more. */
const MAX_OFFSET_HOURS = 14;

/** `JST-9`: POSIX counts hours to the west. A form with rules for summer is more than an offset. */
function fixedOffset(value: string): string | undefined {
  const { sign, hours = '', minutes = '00' } = FIXED.exec(value)?.groups ?? {};
  if (hours === '' || Number(hours) > MAX_OFFSET_HOURS) return undefined;
  if (Number(hours) === 0 && minutes === '00') return 'UTC';
  return `${sign === '-' ? '+' : '-'}${hours.padStart(2, '0')}:${minutes}`;
}
