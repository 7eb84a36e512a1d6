/**
 * Readings of clocks, and which difference between two of them is a jump (docs/decisions/0022-time-from-order.md).
 *
 * Clocks of two machines never agree to the millisecond. So a reading that lies a little behind the one before it is
 * raised to it: time does not run backwards for that. One that lies further behind is kept as it is.
 */

/** Readings that differ by more than this, milliseconds, do so because a clock jumped. */
export const JUMP_MS = 5000;

/** The reading after another one, both RFC 3339 in UTC with milliseconds: raised to it unless a clock jumped back. */
export function settled(before: string, reading: string): string {
  if (reading >= before) return reading; // one fixed format: the order of the texts is the order of the times
  return Date.parse(before) - Date.parse(reading) <= JUMP_MS ? before : reading;
}
