/** A host as it is now, in what a reboot may change. What is not known is undefined, and not compared. */
import {
  type Apqn,
  apidOf,
  apqiOf,
  apqn,
  type ControlledMatrix,
  forEachId,
  formatCard,
  idsOf,
  type Mask256,
  type Matrix,
} from '@apledger/ap';
import { HARDWARE, type ObservedHost, type Problem, registrationOf } from '@apledger/capture';
import type { Command, CommandOf, Generation } from '@apledger/events';
import {
  driverOf,
  type HostState,
  hardwareOf,
  isCheckStopped,
  isDeconfigured,
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
  readonly masks: { readonly apmask?: Mask256 | undefined; readonly aqmask?: Mask256 | undefined };
  /** The driver of each queue, null = none. */
  readonly drivers: ReadonlyMap<Apqn, string | null>;
  readonly overrides: ReadonlyMap<Apqn, string>;
  /** Cards and queues that somebody has set offline. */
  readonly offline: ReadonlySet<string>;
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
  return {
    registration: command,
    hardware: (state) => HARDWARE(state, observed),
    masks,
    drivers: known(({ driver }) => driver),
    overrides: known(({ driverOverride }) => driverOverride),
    offline: new Set(
      observed.cards
        .filter(
          ({ online, configured, checkStopped }) => online === false && configured !== false && !checkStopped,
        )
        .map(({ adapter }) => formatCard(adapter)),
    ),
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
  return {
    registration: registrationOfState(state),
    hardware: () => lossesOf(state),
    masks: { apmask: state.apmask, aqmask: state.aqmask },
    drivers,
    overrides: new Map(
      state
        .overriddenQueues()
        .map((queue) => [queue, queueOf(state, apidOf(queue), apqiOf(queue))?.driverOverride ?? '']),
    ),
    offline: new Set(
      [...state.cards].flatMap(([apid, { online, configured, checkStopped }]) =>
        !online && configured && !checkStopped ? [formatCard(apid)] : [],
      ),
    ),
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
