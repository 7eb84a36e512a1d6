/** A host as it is now, in what a reboot may change. What is not known is undefined, and not compared. */
import {
  type Apqn,
  apidOf,
  apqiOf,
  apqn,
  type ControlledMatrix,
  forEachId,
  idsOf,
  type Mask256,
  type Matrix,
} from '@apledger/ap';
import { HARDWARE, type ObservedHost, type Problem, registrationOf } from '@apledger/capture';
import {
  BUS_ATTRIBUTES,
  type BusAttribute,
  type Command,
  type CommandOf,
  type Generation,
} from '@apledger/events';
import {
  driverOf,
  type HostState,
  hardwareOf,
  isCheckStopped,
  isDeconfigured,
  isSwitchedOff,
  queueOf,
  queuesOf,
} from '@apledger/host';

export interface NowMdev {
  readonly assigned: ControlledMatrix | undefined;
  readonly guestMatrix: Matrix | undefined;
}

export interface Now {
  /** Makes the same machine with nothing set; the boot masks in it do not count. */
  readonly registration: CommandOf<'RegisterHost'>;
  /** Cards that are taken away or check-stopped: a reboot of the host does not bring them back. */
  readonly hardware: (state: HostState) => readonly Command[];
  readonly attributes: Readonly<Partial<Record<BusAttribute, number>>>;
  readonly masks: { readonly apmask?: Mask256 | undefined; readonly aqmask?: Mask256 | undefined };
  /** The driver of each queue, null = none. */
  readonly drivers: ReadonlyMap<Apqn, string | null>;
  readonly overrides: ReadonlyMap<Apqn, string>;
  /** Cards that somebody has set offline. */
  readonly offlineCards: readonly number[];
  /** Queues of other cards that somebody has set offline. */
  readonly offlineQueues: readonly Apqn[];
  readonly mdevs: ReadonlyMap<string, NowMdev> | undefined;
  /** Guests that run with an mdev, by name. */
  readonly guests: ReadonlyMap<string, string> | undefined;
  /** What had to be taken without any file saying so. */
  readonly problems: readonly Problem[];
}

/** The host by its files. */
export function nowOfObserved(observed: ObservedHost, host: string, driver: Generation): Now {
  const { command, problems } = registrationOf(observed, host, driver);
  const { queues, masks, mdevs, guests } = observed;
  const known = <T>(of: (queue: (typeof queues)[number]) => T | undefined): Map<Apqn, T> =>
    new Map(
      queues.flatMap((queue) => {
        const value = of(queue);
        return value === undefined ? [] : [[queue.queue, value] as const];
      }),
    );
  const offlineCards = observed.cards.filter(isSwitchedOff).map(({ adapter }) => adapter);
  return {
    registration: command,
    hardware: (state) => HARDWARE(state, observed),
    attributes: Object.fromEntries(
      BUS_ATTRIBUTES.flatMap((name) => {
        const text = observed.attributes[name];
        return text === undefined ? [] : [[name, Number(text)]];
      }),
    ),
    masks,
    drivers: known(({ driver }) => driver),
    overrides: known(({ driverOverride }) => driverOverride),
    offlineCards,
    offlineQueues: queues
      .filter((queue) => isSwitchedOff(queue) && !offlineCards.includes(apidOf(queue.queue)))
      .map(({ queue }) => queue),
    mdevs:
      mdevs &&
      new Map(mdevs.map(({ uuid, assigned, guestMatrix }) => [uuid, { assigned, guestMatrix }] as const)),
    guests: guests && new Map(guests.map(({ name, mdev }) => [name, mdev] as const)),
    problems,
  };
}

/** The host as the ledger has it. */
export function nowOfState(state: HostState): Now {
  const drivers = new Map<Apqn, string | null>();
  for (const apid of state.cards.keys())
    forEachId(queuesOf(state, apid), (apqi) =>
      drivers.set(apqn(apid, apqi), driverOf(state, apqn(apid, apqi))),
    );
  const mdevs = [...state.mdevs.values()];
  const offlineCards = [...state.cards].filter(([, card]) => isSwitchedOff(card)).map(([apid]) => apid);
  return {
    registration: registrationOfState(state),
    hardware: () => lossesOf(state),
    attributes: state.attributes,
    masks: { apmask: state.apmask, aqmask: state.aqmask },
    drivers,
    overrides: new Map(
      state
        .overriddenQueues()
        .map((queue) => [queue, queueOf(state, apidOf(queue), apqiOf(queue))?.driverOverride ?? '']),
    ),
    offlineCards,
    offlineQueues: [...drivers.keys()].filter((queue) => {
      const device = queueOf(state, apidOf(queue), apqiOf(queue));
      return device?.state === 'zcrypt' && isSwitchedOff(device) && !offlineCards.includes(apidOf(queue));
    }),
    mdevs: new Map(
      mdevs.map(({ uuid, assigned, guestMatrix }) => [
        uuid,
        { assigned, guestMatrix: guestMatrix ?? undefined },
      ]),
    ),
    guests: new Map(mdevs.flatMap(({ guest, uuid }) => (guest === null ? [] : [[guest, uuid] as const]))),
    problems: [],
  };
}

const registrationOfState = (state: HostState): Now['registration'] => ({
  type: 'RegisterHost',
  host: state.name,
  driver: state.driver,
  hardware: hardwareOf(state),
  boot: { apmask: null, aqmask: null },
});

function lossesOf(state: HostState): Command[] {
  const commands = idsOf(state.hardwareConfig.adapters).flatMap((adapter): Command[] => [
    ...(isDeconfigured(state, adapter) ? [{ type: 'ConfigureCard', adapter, text: '0' } as const] : []),
    ...(isCheckStopped(state, adapter)
      ? [{ type: 'SetCheckStop', adapter, checkStopped: true } as const]
      : []),
  ]);
  return commands.length === 0 ? [] : [...commands, { type: 'ScanBus' }];
}
