/** What makes a registered host like the one that was seen: commands as an administrator would give them, stage by stage. */
import {
  apidOf,
  apqiOf,
  equals,
  formatApConfigFile,
  formatApqn,
  formatCard,
  formatMask,
  has,
  type Mask256,
} from '@apledger/ap';
import { rulesOf } from '@apledger/driver';
import {
  assignmentsOf,
  BUS_ATTRIBUTES,
  type Command,
  isQueueDriver,
  MASK_NAMES,
  type MaskName,
  MDEV_COMMANDS,
} from '@apledger/events';
import { driverOf, type HostState, queueOf } from '@apledger/host';
import { isMdevAttribute } from './mdevctl.ts';
import type { MdevWrite, ObservedHost, ObservedMdev } from './observed.ts';

/** The commands of one stage, for the host as the stages before have left it. */
export type Stage = (state: HostState, observed: ObservedHost) => readonly Command[];

/** The mask that the host has, else the one that chzdev keeps for it: what a boot would give. */
export const wantedMask = ({ masks, kept }: ObservedHost, name: MaskName): Mask256 | undefined =>
  masks[name] ?? kept[name];

/** The mdevs that there are and stay, else those that mdevctl would make. */
export const wantedMdevs = ({ mdevs, definitions }: ObservedHost): readonly ObservedMdev[] =>
  mdevs?.filter(({ removing }) => removing !== true) ?? definitions;

const module: Stage = (state, { vfioApLoaded }) =>
  vfioApLoaded === false && state.isVfioApLoaded ? [{ type: 'UnloadModule', module: 'vfio_ap' }] : [];

/** The default domain needs its bit in aqmask, so this comes before the masks. */
const attributes: Stage = (state, { attributes }) =>
  BUS_ATTRIBUTES.flatMap((attribute) => {
    const text = attributes[attribute];
    if (text === undefined || Number(text) === state.attributes[attribute]) return [];
    if (attribute === 'ap_domain' && !has(state.aqmask, Number(text))) return [];
    return [{ type: 'WriteBusAttribute', attribute, text }];
  });

const masks: Stage = (state, observed) =>
  MASK_NAMES.flatMap((mask) => {
    const value = wantedMask(observed, mask);
    return value === undefined || equals(value, state[mask])
      ? []
      : [{ type: 'WriteMask', mask, text: formatMask(value) }];
  });

const overrides: Stage = (_, { queues }) =>
  queues.flatMap(({ queue, driverOverride }) =>
    driverOverride === undefined
      ? []
      : [{ type: 'OverrideDriver', queue: formatApqn(queue), text: driverOverride }],
  );

/** Queues that somebody has bound or unbound by hand: all others are where the masks put them. */
const bindings: Stage = (state, { queues, masks, config }) => {
  // Without masks a queue of vfio_ap is no handwork: nobody knows for whom it is reserved.
  if (config === undefined || (masks.apmask === undefined && masks.aqmask === undefined)) return [];
  return queues.flatMap(({ queue, driver }): Command[] => {
    if (driver === undefined || queueOf(state, apidOf(queue), apqiOf(queue)) === undefined) return [];
    const is = driverOf(state, queue);
    if (is === driver) return [];
    const text = formatApqn(queue);
    return [
      ...(is === null ? [] : [{ type: 'UnbindQueue', driver: is, text } as const]),
      ...(driver !== null && isQueueDriver(driver) ? [{ type: 'BindQueue', driver, text } as const] : []),
    ];
  });
};

/** Cards that are taken away or check-stopped; the scan makes their queues the same. */
const cards: Stage = (_, { cards }) => {
  const changes = cards.flatMap(({ adapter, configured, checkStopped }): Command[] => [
    ...(configured === false ? [{ type: 'ConfigureCard', adapter, text: '0' } as const] : []),
    ...(checkStopped === true ? [{ type: 'SetCheckStop', adapter, checkStopped } as const] : []),
  ]);
  return changes.length === 0 ? [] : [...changes, { type: 'ScanBus' }];
};

/** `online` is 0 also for what is taken away or check-stopped: that is no switch of anybody. */
const online: Stage = (state, { cards, queues }) => {
  const isOff = (device: {
    readonly online?: boolean | undefined;
    readonly configured?: boolean | undefined;
    readonly checkStopped?: boolean | undefined;
  }): boolean => device.online === false && device.configured !== false && device.checkStopped !== true;
  const offline = cards.filter(isOff).map(({ adapter }) => adapter);
  const alone = queues.filter(
    (queue) =>
      isOff(queue) &&
      !offline.includes(apidOf(queue.queue)) &&
      queueOf(state, apidOf(queue.queue), apqiOf(queue.queue))?.state === 'zcrypt',
  );
  const names = [...offline.map(formatCard), ...alone.map(({ queue }) => formatApqn(queue))];
  return names.map((device) => ({ type: 'SetOnline', device, text: '0' }));
};

const mdevs: Stage = (state, observed) =>
  wantedMdevs(observed).flatMap((mdev) => [
    { type: 'CreateMdev', text: mdev.uuid },
    ...(mdev.writes ?? writesOf(state, mdev)).map((write) => commandOf(mdev.uuid, write)),
  ]);

/** One write where the driver takes a whole matrix, else one for each id. */
function writesOf(state: HostState, { assigned }: ObservedMdev): MdevWrite[] {
  if (assigned === undefined) return [];
  if (rulesOf(state.driver).files.has('mdev/ap_config'))
    return [{ attribute: 'ap_config', value: formatApConfigFile(assigned).trim() }];
  return assignmentsOf(assigned).map(({ file, id }) => ({ attribute: file, value: String(id) }));
}

/** The write to a file of an mdev as a command. The readers let no other attribute through. */
export function commandOf(mdev: string, { attribute, value }: MdevWrite): Command {
  if (!isMdevAttribute(attribute)) throw new RangeError(`${attribute} is no attribute of an mdev`);
  return { type: MDEV_COMMANDS[attribute], mdev, text: value };
}

const guests: Stage = (_, { guests = [] }) =>
  guests.map(({ name, mdev }) => ({ type: 'StartGuest', mdev, guest: name }));

/** What of a host no reboot changes, after its registration: cards that are taken away or check-stopped. */
export const HARDWARE: Stage = cards;

/** In this order; each is asked when the one before it is done. */
export const STAGES: readonly Stage[] = [
  module,
  attributes,
  masks,
  overrides,
  bindings,
  cards,
  online,
  mdevs,
  guests,
];
