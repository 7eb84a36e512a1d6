/** Moments as options give them, and as answers print them. */
import type { AtMoment, Reply } from '@apledger/api';
import type { RecordedFact } from '@apledger/event-log';
import { hostOf } from '@apledger/events';
import { type Ledger, lastPosition, readPosition, readTime } from '@apledger/ledger';
import { momentText } from '@apledger/moment';
import { ownZone, zoneToShow } from './zone.ts';

type Position = { readonly position: number };
type Time = { readonly time: string };
export type GivenMoment = Position | Time;

/** What every option that takes a moment says of it. */
export const MOMENT = 'a position of the log, or a time like "2026-11-17 09:14", yesterday or -2h';

/** A number is a position, anything else a time. Throws Problem for what is neither, or has not been yet. */
export const parseMoment = async (option: string, text: string, ledger: Ledger): Promise<GivenMoment> =>
  /^\d+$/.test(text) ? parsePosition(option, text, ledger) : { time: parseTime(option, text) };

/** The same; undefined for an option that was not given. */
export const parseGiven = async (
  option: string,
  text: string | undefined,
  ledger: Ledger,
): Promise<GivenMoment | undefined> => (text === undefined ? undefined : parseMoment(option, text, ledger));

/** A position that the log has. Throws Problem for any other; `option` begins its message. */
export const parsePosition = async (option: string, text: string, ledger: Ledger): Promise<Position> => ({
  position: readPosition(text, await lastPosition(ledger), `${option} `),
});

/** A time in the zone of the person who types, as RFC 3339 in UTC. Throws Problem; `option` begins its message. */
export const parseTime = (option: string, text: string): string =>
  readTime(text, { now: new Date(), zone: ownZone() }, `${option} `);

/** As requests about two moments carry it. */
export const requestText = (moment: GivenMoment): string =>
  'time' in moment ? moment.time : String(moment.position);

/** The moment that was used, with its zone: `position 37`, `2026-11-17 09:14:00 +01:00 Europe/Zurich`. */
export const usedText = ({ position, time }: AtMoment): string =>
  time === undefined
    ? `position ${position ?? 'of the last fact'}`
    : momentText({ time, zone: zoneToShow() });

/** The same of a span: `as of X` when both ends are one, else `from X to Y`; '' when there is no limit. */
export function usedSpanText(from: GivenMoment | undefined, to: GivenMoment | undefined): string {
  if (from !== undefined && to !== undefined && requestText(from) === requestText(to))
    return `as of ${usedText(to)}`;
  return [
    ...(from === undefined ? [] : [`from ${usedText(from)}`]),
    ...(to === undefined ? [] : [`to ${usedText(to)}`]),
  ].join(' ');
}
type Placed = Pick<RecordedFact, 'stream' | 'position' | 'occurredAt'>;

/**
 * Whether a fact lies at or before a moment: of a host, in the order of the log, and what clocks leave open is taken by
 * `isOpenIn`; about the ledger, by its time.
 */
export async function upTo(
  ledger: Ledger,
  moment: Position | Time,
  isOpenIn: boolean,
): Promise<(fact: Placed) => boolean> {
  if ('position' in moment) return ({ position }) => position <= moment.position;
  const ends = new Map<string, number>();
  for (let after: string | null = ''; after !== null; ) {
    const page: Reply<'hosts'> = await ledger.ask('hosts', { time: moment.time, after });
    for (const { host, position, mayReach } of page.hosts)
      ends.set(host, isOpenIn ? (mayReach?.position ?? position) : position);
    after = page.next;
  }
  return ({ stream, position, occurredAt }) => {
    const host = hostOf(stream);
    return host === undefined ? occurredAt <= moment.time : position <= (ends.get(host) ?? -1);
  };
}

/** The last millisecond before a time, the position before a position. */
export const justBefore = (moment: Position | Time): Position | Time =>
  'position' in moment
    ? { position: moment.position - 1 }
    : { time: new Date(Date.parse(moment.time) - 1).toISOString() };
