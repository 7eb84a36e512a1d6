/** The machine below a host: what it has, how far it goes, and what of it reaches whom. */
import { and, type ControlledMatrix, EMPTY_MATRIX, idsOf, maskOfRange } from '@apledger/ap';
import type { Hardware } from '@apledger/events';
import { APMASK, AQMASK, CHECK_STOPPED, DECONFIGURED, HARDWARE_CONFIG, MASK_WORDS } from './layout.ts';
import type { HostState } from './state.ts';
import { hasBit } from './words.ts';

/** Without APXA only 64 adapters and 16 domains reach a guest (driver-rules 6.2). */
const REACHABLE: ControlledMatrix = {
  adapters: maskOfRange(0, 63),
  domains: maskOfRange(0, 15),
  controlDomains: maskOfRange(0, 15),
};

/** Highest ids that the AP bus accepts: a QCI value of 0 is ignored (driver-rules 2). */
export function busLimits({ hardware }: HostState): {
  readonly maxAdapter: number;
  readonly maxDomain: number;
} {
  const { apxa, qci, maxAdapter, maxDomain } = hardware;
  return {
    maxAdapter: qci && apxa && maxAdapter !== 0 ? maxAdapter : 63,
    maxDomain: qci && apxa && maxDomain !== 0 ? maxDomain : 15,
  };
}

/** Highest ids that an mdev accepts: here a QCI value of 0 counts (driver-rules 2). */
export function mdevLimits({ hardware }: HostState): {
  readonly maxAdapter: number;
  readonly maxDomain: number;
} {
  const isExtended = hardware.qci && hardware.apxa;
  return {
    maxAdapter: isExtended ? hardware.maxAdapter : 63,
    maxDomain: isExtended ? hardware.maxDomain : 15,
  };
}

/** The host configuration as vfio_ap knows it: nothing at all without QCI (driver-rules 6.2). */
export const hostConfig = (state: HostState): ControlledMatrix =>
  state.hardware.qci ? state.config : EMPTY_MATRIX;

/** True when both masks give the APQN to the host's own drivers (driver-rules 3). */
export const isReserved = ({ block: { words } }: HostState, apid: number, apqi: number): boolean =>
  hasBit(words, APMASK, apid) && hasBit(words, AQMASK, apqi);

/** True when the hardware has the APQN. */
export const isInHardware = ({ block: { words } }: HostState, apid: number, apqi: number): boolean =>
  hasBit(words, HARDWARE_CONFIG, apid) && hasBit(words, HARDWARE_CONFIG + MASK_WORDS, apqi);

/** What the hardware says of an adapter. */
export const isDeconfigured = ({ block: { words } }: HostState, apid: number): boolean =>
  hasBit(words, DECONFIGURED, apid);
export const isCheckStopped = ({ block: { words } }: HostState, apid: number): boolean =>
  hasBit(words, CHECK_STOPPED, apid);

/** The masks that arrive in a guest's CRYCB when these are written for it (driver-rules 6.2). */
export function reachable(state: HostState, matrix: ControlledMatrix): ControlledMatrix {
  const { apxa, qci } = state.hardware;
  if (apxa && qci) return matrix;
  return {
    adapters: and(matrix.adapters, REACHABLE.adapters),
    domains: and(matrix.domains, REACHABLE.domains),
    controlDomains: and(matrix.controlDomains, REACHABLE.controlDomains),
  };
}

/** What a simulated host would be registered with to have the machine that this one has now. */
export function hardwareOf(state: HostState): Hardware {
  const { hardware, hardwareConfig } = state;
  const adapters = idsOf(hardwareConfig.adapters);
  return {
    ...hardware,
    adapters,
    domains: idsOf(hardwareConfig.domains),
    controlDomains: idsOf(hardwareConfig.controlDomains),
    cards: adapters.flatMap((adapter) => {
      const slot = state.slot(adapter);
      return slot === undefined
        ? []
        : [{ adapter, type: slot.type, mode: slot.mode, functions: slot.functions }];
    }),
  };
}

/** What is seen of a card's or queue's switches; undefined = not seen. */
interface Switches {
  readonly online?: boolean | undefined;
  readonly configured?: boolean | undefined;
  readonly checkStopped?: boolean | undefined;
}

/** Somebody has switched it off: `online` is 0 also for what is taken away or check-stopped, and that is no switch of anybody. */
export const isSwitchedOff = ({ online, configured, checkStopped }: Switches): boolean =>
  online === false && configured !== false && checkStopped !== true;
