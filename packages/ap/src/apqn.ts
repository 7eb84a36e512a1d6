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

/** `05.0047`: the name of the queue's device. */
export const formatApqn = (queue: Apqn): string =>
  `${formatApid(apidOf(queue))}.${formatApqi(apqiOf(queue))}`;

/** The queue of a device name; undefined when the text is not exactly of the form `05.0047` (lower case). */
export function parseApqn(text: string): Apqn | undefined {
  return /^[0-9a-f]{2}\.00[0-9a-f]{2}$/.test(text)
    ? apqn(Number.parseInt(text.slice(0, 2), 16), Number.parseInt(text.slice(3), 16))
    : undefined;
}

/** The name of an adapter's device, `card05`. */
export const formatCard = (apid: number): string => `card${formatApid(apid)}`;

/** The APID of a device name like `card05`; undefined when the text is something else. */
export function parseCard(text: string): number | undefined {
  return /^card[0-9a-f]{2}$/.test(text) ? Number.parseInt(text.slice(4), 16) : undefined;
}
