/** Moments as people write them: a position of the log, or a time. */
import type { Moment } from '@apledger/event-log';
import { momentText, NotAMoment, parseMoment as readMoment } from '@apledger/moment';
import { Failure } from '../failure.ts';

/** A time as facts carry it; without a zone it is this machine's. Throws Failure(2) for what is no time, or lies in the future. */
export function parseTime(option: string, text: string, now = new Date()): string {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const read = timeInZone(option, text, { now, zone });
  if (Date.parse(read.time) > now.getTime())
    throw new Failure(
      2,
      `${option} ${text}: lies in the future (${momentText(read)}); it is ${momentText({ time: now.toISOString(), zone: read.zone })} now.`,
    );
  return read.time;
}

function timeInZone(option: string, text: string, here: { readonly now: Date; readonly zone: string }) {
  try {
    return readMoment(text, here);
  } catch (error) {
    throw error instanceof NotAMoment ? new Failure(2, `${option} ${error.message}`) : error;
  }
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
