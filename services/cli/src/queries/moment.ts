/** Moments as people write them: a position of the log, or a time. */
import type { Moment } from '@apledger/event-log';
import { Failure } from '../failure.ts';

/** A date, or a date and a time, or either with a zone; without a zone it is this machine's. */
const TIME =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?))?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

/** A time as facts carry it. Throws Failure(2) for what is no time, or lies in the future. */
export function parseTime(option: string, text: string, now = new Date()): string {
  const [, date, clock = '00:00', zone = ''] = TIME.exec(text.trim()) ?? [];
  const time =
    date === undefined
      ? new Date(Number.NaN)
      : new Date(`${date}T${clock.replace(',', '.')}${zone.toUpperCase()}`);
  if (Number.isNaN(time.getTime()))
    throw new Failure(
      2,
      `${option} ${text}: not a time. Write it like 2026-11-17 09:14, or 2026-11-17T09:14:00Z.`,
    );
  if (time > now)
    throw new Failure(2, `${option} ${text}: lies in the future; it is ${now.toISOString()} now.`);
  return time.toISOString();
}

/** What knows where the log ends. */
interface Ended {
  lastPosition(): Promise<number>;
}

/** A position that the log has. Throws Failure(2) for any other. */
export async function parsePosition(option: string, text: string, ledger: Ended): Promise<number> {
  const last = await ledger.lastPosition();
  if (!/^\d{1,15}$/.test(text))
    throw new Failure(2, `${option} ${text}: not a position. Write a number from 0 to ${last}.`);
  const position = Number(text);
  if (position > last) throw new Failure(2, `${option} ${text}: the log ends at position ${last}.`);
  return position;
}

/** A number is a position, anything else a time. */
export async function parseMoment(option: string, text: string, ledger: Ended): Promise<Moment> {
  return /^\d+$/.test(text)
    ? { position: await parsePosition(option, text, ledger) }
    : { time: parseTime(option, text) };
}
