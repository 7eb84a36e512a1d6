/** "As of": the revision, position or time in a request, as a moment that the log has had. */
import type { Moment } from '@apledger/event-log';
import { NotAMoment, parseMoment, type TimeInZone } from '@apledger/moment';
import Type, { type Static } from 'typebox';
import type { Ledger } from './ledger.ts';
import { Problem } from './problem.ts';

/** RFC 3339; a zone is asked for, because the asker's is not the ledger's. */
const TIME = '^\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?([Zz]|[+-]\\d{2}:\\d{2})$';

/** Properties of a request about a moment; none of them = now. */
export const atMoment = {
  position: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'as of this position of the log',
    }),
  ),
  time: Type.Optional(
    Type.String({ pattern: TIME, description: 'as of this time, like 2026-11-17T09:14:00Z' }),
  ),
};
const Asked = Type.Object(atMoment);
export type AtMoment = Static<typeof Asked>;

export const isAsked = ({ position, time }: AtMoment): boolean =>
  position !== undefined || time !== undefined;

/** Either form in one text, for requests about two moments: digits are a position. */
export const MomentText = Type.String({
  pattern: `^\\d{1,15}$|${TIME}`,
  description: 'a position of the log, or a time like 2026-11-17T09:14:00Z',
});

/** What a text of the form `MomentText` asks for. */
export const readMoment = (text: string): AtMoment =>
  /^\d+$/.test(text) ? { position: Number(text) } : { time: text };

const noSuchMoment = (message: string): Problem => new Problem(400, 'no-such-moment', message);

/** The moment that a request names. Throws Problem for two of them, and for what has not been yet. */
export async function momentOf(ledger: Ledger, { position, time }: AtMoment): Promise<Moment> {
  if (position !== undefined && time !== undefined)
    throw noSuchMoment('Ask for a position or for a time, not for both.');
  if (time !== undefined) return { time: timeOf(time, ledger.now()) };
  const last = await ledger.log.lastPosition();
  if (position === undefined) return { position: last };
  if (position > last) throw noSuchMoment(`There is no position ${position} yet: the log ends at ${last}.`);
  return { position };
}

function timeOf(text: string, now: Date): string {
  const { time } = read(text, now);
  if (Date.parse(time) > now.getTime())
    throw noSuchMoment(`${text} lies in the future: it is ${now.toISOString()} here.`);
  return time;
}

function read(text: string, now: Date): TimeInZone {
  try {
    return parseMoment(text, { now, zone: 'UTC' });
  } catch (error) {
    throw error instanceof NotAMoment ? noSuchMoment(error.message) : error;
  }
}

/** For messages: ` at position 7`, ` at 2026-…`, or nothing. */
export const inWords = ({ position, time }: AtMoment): string =>
  time === undefined ? (position === undefined ? '' : ` at position ${position}`) : ` at ${time}`;
