/** Moments as options give them. */
import { type Ledger, lastPosition, readPosition, readTime } from '@apledger/ledger';

type Position = { readonly position: number };
type Time = { readonly time: string };

/** A number is a position, anything else a time. Throws Problem for what is neither, or has not been yet. */
export const parseMoment = async (option: string, text: string, ledger: Ledger): Promise<Position | Time> =>
  /^\d+$/.test(text) ? parsePosition(option, text, ledger) : { time: parseTime(option, text) };

export const parsePosition = async (option: string, text: string, ledger: Ledger): Promise<Position> => ({
  position: readPosition(text, await lastPosition(ledger), `${option} `),
});

export const parseTime = (option: string, text: string): string =>
  readTime(text, { now: new Date(), zone: ownZone() }, `${option} `);

const ownZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** As requests about two moments carry it. */
export const requestText = (moment: Position | Time): string =>
  'time' in moment ? moment.time : String(moment.position);
