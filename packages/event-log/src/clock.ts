/**
 * Readings of clocks, and which difference between two of them is a jump (docs/decisions/0022-time-from-order.md).
 *
 * Clocks of two machines never agree to the millisecond. So a reading that lies a little behind the one before it is
 * raised to it: time does not run backwards for that. One that lies further behind is kept as it is.
 */

import type { RecordedFact } from './port.ts';

/** Readings that differ by more than this, milliseconds, do so because a clock jumped. */
export const JUMP_MS = 5000;

/** The reading after another one, both RFC 3339 in UTC with milliseconds: raised to it unless a clock jumped back. */
export function settled(before: string, reading: string): string {
  if (reading >= before) return reading; // one fixed format: the order of the texts is the order of the times
  return Date.parse(before) - Date.parse(reading) <= JUMP_MS ? before : reading;
}

/** The stream in which processes record that their clocks jumped, and the type of those facts. */
export const CLOCK_STREAM = 'clock';
const CLOCK_JUMPED = 'ClockJumped';

/** A jump that a process recorded. */
export interface ClockJump {
  readonly position: number;
  readonly process: string;
  /** What its clock should have read, by its own running or by the log, and what it read; RFC 3339. */
  readonly before: string;
  readonly after: string;
}

/** The jump that a fact records, if it records one. */
export function clockJumpOf({
  stream,
  type,
  position,
  data,
}: Pick<RecordedFact, 'stream' | 'type' | 'position' | 'data'>): ClockJump | undefined {
  if (stream !== CLOCK_STREAM || type !== CLOCK_JUMPED) return undefined;
  const { process, before, after } = data;
  if (typeof process !== 'string' || typeof before !== 'string' || typeof after !== 'string')
    return undefined;
  return { position, process, before, after };
}

/**
 * Whether a jump that was recorded explains that a fact of the log was recorded so much earlier, milliseconds, than the one at
 * the position before it. Two clocks that differ for long are one jump, so it may be any of the log.
 */
export const explains = (jump: ClockJump, backMs: number): boolean =>
  Math.abs(Date.parse(jump.before) - Date.parse(jump.after)) + JUMP_MS >= backMs;
