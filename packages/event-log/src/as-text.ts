/**
 * What logs keep as bytes and numbers, as text: UUIDs and instants. Readers make one of each for every fact, so each is put together in one
 * buffer that stays; pieces of text take four times as long, and again when they are joined.
 */

const DIGITS = Buffer.from('0123456789abcdef');
const ZERO = 0x30;

/** Where the digits of each of the 16 bytes stand. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const uuid = Buffer.alloc(36, '-');

/** The 16 bytes from `at` as a UUID in lower case. */
export function uuidOf(bytes: Uint8Array, at = 0): string {
  for (let i = 0; i < 16; i++) {
    const byte = bytes[at + i] ?? 0;
    const place = PLACES[i] ?? 0;
    uuid[place] = DIGITS[byte >>> 4] ?? 0;
    uuid[place + 1] = DIGITS[byte & 15] ?? 0;
  }
  return uuid.toString('latin1');
}

/** A UUID as 16 bytes. */
export const uuidBytes = (text: string): Buffer => Buffer.from(text.replaceAll('-', ''), 'hex');

const DAY_MS = 86_400_000;
const instant = Buffer.alloc(24);
/** The day whose date stands in `instant`, counted from 1970; facts of one day come in runs. */
let dayOfInstant = Number.NaN;

/** Milliseconds since 1970 as RFC 3339 in UTC. Throws RangeError as `toISOString` does. */
export function instantOf(milliseconds: number): string {
  const day = Math.floor(milliseconds / DAY_MS);
  if (day !== dayOfInstant || !Number.isInteger(milliseconds)) {
    const text = new Date(milliseconds).toISOString();
    dayOfInstant = instant.write(text, 'latin1') === text.length ? day : Number.NaN;
    return text;
  }
  const left = milliseconds - day * DAY_MS;
  twoDigits(11, Math.floor(left / 3_600_000));
  twoDigits(14, Math.floor(left / 60_000) % 60);
  twoDigits(17, Math.floor(left / 1000) % 60);
  instant[20] = ZERO + Math.floor((left % 1000) / 100);
  twoDigits(21, left % 100);
  return instant.toString('latin1');
}

function twoDigits(at: number, value: number): void {
  instant[at] = ZERO + Math.floor(value / 10);
  instant[at + 1] = ZERO + (value % 10);
}
