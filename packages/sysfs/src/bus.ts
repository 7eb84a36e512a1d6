/** /sys/bus/ap: driver-rules 2 and 3. */
import {
  type Apqn,
  apidOf,
  apqiOf,
  apqn,
  formatApqn,
  formatCard,
  formatMask,
  parseApqn,
  parseCard,
} from '@apledger/ap';
import { rulesOf } from '@apledger/driver';
import type { BusAttribute, MaskName, QueueDriver } from '@apledger/events';
import { busLimits, CEX4, cardType, driverOf, type HostState, queueOf } from '@apledger/host';
import { cardDriverOf } from './device-files.ts';
import {
  changeable,
  constant,
  type Folder,
  folder,
  type Group,
  link,
  readable,
  settable,
  silent,
  writable,
} from './folder.ts';
import type { Attribute, Link } from './node.ts';

/** All queue devices. */
function queuesOf(state: HostState): Apqn[] {
  const queues: Apqn[] = [];
  for (const [apid, card] of state.cards)
    for (const apqi of card.queues.keys()) queues.push(apqn(apid, apqi));
  return queues;
}

const number = (state: HostState, attribute: BusAttribute): Attribute =>
  changeable(
    () => `${state.attributes[attribute]}\n`,
    (text) => ({ type: 'WriteBusAttribute', attribute, text }),
  );

const mask = (state: HostState, name: MaskName): Attribute =>
  changeable(
    () => `${formatMask(state[name])}\n`,
    (text) => ({ type: 'WriteMask', mask: name, text }),
  );

/** A mask of the host configuration; without QCI nobody knows it. */
const qciMask = (state: HostState, axis: 'adapters' | 'domains' | 'controlDomains'): Attribute =>
  readable(() => (state.hardware.qci ? `${formatMask(state.config[axis])}\n` : 'not supported\n'));

function bindings(state: HostState): string {
  let all = 0;
  let bound = 0;
  for (const card of state.cards.values()) {
    for (const queue of card.queues.values()) {
      all++;
      if (queue.state !== 'unbound') bound++;
    }
  }
  return `${bound}/${all}${bound === all && state.scans > 0 ? ' (complete)' : ''}\n`;
}

/** An LPAR's adapters can interrupt. */
const INTERRUPTS = '1\n';

/** The QCI flags of the simulated machine, in the kernel's order. */
const features = ({ hardware }: HostState): string =>
  hardware.qci ? `APSC ${hardware.apxa ? 'APXA ' : ''}QACT RC8A\n` : '-\n';

/** /sys/bus/ap. */
export function busFolder(state: HostState): Folder {
  const { files } = rulesOf(state.driver);
  const { maxAdapter, maxDomain } = busLimits(state);
  return folder({
    ap_adapter_mask: () => qciMask(state, 'adapters'),
    ap_control_domain_mask: () => qciMask(state, 'controlDomains'),
    ap_domain: () => number(state, 'ap_domain'),
    ap_interrupts: () => constant(INTERRUPTS),
    ap_max_adapter_id: () => constant(`${maxAdapter}\n`),
    ap_max_domain_id: () => constant(`${maxDomain}\n`),
    ap_usage_domain_mask: () => qciMask(state, 'domains'),
    apmask: () => mask(state, 'apmask'),
    aqmask: () => mask(state, 'aqmask'),
    bindings: files.has('bus/bindings') ? () => readable(() => bindings(state)) : undefined,
    bindings_complete_count: files.has('bus/bindings_complete_count')
      ? () => constant(`${state.bindingsCompleted}\n`)
      : undefined,
    config_time: () => number(state, 'config_time'),
    devices: () => folder({}, deviceLinks(state)),
    drivers: () => driversFolder(state),
    drivers_autoprobe: () => settable('1\n'),
    drivers_probe: () => writable((text) => ({ type: 'ProbeDevice', text })),
    features: files.has('bus/features') ? () => constant(features(state)) : undefined,
    poll_thread: () => number(state, 'poll_thread'),
    poll_timeout: () => number(state, 'poll_timeout'),
    scans: files.has('bus/scans') ? () => scansFile(state) : undefined,
    uevent: silent,
  });
}

const scansFile = ({ scans }: HostState): Attribute =>
  changeable(
    () => `${scans}\n`,
    () => ({ type: 'ScanBus' }),
  );

/** Links from bus/ap/devices to all cards and queues. */
const deviceLinks = (state: HostState): Group => ({
  names: () => [...[...state.cards.keys()].map(formatCard), ...queuesOf(state).map(formatApqn)],
  entry: (name) => {
    const path = devicePath(state, name);
    return path === undefined ? undefined : link(`../../../${path}`);
  },
});

/** Where the device of that name lies below the root; undefined when there is none. */
function devicePath(state: HostState, name: string): string | undefined {
  const apid = parseCard(name);
  if (apid !== undefined) return state.cards.has(apid) ? `devices/ap/${name}` : undefined;
  const queue = parseApqn(name);
  if (queue === undefined || queueOf(state, apidOf(queue), apqiOf(queue)) === undefined) return undefined;
  return `devices/ap/${formatCard(apidOf(queue))}/${name}`;
}

/** /sys/bus/ap/drivers: two for each family of cards that zcrypt serves here, and vfio_ap. */
const driversFolder = (state: HostState): Folder =>
  folder({
    ...(rulesOf(state.driver).servedTypes.oldest < CEX4
      ? { ...cardFamily(state, 'cex2a'), ...cardFamily(state, 'cex2c') }
      : {}),
    ...cardFamily(state, 'cex4'),
    vfio_ap: state.isVfioApLoaded ? () => queueDriverFolder(state, 'vfio_ap') : undefined,
  });

const cardFamily = (
  state: HostState,
  family: 'cex2a' | 'cex2c' | 'cex4',
): Readonly<Record<string, () => Folder>> => ({
  [`${family}card`]: () => cardDriverFolder(state, `${family}card`),
  [`${family}queue`]: () => queueDriverFolder(state, `${family}queue`),
});

/** Cards are bound from the moment that the bus finds them, and stay so: there is no command against it. */
function cardDriverFolder(state: HostState, driver: string): Folder {
  const isBound = (apid: number | undefined): apid is number =>
    apid !== undefined && state.cards.has(apid) && cardDriverOf(cardType(state, apid)) === driver;
  return folder(
    {
      bind: silent,
      uevent: silent,
      unbind: silent,
    },
    {
      names: () => [...state.cards.keys()].filter(isBound).map(formatCard),
      entry: (name) => (isBound(parseCard(name)) ? boundLink(state, name) : undefined),
    },
  );
}

function queueDriverFolder(state: HostState, driver: QueueDriver): Folder {
  const isBound = (queue: Apqn): boolean => driverOf(state, queue) === driver;
  return folder(
    {
      bind: () => writable((text) => ({ type: 'BindQueue', driver, text })),
      uevent: silent,
      unbind: () => writable((text) => ({ type: 'UnbindQueue', driver, text })),
    },
    {
      names: () => queuesOf(state).filter(isBound).map(formatApqn),
      entry(name) {
        const queue = parseApqn(name);
        return queue !== undefined && isBound(queue) ? boundLink(state, name) : undefined;
      },
    },
  );
}

/** The link from a driver's folder to a device. */
function boundLink(state: HostState, name: string): Link | undefined {
  const path = devicePath(state, name);
  return path === undefined ? undefined : link(`../../../../${path}`);
}
