/** Adapter ids (APID), domains (APQI), and the queue that they name together (APQN), written `05.0047`. */

/** An APQN as one number: APID in bits 8..15, APQI in bits 0..7. */
export type Apqn = number;

const hex2 = Array.from({ length: 256 }, (_, id) => id.toString(16).padStart(2, '0'));

/** Two lower-case hex digits, as in `card05`. */
export const formatApid = (apid: number): string => hex2[apid] ?? apid.toString(16);
/** Four lower-case hex digits, as in `05.0047`. */
export const formatApqi = (apqi: number): string => `00${formatApid(apqi)}`;

/** The APQN of an APID and an APQI, both 0..255. */
export const apqn = (apid: number, apqi: number): Apqn => (apid << 8) | apqi;
export const apidOf = (queue: Apqn): number => queue >>> 8;
export const apqiOf = (queue: Apqn): number => queue & 0xff;

/** Names that were asked for: the same few are written and read again with every fact. */
const names: string[] = [];

/** `05.0047`: the name of the queue's device. */
export function formatApqn(queue: Apqn): string {
  names[queue] ??= `${formatApid(apidOf(queue))}.${formatApqi(apqiOf(queue))}`;
  return names[queue] ?? '';
}

/** The queue of a device name; undefined when the text is not exactly of the form `05.0047` (lower case). */
export function parseApqn(text: string): Apqn | undefined {
  if (text.length !== 7 || text.charCodeAt(2) !== DOT || !text.startsWith('00', 3)) return undefined;
  const high = digit(text, 0);
  const low = digit(text, 1);
  const apqiHigh = digit(text, 5);
  const apqiLow = digit(text, 6);
  // A digit that is none is negative, and so is what it is part of.
  const queue = (high << 12) | (low << 8) | (apqiHigh << 4) | apqiLow;
  return queue < 0 ? undefined : queue;
}

/** The same of what a person writes, always hexadecimal: `5.47`, `05,47`, `0x05.0x47`, `05.0047`; undefined for anything else. */
export function readApqn(text: string): Apqn | undefined {
  const [, apid, apqi] = /^(?:0x)?([0-9a-f]{1,2})[.,](?:0x)?(?:00)?([0-9a-f]{1,2})$/i.exec(text) ?? [];
  if (apid === undefined || apqi === undefined) return undefined;
  return apqn(Number.parseInt(apid, 16), Number.parseInt(apqi, 16));
}

const DOT = 0x2e;

/** The value of a lower-case hexadecimal digit; -1 for anything else. */
function digit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
}

/** The APQNs of names; a text that names none is left out. */
export const parseApqns = (names: readonly string[]): Apqn[] =>
  names.flatMap((name) => parseApqn(name) ?? []);

/** The name of an adapter's device, `card05`. */
export const formatCard = (apid: number): string => `card${formatApid(apid)}`;

/** The APID of a device name like `card05`; undefined when the text is something else. */
export function parseCard(text: string): number | undefined {
  return /^card[0-9a-f]{2}$/.test(text) ? Number.parseInt(text.slice(4), 16) : undefined;
}
