/** Files that cards and queues have alike: driver-rules 4.1 and 4.2. */
import { compatibleType, rulesOf } from '@apledger/driver';
import type { CardMode } from '@apledger/events';
import { type Card, type HostState, type Queue, zcryptDriverOf } from '@apledger/host';
import { changeable, constant, settable } from './folder.ts';
import type { Attribute } from './node.ts';

/** Operation modes of an EP11 card and of its queues. */
export const OPERATION_MODES = 'FIPS2009 BSI2009';

/** `1` or `0` with a newline. */
export const flag = (value: boolean): string => (value ? '1\n' : '0\n');
/** Upper-case hexadecimal of at least `width` digits. */
export const hex = (value: number, width: number): string =>
  value.toString(16).toUpperCase().padStart(width, '0');
/** The `ap_functions` file, of cards and of queues. */
export const functionsText = (functions: number): string => `0x${hex(functions, 8)}\n`;
/** Requests: the simulation makes none. Any write resets the counter. */
export const requestCounter = (): Attribute => settable('0\n');
/** Requests that wait or are under way, and the load that they make. */
export const noRequests = (): Attribute => constant('0\n');

/** `online` of a card or of a queue that zcrypt has: what was asked for, and what the hardware allows. */
export const onlineSwitch = (name: string, device: Card | Queue): Attribute =>
  changeable(
    () => flag(device.configured && !device.checkStopped && device.online),
    (text) => ({ type: 'SetOnline', device: name, text }),
  );

const MODE_NAMES: Readonly<Record<CardMode, string>> = { A: 'accel', C: 'cca', P: 'ep11' };
/** What the uevents of cards and queues say about the card's mode (driver-rules 10). */
export const modeProperty = ({ mode }: Card): string => `MODE=${MODE_NAMES[mode]}`;

/** The type as which the bus serves a card, `hwtype`: a CEX8 is a CEX7 to a kernel that does not know it (driver-rules-older 2). */
export const hwtypeOf = (state: HostState, { type }: Card): number =>
  compatibleType(state, rulesOf(state.driver).servedTypes, type);
/** zcrypt's driver for a card of the type. */
export const cardDriverOf = (type: number): string => zcryptDriverOf(type).replace('queue', 'card');
/** What udev and driver loading go by. */
export const modaliasOf = (hwtype: number): string => `ap:t${hex(hwtype, 2)}`;
/** The uevent's properties of a card's type (driver-rules 10). */
export const typeProperties = (hwtype: number): readonly string[] => [
  `DEV_TYPE=${hex(hwtype, 4)}`,
  `MODALIAS=${modaliasOf(hwtype)}`,
];
