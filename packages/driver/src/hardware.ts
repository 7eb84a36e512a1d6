/** What the simulated machine answers to the AP instructions (driver-rules 6.6, 6.7, 6.9). */
import { type Apqn, apidOf, apqiOf } from '@apledger/ap';
import {
  type CardHardware,
  type HostState,
  isCheckStopped,
  isDeconfigured,
  isInHardware,
} from '@apledger/host';

/** Response codes of TAPQ and ZAPQ. */
export const NORMAL = 0;
export const NOT_AVAILABLE = 1;
export const DECONFIGURED = 3;
export const CHECK_STOPPED = 4;

const DEFAULT_CARD: CardHardware = { type: 14, mode: 'C', functions: 0x92800000 };

/** What sits in an adapter slot; a CEX8C where nothing else was said. */
export const cardIn = (state: HostState, apid: number): CardHardware => state.slot(apid) ?? DEFAULT_CARD;

/** Nothing sits in the slot. */
export const isEmptySlot = (state: HostState, apid: number): boolean =>
  (state.slotType(apid) ?? DEFAULT_CARD.type) === 0;

/** TAPQ: 00 normal, 01 not available, 03 deconfigured, 04 check-stopped. */
export function tapq(state: HostState, queue: Apqn): number {
  const apid = apidOf(queue);
  if (!isInHardware(state, apid, apqiOf(queue)) || isEmptySlot(state, apid)) return NOT_AVAILABLE;
  if (isDeconfigured(state, apid)) return DECONFIGURED;
  return isCheckStopped(state, apid) ? CHECK_STOPPED : NORMAL;
}

/** ZAPQ answers what TAPQ would, unless a fault was injected. */
export const zapq = (state: HostState, queue: Apqn): number =>
  state.resetFaults(queue)[0] ?? tapq(state, queue);

/** The hardware types of which a generation's bus makes devices (driver-rules-older 2). */
export interface ServedTypes {
  readonly oldest: number;
  readonly newest: number;
}

/**
 * The type as which the bus serves a card of hardware type `type` (`hwtype`); 0 = it makes no device of it. A type that is newer than
 * the bus serves as the newest that it knows, which it learns from PQAP(QACT), and so only where QCI is.
 */
export function compatibleType(state: HostState, { oldest, newest }: ServedTypes, type: number): number {
  if (type < oldest) return 0;
  if (type <= newest) return type;
  return state.hardware.qci ? newest : 0;
}
