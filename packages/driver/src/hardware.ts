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
const DECONFIGURED = 3;
const CHECK_STOPPED = 4;

/** CEX4: the oldest type that these drivers serve. */
export const OLDEST_SUPPORTED_TYPE = 10;

const DEFAULT_CARD: CardHardware = { type: 14, mode: 'C', functions: 0x92800000 };

/** What sits in an adapter slot; a CEX8C where nothing else was said. */
export const cardIn = (state: HostState, apid: number): CardHardware => state.slot(apid) ?? DEFAULT_CARD;

/** TAPQ: 00 normal, 01 not available, 03 deconfigured, 04 check-stopped. */
export function tapq(state: HostState, queue: Apqn): number {
  const apid = apidOf(queue);
  if (!isInHardware(state, apid, apqiOf(queue)) || cardIn(state, apid).type === 0) return NOT_AVAILABLE;
  if (isDeconfigured(state, apid)) return DECONFIGURED;
  return isCheckStopped(state, apid) ? CHECK_STOPPED : NORMAL;
}

/** ZAPQ answers what TAPQ would, unless a fault was injected. */
export const zapq = (state: HostState, queue: Apqn): number =>
  state.resetFaults(queue)[0] ?? tapq(state, queue);
