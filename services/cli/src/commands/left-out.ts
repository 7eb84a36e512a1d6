/** What a host has and a format of `apledger export` cannot say: a file that is taken for the whole host would lose it. */
import {
  type Apqn,
  apidOf,
  apqn,
  equals,
  FULL_MASK,
  firstNames,
  forEachId,
  formatApqn,
  formatCard,
  idsOf,
} from '@apledger/ap';
import type { ExportFormat } from '@apledger/changes';
import { entitledDriver } from '@apledger/driver';
import { MASK_NAMES } from '@apledger/events';
import {
  driverOf,
  type HostState,
  isDeconfigured,
  isSwitchedOff,
  type Queue,
  queueOf,
  queuesOf,
} from '@apledger/host';
import { counted } from '@apledger/text';

type Part = 'masks' | 'mdevs' | 'guests';

const FORMATS: Readonly<Record<ExportFormat, { readonly why: string; readonly lacks: readonly Part[] }>> = {
  yaml: { why: 'a desired state does not say it', lacks: [] },
  mdevctl: { why: 'mdevctl knows mdevs only', lacks: ['masks', 'guests'] },
  libvirt: { why: 'these are the node devices of mdevs only', lacks: ['masks', 'guests'] },
  zdev: { why: 'chzdev knows the masks only', lacks: ['mdevs', 'guests'] },
  shell: { why: 'this shell script writes masks and mdevs only', lacks: ['guests'] },
};

/** So many names of one kind; the rest is a number. */
const MAX_NAMES = 8;

/** One sentence; undefined when the format says all of the host. */
export function leftOut(state: HostState, format: ExportFormat): string | undefined {
  const { why, lacks } = FORMATS[format];
  const left = [...lacks.map((part) => PARTS[part](state)), ...devicesOf(state)].filter(
    (text) => text !== '',
  );
  return left.length === 0 ? undefined : `Left out, for ${why}: ${left.join('; ')}.`;
}

const PARTS: Readonly<Record<Part, (state: HostState) => string>> = {
  masks: (state) => MASK_NAMES.filter((name) => !equals(state[name], FULL_MASK)).join(', '),
  mdevs: ({ mdevs }) => (mdevs.size === 0 ? '' : counted(mdevs.size, 'mdev')),
  guests: ({ mdevs }) => {
    const guests = [...new Set([...mdevs.values()].flatMap(({ guest }) => guest ?? []))];
    return named(guests.length === 1 ? 'guest ' : 'guests ', guests);
  },
};

const named = (what: string, names: readonly string[]): string =>
  names.length === 0 ? '' : `${what}${firstNames(names, MAX_NAMES)}`;

/** What is set of single devices: no format has a word for it. */
function devicesOf(state: HostState): readonly string[] {
  const queues = allQueues(state);
  const overridden = queues.flatMap(([name, { driverOverride }]) =>
    driverOverride === null ? [] : [`${formatApqn(name)} (${driverOverride})`],
  );
  const byHand = queues.filter(([name]) => driverOf(state, name) !== usualDriver(state, name));
  const cards = [...state.cards].filter(([, card]) => isSwitchedOff(card)).map(([apid]) => apid);
  const offline = queues.filter(
    ([name, queue]) => queue.state === 'zcrypt' && isSwitchedOff(queue) && !cards.includes(apidOf(name)),
  );
  const configuredOff = idsOf(state.hardwareConfig.adapters).filter((apid) => isDeconfigured(state, apid));
  return [
    named('driver_override of ', overridden),
    named('bound or unbound by hand: ', namesOf(byHand)),
    named('offline: ', [...cards.map(formatCard), ...namesOf(offline)]),
    named('configured off: ', configuredOff.map(formatCard)),
  ];
}

type Named = readonly [Apqn, Queue];

const namesOf = (queues: readonly Named[]): readonly string[] => queues.map(([name]) => formatApqn(name));

function allQueues(state: HostState): readonly Named[] {
  const queues: Named[] = [];
  for (const apid of state.cards.keys())
    forEachId(queuesOf(state, apid), (apqi) => {
      const queue = queueOf(state, apid, apqi);
      if (queue !== undefined) queues.push([apqn(apid, apqi), queue]);
    });
  return queues;
}

/** The driver that a queue gets by its override and the masks, where that is loaded. */
function usualDriver(state: HostState, name: Apqn): string | null {
  const entitled = entitledDriver(state, name);
  return entitled === 'vfio_ap' && !state.isVfioApLoaded ? null : entitled;
}
