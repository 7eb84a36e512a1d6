/** Our host in the words of the vectors, and the first thing in which two such states differ. */
import { isDeepStrictEqual } from 'node:util';
import { apqn, type ControlledMatrix, equalMatrices, formatApqn, formatMask, idsOf } from '@apledger/ap';
import type { Fact, Generation } from '@apledger/events';
import { driverOf, type HostState, isOpen, MAX_MDEVS, type Mdev } from '@apledger/host';
import { nodeAt, queueStatus } from '@apledger/sysfs';
import type { VectorState, VectorStep } from './vectors.ts';

type Names = ReadonlyMap<string, string>;
type VectorMdev = VectorState['m'][string];

/** What the vectors of a generation hold (test/vectors/FORMAT.md). */
interface VectorForm {
  /** The second member of a queue's entry. */
  readonly hasStatus: boolean;
  readonly hasBindings: boolean;
  /** `z`, the resets of a step. */
  readonly hasResets: boolean;
}

const WHOLE: VectorForm = { hasStatus: true, hasBindings: true, hasResets: true };
const FORMS: { readonly [G in Generation]?: VectorForm } = {
  '2019-v2': { hasStatus: false, hasBindings: true, hasResets: false },
  '5.10': { ...WHOLE, hasBindings: false },
};
const formOf = (driver: Generation): VectorForm => FORMS[driver] ?? WHOLE;

/** The state of our host, with the vector's short names for mdevs. */
export function vectorState(state: HostState, names: Names): VectorState {
  const q: VectorState['q'] = {};
  const { hasStatus } = formOf(state.driver);
  let bound = 0;
  let all = 0;
  for (const [apid, card] of state.cards) {
    for (const apqi of card.queues.keys()) {
      const queue = apqn(apid, apqi);
      const name = formatApqn(queue);
      const driver = driverOf(state, queue);
      all++;
      if (driver !== null) bound++;
      q[name] = hasStatus ? [driver, queueStatus(state, queue)?.trimEnd() ?? null] : [driver];
    }
  }
  const m: VectorState['m'] = {};
  for (const mdev of state.mdevs.values()) m[names.get(mdev.uuid) ?? mdev.uuid] = vectorMdev(state, mdev);
  const complete = bound === all && state.scans > 0 ? ' (complete)' : '';
  return {
    apmask: formatMask(state.apmask),
    aqmask: formatMask(state.aqmask),
    bindings: formOf(state.driver).hasBindings ? `${bound}/${all}${complete}` : null,
    avail: MAX_MDEVS - state.mdevs.size,
    q,
    m,
  };
}

function vectorMdev({ guestMatrixLife }: HostState, mdev: Mdev): VectorMdev {
  const { assigned, effective } = mdev;
  // Where there is no guest matrix, the vectors show what was copied at open; nothing can be assigned while a guest has the mdev.
  const guestMatrix = guestMatrixLife === 'never' && mdev.attached ? assigned : mdev.guestMatrix;
  const ids = ({ adapters, domains, controlDomains }: ControlledMatrix): [number[], number[], number[]] => [
    idsOf(adapters),
    idsOf(domains),
    idsOf(controlDomains),
  ];
  const [a, d, c] = ids(assigned);
  const [ga, gd, gc] = guestMatrix === null ? [null, null, null] : ids(guestMatrix);
  const differs = effective !== null && guestMatrix !== null && !equalMatrices(effective, guestMatrix);
  return {
    a,
    d,
    c,
    ga,
    gd,
    gc,
    vm: mdev.attached ? mdev.guest : null,
    ...(differs ? { k: ids(effective) } : {}),
    ...(isOpen(mdev) && !mdev.attached ? { open: 1 as const } : {}),
    ...(mdev.removing ? { removing: 1 as const } : {}),
  };
}

/** `expected` after a step: the step holds only what changed. */
export function applyDelta(expected: VectorState, step: VectorStep): VectorState {
  const merge = <T>(
    before: Record<string, T>,
    changes: Record<string, T | null> | undefined,
  ): Record<string, T> => {
    if (changes === undefined) return before;
    const after = { ...before };
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) delete after[name];
      else after[name] = value;
    }
    return after;
  };
  return {
    apmask: step.apmask ?? expected.apmask,
    aqmask: step.aqmask ?? expected.aqmask,
    bindings: step.bindings ?? expected.bindings,
    avail: step.avail ?? expected.avail,
    q: merge(expected.q, step.q),
    m: merge(expected.m, step.m),
  };
}

/** One difference: where, what was expected, what we have. */
export interface Difference {
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

const differ = (what: string, expected: unknown, actual: unknown): Difference | undefined =>
  isDeepStrictEqual(expected, actual) ? undefined : { what, expected, actual };

/** The first difference between two states, down to the queue or mdev. */
export function compareStates(expected: VectorState, actual: VectorState): Difference | undefined {
  for (const key of ['apmask', 'aqmask', 'bindings', 'avail'] as const) {
    const difference = differ(key, expected[key], actual[key]);
    if (difference !== undefined) return difference;
  }
  for (const key of ['q', 'm'] as const) {
    for (const name of new Set([...Object.keys(expected[key]), ...Object.keys(actual[key])])) {
      const what = `${key === 'q' ? 'queue' : 'mdev'} ${name}`;
      const difference = differ(what, expected[key][name] ?? null, actual[key][name] ?? null);
      if (difference !== undefined) return difference;
    }
  }
  return undefined;
}

/** Bind and unbind events in the kernel's order; a run of queues was moved queue by queue. */
function bindEvents(facts: readonly Fact[]): string[] {
  const events: string[] = [];
  facts.forEach((fact, i) => {
    const following = facts[i + 1];
    const previous = facts[i - 1];
    if (fact.type === 'QueueUnbound') {
      const rebound =
        following?.type === 'QueueBound' && isDeepStrictEqual(fact.data.queues, following.data.queues);
      for (const queue of fact.data.queues) {
        events.push(`-${fact.data.driver} ${queue}`);
        if (rebound) events.push(`+${following.data.driver} ${queue}`);
      }
    } else if (fact.type === 'QueueBound') {
      const isListed =
        previous?.type === 'QueueUnbound' && isDeepStrictEqual(fact.data.queues, previous.data.queues);
      if (!isListed) for (const queue of fact.data.queues) events.push(`+${fact.data.driver} ${queue}`);
    }
  });
  return events;
}

/** ZAPQ instructions with their answers, as a sorted multiset: the order inside a batch is the kernel's hash order. */
const resets = (facts: readonly Fact[]): string[] =>
  facts
    .flatMap((fact) =>
      fact.type === 'QueueReset'
        ? fact.data.queues.map((queue) =>
            fact.data.responseCode === 0 ? queue : `${queue}=${fact.data.responseCode}`,
          )
        : [],
    )
    .sort();

/** Compares what happened during a step: bind events in order, resets as a multiset (2019 vectors have none). */
export function compareEvents(
  step: VectorStep,
  facts: readonly Fact[],
  driver: Generation,
): Difference | undefined {
  return (
    differ('bind events', step.b ?? [], bindEvents(facts)) ??
    (formOf(driver).hasResets ? differ('resets', [...(step.z ?? [])].sort(), resets(facts)) : undefined)
  );
}

/** Where the named files of `out` lie (FORMAT.md). */
function pathOf(name: string, uuids: Readonly<Record<string, string>>): string {
  const dot = name.lastIndexOf('.');
  const [device, file] = [name.slice(0, Math.max(dot, 0)), name.slice(dot + 1)];
  if (device === '') return `bus/ap/${file}`;
  if (device === 'type') return `devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/${file}`;
  if (device === 'matrix') return `devices/vfio_ap/matrix/${file}`;
  if (device.startsWith('card')) return `devices/ap/${device}/${file}`;
  if (/^[0-9a-f]{2}\.[0-9a-f]{4}$/.test(device))
    return `devices/ap/card${device.slice(0, 2)}/${device}/${file}`;
  return `devices/vfio_ap/matrix/${(uuids[device] ?? device).toLowerCase()}/${file}`;
}

/**
 * What files say that depend on the machine below and not on the driver. The machine that made the vectors has no adapter interrupts,
 * and its zcrypt starts no queue; a simulated host has both. Where our host lacks the file, that is a difference all the same.
 */
const OF_THE_MACHINE: Readonly<Record<string, string>> = {
  ap_interrupts: '0\n',
  interrupt: 'Interrupts disabled.\n',
  request_count: '-\n',
};

const machineText = (name: string): string | undefined =>
  OF_THE_MACHINE[name.slice(name.lastIndexOf('.') + 1)];

/** Compares the exact contents of files. */
export function compareFiles(
  state: HostState,
  out: NonNullable<VectorStep['out']>,
  uuids: Readonly<Record<string, string>>,
): Difference | undefined {
  for (const [name, expected] of Object.entries(out)) {
    const node = nodeAt(state, pathOf(name, uuids));
    const content =
      node === undefined
        ? { errno: 'ENOENT' }
        : node.kind === 'attribute'
          ? node.read()
          : { errno: 'EISDIR' };
    const actual = typeof content === 'string' ? (machineText(name) ?? content) : { e: content.errno };
    const difference = differ(`file ${name}`, expected, actual);
    if (difference !== undefined) return difference;
  }
  return undefined;
}
