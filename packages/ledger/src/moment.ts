/** Moments as people and programs write them: the one place that reads them. */
import { type AtMoment, Problem } from '@apledger/api';
import type { Moment } from '@apledger/event-log';
import type { LogLedger } from './log-ledger.ts';

/** A date, or a date and a time, or either with a zone; without a zone it is this machine's. */
const TIME =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?))?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

const noSuchMoment = (message: string): Problem => new Problem(400, 'no-such-moment', message);

/**
 * A time as facts carry it. `label` stands before the text in messages: `--at `. Throws Problem for what is no time, or
 * lies in the future.
 */
export function readTime(text: string, now: Date, label = ''): string {
  const [, date, clock = '00:00', zone = ''] = TIME.exec(text.trim()) ?? [];
  const time =
    date === undefined
      ? new Date(Number.NaN)
      : new Date(`${date}T${clock.replace(',', '.')}${zone.toUpperCase()}`);
  if (Number.isNaN(time.getTime()))
    throw noSuchMoment(
      `${label}${text}: not a time. Write it like 2026-11-17 09:14, or 2026-11-17T09:14:00Z.`,
    );
  if (time > now) throw noSuchMoment(`${label}${text}: lies in the future; it is ${now.toISOString()} now.`);
  return time.toISOString();
}

/** A position of a log that ends at `last`. Throws Problem for any other. */
export function readPosition(text: string, last: number, label = ''): number {
  if (!/^\d{1,15}$/.test(text))
    throw noSuchMoment(`${label}${text}: not a position. Write a number from 0 to ${last}.`);
  const position = Number(text);
  if (position > last) throw noSuchMoment(`${label}${text}: the log ends at position ${last}.`);
  return position;
}

/** Digits are a position, anything else is a time. */
export const askedIn = (text: string): AtMoment =>
  /^\d+$/.test(text) ? { position: Number(text) } : { time: text };

export const isAsked = ({ position, time }: AtMoment): boolean =>
  position !== undefined || time !== undefined;

/** The moment that a request names, by default the last position. Throws Problem for two of them, and for one to come. */
export async function momentOf(ledger: LogLedger, { position, time }: AtMoment): Promise<Moment> {
  if (position !== undefined && time !== undefined)
    throw noSuchMoment('Ask for a position or for a time, not for both.');
  if (time !== undefined) return { time: readTime(time, ledger.now()) };
  const last = await ledger.log.lastPosition();
  return { position: position === undefined ? last : readPosition(String(position), last) };
}

/** For messages: ` at position 7`, ` at 2026-…`, or nothing. */
export const inWords = ({ position, time }: AtMoment): string =>
  time === undefined ? (position === undefined ? '' : ` at position ${position}`) : ` at ${time}`;

/** A position and a time are not compared: the span is then empty, which is an answer as well. */
export function isReversed(from: Moment | undefined, to: Moment | undefined): boolean {
  if (from === undefined || to === undefined) return false;
  if ('position' in from && 'position' in to) return from.position > to.position;
  return 'time' in from && 'time' in to && from.time > to.time;
}
