/**
 * The state of one host, as the rules need it: simulated hardware, the AP bus, the devices on it, the mdevs.
 * A value: `evolve` makes the next one and shares with it what did not change.
 */
import {
  type Apqn,
  and,
  apidOf,
  apqiOf,
  type ControlledMatrix,
  EMPTY_MATRIX,
  type Mask256,
  maskOf,
  maskOfRange,
  matrixHas,
} from '@apledger/ap';
import type {
  BusAttribute,
  CardMode,
  Generation,
  GuestMatrixLife,
  MatrixIds,
  QueueDriver,
} from '@apledger/events';
import {
  type AdapterPlugState,
  type GuestState,
  guestTable,
  hasTag,
  type QueueState,
} from '@apledger/machines';

/** What is plugged into an adapter slot. Type 0 = nothing, 6..9 = CEX2 and CEX3, 10..14 = CEX4..CEX8. */
export interface CardHardware {
  readonly type: number;
  readonly mode: CardMode;
  /** Facility bits of the card, as `ap_functions` shows them. */
  readonly functions: number;
}

/** The machine below the bus. What changes here is noticed at the next scan. */
export interface HardwareState {
  readonly qci: boolean;
  readonly apxa: boolean;
  /** QCI's highest adapter and domain numbers; they count only with APXA. */
  readonly maxAdapter: number;
  readonly maxDomain: number;
  readonly config: ControlledMatrix;
  readonly cards: ReadonlyMap<number, CardHardware>;
  readonly checkStopped: Mask256;
  readonly deconfigured: Mask256;
  /** Codes that the next ZAPQs of a queue will answer, one each. */
  readonly resetFaults: ReadonlyMap<number, readonly number[]>;
}

export interface Queue {
  /** Counts up over the host: devices are walked in the order of their registration (driver-rules 3.2). */
  readonly order: number;
  readonly state: QueueState;
  /** What the queue's last reset by vfio_ap answered; 0 after binding (driver-rules 6.2 "passable"). */
  readonly resetCode: number;
  readonly driverOverride: string | null;
  readonly configured: boolean;
  readonly checkStopped: boolean;
  readonly online: boolean;
}

export interface Card extends CardHardware {
  readonly configured: boolean;
  readonly checkStopped: boolean;
  readonly online: boolean;
  /** By APQI. */
  readonly queues: ReadonlyMap<number, Queue>;
}

export interface Mdev {
  readonly uuid: string;
  readonly assigned: ControlledMatrix;
  /** The shadow, shown by `guest_matrix`; null where the generation has none (5.10; 2019-v2 while nobody has it open). */
  readonly filtered: ControlledMatrix | null;
  /** What the attached guest can use, null without one. */
  readonly effective: ControlledMatrix | null;
  readonly lifecycle: GuestState;
  /** Who has it open, null = nobody, or somebody who is no KVM guest. */
  readonly guest: string | null;
  /** True when the guest's own masks follow this mdev. */
  readonly attached: boolean;
  /** A removal waits for the guest to close (driver-rules 5.6). */
  readonly removing: boolean;
  /** Assigned adapters, and where each is on its way into the guest. */
  readonly plug: ReadonlyMap<number, AdapterPlugState>;
}

export interface HostState {
  readonly name: string;
  readonly driver: Generation;
  /** When its mdevs have a filtered matrix. */
  readonly guestMatrix: GuestMatrixLife;
  readonly hardware: HardwareState;
  /** QCI as the bus last fetched it. */
  readonly config: ControlledMatrix;
  readonly bootParameters: { readonly apmask: string | null; readonly aqmask: string | null };
  readonly apmask: Mask256;
  readonly aqmask: Mask256;
  readonly attributes: Readonly<Record<BusAttribute, number>>;
  readonly scans: number;
  readonly bindingsCompleted: number;
  /** A probe happened since the last time that all queues were bound (driver-rules 10). */
  readonly bindingsArmed: boolean;
  /** By APID. */
  readonly cards: ReadonlyMap<number, Card>;
  /** How many queues were ever registered: the next one's order. */
  readonly registered: number;
  /** By UUID, in the order of creation. */
  readonly mdevs: ReadonlyMap<string, Mdev>;
}

/** How many mdevs a host can have: `available_instances` of an empty one (driver-rules 4.3). */
export const MAX_MDEVS = 65536;

export const matrixOfIds = (ids: MatrixIds): ControlledMatrix => ({
  adapters: maskOf(ids.adapters),
  domains: maskOf(ids.domains),
  controlDomains: maskOf(ids.controlDomains),
});

/** Highest ids that the AP bus accepts: a QCI value of 0 is ignored (driver-rules 2). */
export function busLimits({ hardware }: HostState): {
  readonly maxAdapter: number;
  readonly maxDomain: number;
} {
  const { apxa, qci } = hardware;
  return {
    maxAdapter: qci && apxa && hardware.maxAdapter !== 0 ? hardware.maxAdapter : 63,
    maxDomain: qci && apxa && hardware.maxDomain !== 0 ? hardware.maxDomain : 15,
  };
}

/** Highest ids that an mdev accepts: here a QCI value of 0 counts (driver-rules 2). */
export function mdevLimits({ hardware }: HostState): {
  readonly maxAdapter: number;
  readonly maxDomain: number;
} {
  const extended = hardware.qci && hardware.apxa;
  return {
    maxAdapter: extended ? hardware.maxAdapter : 63,
    maxDomain: extended ? hardware.maxDomain : 15,
  };
}

/** The host configuration as vfio_ap knows it: nothing at all without QCI (driver-rules 6.2). */
export const hostConfig = (state: HostState): ControlledMatrix =>
  state.hardware.qci ? state.config : EMPTY_MATRIX;

/** True when both masks give the APQN to the host's own drivers (driver-rules 3). */
export const isReserved = (state: HostState, apid: number, apqi: number): boolean =>
  matrixHas({ adapters: state.apmask, domains: state.aqmask }, apid, apqi);

export const queueOf = (state: HostState, apid: number, apqi: number): Queue | undefined =>
  state.cards.get(apid)?.queues.get(apqi);

export const isBoundToVfio = (state: HostState, apid: number, apqi: number): boolean =>
  queueOf(state, apid, apqi)?.state === 'vfio_ap';

/** The driver whose name a queue's `driver` link shows; null when it is bound to none, or not there. */
export function driverOf(state: HostState, queue: Apqn): QueueDriver | null {
  const device = queueOf(state, apidOf(queue), apqiOf(queue));
  if (device?.state === 'zcrypt') return zcryptDriverOf(cardType(state, apidOf(queue)));
  return device?.state === 'vfio_ap' ? 'vfio_ap' : null;
}

/** Hardware type of the card device; 0 when there is none. */
export const cardType = (state: HostState, apid: number): number => state.cards.get(apid)?.type ?? 0;

/** CEX4: the oldest type that vfio_ap and zcrypt's present driver serve (driver-rules-older 2). */
export const CEX4 = 10;
const CEX2A = 6;
const CEX3A = 8;

/** The host's own driver for queues of a hardware type (driver-rules-older 2). */
export function zcryptDriverOf(type: number): Exclude<QueueDriver, 'vfio_ap'> {
  if (type >= CEX4) return 'cex4queue';
  return type === CEX2A || type === CEX3A ? 'cex2aqueue' : 'cex2cqueue';
}

/** The mdev whose matrix holds the APQN; no two ever do. */
export function mdevOf(state: HostState, apid: number, apqi: number): Mdev | undefined {
  for (const mdev of state.mdevs.values()) if (matrixHas(mdev.assigned, apid, apqi)) return mdev;
  return undefined;
}

/** The mdev that gives the guest its AP devices; no two ever do. */
export function mdevOfGuest(state: HostState, guest: string): Mdev | undefined {
  for (const mdev of state.mdevs.values()) if (mdev.attached && mdev.guest === guest) return mdev;
  return undefined;
}

/** True while somebody has the mdev open: the machine's tag says so. */
export const isOpen = (mdev: Mdev): boolean => hasTag(guestTable, mdev.lifecycle, 'open');

/** Without APXA only 64 adapters and 16 domains reach the guest (driver-rules 6.2). */
const REACHABLE_ADAPTERS = maskOfRange(0, 63);
const REACHABLE_DOMAINS = maskOfRange(0, 15);

/** The masks that arrive in a guest's CRYCB when these are written for it. */
export function reachable(state: HostState, matrix: ControlledMatrix): ControlledMatrix {
  if (state.hardware.apxa && state.hardware.qci) return matrix;
  return {
    adapters: and(matrix.adapters, REACHABLE_ADAPTERS),
    domains: and(matrix.domains, REACHABLE_DOMAINS),
    controlDomains: and(matrix.controlDomains, REACHABLE_DOMAINS),
  };
}
