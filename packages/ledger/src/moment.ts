/** Moments as people and programs write them: the one place that reads them. */
import { type AtMoment, Problem } from '@apledger/api';
import { type Moment, type Place, placeAt as placeInLog } from '@apledger/event-log';
import { momentText, NotAMoment, parseMoment, type TimeInZone, type UnknownZone } from '@apledger/moment';
import type { LogLedger } from './log-ledger.ts';

/** Of times in requests that name none: the asker's is not known, and may not be the ledger's. */
const REQUEST_ZONE = 'UTC';

/** More than these a number does not keep. */
const MAX_DIGITS = 15;

const noSuchMoment = (message: string): Problem => new Problem(400, 'no-such-moment', message);

/** What a text is read by: when it is now, and the zone of a text that names none. */
export interface Here {
  readonly now: Date;
  readonly zone: string | UnknownZone;
}

/**
 * A time as facts carry it. `label` stands before the text in messages: `--at `. Throws Problem for what is no time, or
 * lies in the future.
 */
export function readTime(text: string, here: Here, label = ''): string {
  const read = timeInZone(text, here, label);
  if (Date.parse(read.time) > here.now.getTime())
    throw noSuchMoment(
      `${label}${text}: lies in the future (${momentText(read)}); it is ${momentText({ time: here.now.toISOString(), zone: read.zone })} now.`,
    );
  return read.time;
}

function timeInZone(text: string, here: Here, label: string): TimeInZone {
  try {
    return parseMoment(text, here);
  } catch (error) {
    throw error instanceof NotAMoment ? noSuchMoment(`${label}${error.message}`) : error;
  }
}

/** A position of a log that ends at `last`. Throws Problem for any other. */
export function readPosition(text: string, last: number, label = ''): number {
  if (!/^\d{1,15}$/.test(text))
    throw noSuchMoment(`${label}${text}: not a position. Write a number from 0 to ${last}.`);
  const position = Number(text);
  if (position > last) throw noSuchMoment(`${label}${text}: the log ends at position ${last}.`);
  return position;
}

/** Digits are a position, anything else is a time. Throws Problem for more digits than a position has. */
export function askedIn(text: string): AtMoment {
  if (!/^\d+$/.test(text)) return { time: text };
  if (text.length > MAX_DIGITS)
    throw noSuchMoment(`${text}: not a position. A position has ${MAX_DIGITS} digits at most.`);
  return { position: Number(text) };
}

/** Whether the request names a moment; without one it is about now. */
export const isAsked = ({ position, time }: AtMoment): boolean =>
  position !== undefined || time !== undefined;

/** The moment that a request names, by default the last position. Throws Problem for two of them, and for one to come. */
export async function momentOf(ledger: LogLedger, { position, time }: AtMoment): Promise<Moment> {
  if (position !== undefined && time !== undefined)
    throw noSuchMoment('Ask for a position or for a time, not for both.');
  if (time !== undefined) return { time: readTime(time, { now: ledger.now(), zone: REQUEST_ZONE }) };
  const last = await ledger.log.lastPosition();
  return { position: position === undefined ? last : readPosition(String(position), last) };
}

/** The moment as an answer says that it was used. */
export function usedOf(moment: Moment): { readonly position: number } | { readonly time: string } {
  if ('time' in moment) return { time: moment.time };
  if ('position' in moment) return { position: moment.position };
  throw new TypeError('requests name no revision');
}

/** The last fact of a stream that certainly stood at a moment, -1 for none, and the last that may have stood. */
export function placeAt(
  { log, now }: Pick<LogLedger, 'log' | 'now'>,
  stream: string,
  moment: Moment,
): Promise<Place> {
  return placeInLog(log, stream, moment, now().getTime());
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
