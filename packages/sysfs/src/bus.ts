/** /sys/bus/ap: driver-rules 2 and 3. */
import { type Apqn, apidOf, formatApqn, formatCard, formatMask, parseApqn, parseCard } from '@apledger/ap';
import { busLimits, driverOf, type HostState, queueOf, rulesOf } from '@apledger/driver';
import type { BusAttribute, MaskName, QueueDriver } from '@apledger/events';
import { changeable, constant, type Folder, folder, type Group, link, readable, writable } from './folder.ts';
import type { Attribute } from './node.ts';

/** All queue devices. */
export function queuesOf(state: HostState): Apqn[] {
  const queues: Apqn[] = [];
  for (const [apid, card] of state.cards)
    for (const apqi of card.queues.keys()) queues.push((apid << 8) | apqi);
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
      if (driverOf(queue) !== null) bound++;
    }
  }
  return `${bound}/${all}${bound === all && state.scans > 0 ? ' (complete)' : ''}\n`;
}

/** The QCI flags of the simulated machine, in the kernel's order. */
const features = ({ hardware }: HostState): string =>
  hardware.qci ? `APSC ${hardware.apxa ? 'APXA ' : ''}QACT RC8A\n` : '-\n';

export function busFolder(state: HostState): Folder {
  const { isMainline, hasBindingsCount } = rulesOf(state.driver);
  const { maxAdapter, maxDomain } = busLimits(state);
  return folder({
    ap_adapter_mask: () => qciMask(state, 'adapters'),
    ap_control_domain_mask: () => qciMask(state, 'controlDomains'),
    ap_domain: () => number(state, 'ap_domain'),
    ap_interrupts: () => constant('1\n'),
    ap_max_adapter_id: () => constant(`${maxAdapter}\n`),
    ap_max_domain_id: () => constant(`${maxDomain}\n`),
    ap_usage_domain_mask: () => qciMask(state, 'domains'),
    apmask: () => mask(state, 'apmask'),
    aqmask: () => mask(state, 'aqmask'),
    bindings: isMainline ? () => readable(() => bindings(state)) : undefined,
    bindings_complete_count: hasBindingsCount ? () => constant(`${state.bindingsCompleted}\n`) : undefined,
    config_time: () => number(state, 'config_time'),
    devices: () => folder({}, deviceLinks(state)),
    drivers: () => driversFolder(state),
    drivers_autoprobe: () => constant('1\n'),
    drivers_probe: () => writable((text) => ({ type: 'ProbeDevice', text })),
    features: isMainline ? () => constant(features(state)) : undefined,
    poll_thread: () => number(state, 'poll_thread'),
    poll_timeout: () => number(state, 'poll_timeout'),
    scans: () =>
      changeable(
        () => `${state.scans}\n`,
        () => ({ type: 'ScanBus' }),
      ),
    uevent: () => writable(() => undefined),
  });
}

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
  if (queue === undefined || queueOf(state, apidOf(queue), queue & 0xff) === undefined) return undefined;
  return `devices/ap/${formatCard(apidOf(queue))}/${name}`;
}

const driversFolder = (state: HostState): Folder =>
  folder({
    cex4card: () =>
      folder(
        {
          bind: () => writable(() => undefined),
          uevent: () => writable(() => undefined),
          unbind: () => writable(() => undefined),
        },
        boundLinks(state, () => [...state.cards.keys()].map(formatCard)),
      ),
    cex4queue: () => queueDriverFolder(state, 'cex4queue'),
    vfio_ap: () => queueDriverFolder(state, 'vfio_ap'),
  });

function queueDriverFolder(state: HostState, driver: QueueDriver): Folder {
  const bound = (): string[] =>
    queuesOf(state)
      .filter((queue) => {
        const device = queueOf(state, apidOf(queue), queue & 0xff);
        return device !== undefined && driverOf(device) === driver;
      })
      .map(formatApqn);
  return folder(
    {
      bind: () => writable((text) => ({ type: 'BindQueue', driver, text })),
      uevent: () => writable(() => undefined),
      unbind: () => writable((text) => ({ type: 'UnbindQueue', driver, text })),
    },
    boundLinks(state, bound),
  );
}

const boundLinks = (state: HostState, names: () => string[]): Group => ({
  names,
  entry: (name) => {
    const path = names().includes(name) ? devicePath(state, name) : undefined;
    return path === undefined ? undefined : link(`../../../../${path}`);
  },
});
