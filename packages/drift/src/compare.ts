/** Masks, queues and mdevs: what of them would not come back. */
import {
  type Apqn,
  apidOf,
  apqiOf,
  type ControlledMatrix,
  equalMatrices,
  equals,
  firstNames,
  formatApid,
  formatApqi,
  formatApqn,
  formatCard,
  formatMask,
  has,
  idsOf,
  type Mask256,
  type Matrix,
} from '@apledger/ap';
import { type BootSources, equalProducts, type ObservedMdev } from '@apledger/capture';
import { BUS_ATTRIBUTES, type BusAttribute, MASK_NAMES } from '@apledger/events';
import { driverOf, type HostState, queueOf, queuesOf } from '@apledger/host';
import { loadsVfioAp } from './boot.ts';
import type { Difference } from './drift.ts';
import type { Started } from './mdev-orders.ts';
import type { Now, NowMdev } from './now.ts';

const NO_FILE = 'no file keeps it';
/** So many queues in one line; the rest is a number. */
const MAX_NAMES = 8;

/** Of masks that were read: those that a reboot changes, and the file that makes it so. */
export function maskDifferences({ masks }: Now, after: HostState, sources: BootSources): Difference[] {
  return MASK_NAMES.flatMap((name) => {
    const is = masks[name];
    if (is === undefined || equals(is, after[name])) return [];
    const rule = sources.rules.findLast(({ mask }) => mask === name);
    const why = rule?.file ?? sources.parameters[name]?.file ?? `${NO_FILE}: the kernel begins with all ones`;
    return [{ what: name, now: formatMask(is), afterReboot: formatMask(after[name]), why }];
  });
}

/** Queues that would have another driver, in groups of the same change. */
export function bindingDifferences(now: Now, after: HostState, sources: BootSources): Difference[] {
  const changed = [...now.drivers].flatMap(([queue, is]) => {
    if (queueOf(after, apidOf(queue), apqiOf(queue)) === undefined) return [];
    const then = driverOf(after, queue);
    return is === then ? [] : [{ queue, is, then, why: whyBound(now, after, sources, queue) }];
  });
  const groups = Map.groupBy(changed, ({ is, then, why }) => JSON.stringify([is, then, why]));
  const bindings = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { is, then, why } = first;
    return [
      { what: names(group), now: is ?? 'no driver', afterReboot: then ?? 'no driver', why },
    ] satisfies Difference[];
  });
  return [...bindings, ...overrideDifferences(now, after, sources)];
}

function whyBound(now: Now, after: HostState, sources: BootSources, queue: Apqn): string {
  if (driverOf(after, queue) === null && loadsVfioAp(sources) === false) return 'no file loads vfio_ap';
  const kept = sources.overrides.find((override) => override.queue === queue);
  if (kept !== undefined) return kept.file;
  if (now.overrides.has(queue)) return `its driver_override: ${NO_FILE}`;
  const { apmask, aqmask } = now.masks;
  if (apmask === undefined || aqmask === undefined) return 'the masks of the boot';
  const isReserved = (adapters: Mask256, domains: Mask256): boolean =>
    has(adapters, apidOf(queue)) && has(domains, apqiOf(queue));
  return isReserved(apmask, aqmask) === isReserved(after.apmask, after.aqmask)
    ? `bound by hand: ${NO_FILE}`
    : 'follows from the masks';
}

function overrideDifferences(now: Now, after: HostState, { overrides }: BootSources): Difference[] {
  const queues = new Set([...now.overrides.keys(), ...overrides.map(({ queue }) => queue)]);
  return [...queues].flatMap((queue) => {
    const is = now.overrides.get(queue);
    const then = queueOf(after, apidOf(queue), apqiOf(queue))?.driverOverride ?? undefined;
    if (is === then) return [];
    const file = overrides.find((override) => override.queue === queue)?.file;
    return [
      {
        what: `driver_override of ${formatApqn(queue)}`,
        now: is ?? 'none',
        afterReboot: then ?? 'none',
        why: file ?? NO_FILE,
      },
    ];
  });
}

/** Cards, and queues that zcrypt has after the reboot: with another driver they have no such switch. */
export function offlineDifferences({ offlineCards, offlineQueues }: Now, after: HostState): Difference[] {
  const queues = offlineQueues.filter(
    (queue) => queueOf(after, apidOf(queue), apqiOf(queue))?.state === 'zcrypt',
  );
  const named = [
    ...offlineCards.map(formatCard),
    ...(queues.length === 0 ? [] : [names(queues.map((queue) => ({ queue })))]),
  ];
  return named.map((what) => ({ what, now: 'offline', afterReboot: 'online', why: NO_FILE }));
}

/** Numbers that a kernel may begin with, too: no default domain, and the timeout under z/VM. */
const isOfKernel = (what: BusAttribute, value: number): boolean =>
  (what === 'ap_domain' && value < 0) || (what === 'poll_timeout' && value === 1_500_000);

/** The numbers of the bus: it begins with its own, and with those of parameters. */
export function attributeDifferences(
  { attributes }: Now,
  after: HostState,
  sources: BootSources,
): Difference[] {
  return BUS_ATTRIBUTES.flatMap((what) => {
    const is = attributes[what];
    const kept = sources.attributes[what];
    const isChosen = what === 'ap_domain' && kept === undefined;
    const then = kept?.value ?? (isChosen ? chosenDomain(after) : after.attributes[what]);
    if (is === undefined || is === then || isOfKernel(what, is)) return [];
    const why = kept?.file ?? NO_FILE;
    return [{ what, now: `${is}`, afterReboot: isChosen ? 'chosen by the kernel' : `${then}`, why }];
  });
}

/** The default domain that a kernel chooses by itself: the first of its own that has a queue. */
function chosenDomain(after: HostState): number | undefined {
  const reachable = [...after.cards.keys()].map((apid) => queuesOf(after, apid));
  return idsOf(after.aqmask).find((apqi) => reachable.some((queues) => has(queues, apqi)));
}

/** Mdevs that would be gone, come up, or have other queues. Those in conflict are told apart from these. */
export function mdevDifferences(
  { mdevs }: Now,
  { state, refused, conflicts }: Started,
  { definitions }: BootSources,
): Difference[] {
  if (mdevs === undefined) return [];
  const disputed = new Set(conflicts.flatMap((conflict) => conflict.mdevs));
  const defined = new Map(definitions.map((definition) => [definition.uuid, definition]));
  const uuids = new Set([...mdevs.keys(), ...defined.keys()]);
  return [...uuids].flatMap((uuid): Difference[] => {
    if (disputed.has(uuid)) return [];
    const [is, then] = [mdevs.get(uuid), state.mdevs.get(uuid)];
    const what = `mdev ${uuid}`;
    if (is !== undefined && then !== undefined) return matrixDifferences(what, is, then);
    if (is === undefined && then !== undefined)
      return [
        {
          what,
          now: 'is not there',
          afterReboot: `has ${matrixText(then.assigned)}`,
          why: 'mdevctl starts it',
        },
      ];
    const refusal = refused.get(uuid);
    const why =
      refusal === undefined ? whyNotStarted(defined.get(uuid)) : `${refusal.errno}: ${refusal.explanation}`;
    if (is !== undefined)
      return [{ what, now: `has ${matrixText(is.assigned)}`, afterReboot: 'is not there', why }];
    return refusal === undefined
      ? []
      : [{ what, now: 'is not there', afterReboot: 'mdevctl cannot start it', why }];
  });
}

const whyNotStarted = (definition: ObservedMdev | undefined): string =>
  definition === undefined
    ? `mdevctl has no definition of it: ${NO_FILE}`
    : 'its definition says start: manual';

function matrixDifferences(
  what: string,
  { assigned, guestMatrix }: NowMdev,
  then: { readonly assigned: ControlledMatrix; readonly guestMatrix: Matrix | null },
): Difference[] {
  if (assigned !== undefined && !equalMatrices(assigned, then.assigned))
    return [
      {
        what,
        now: `has ${matrixText(assigned)}`,
        afterReboot: `has ${matrixText(then.assigned)}`,
        why: 'its definition of mdevctl',
      },
    ];
  if (guestMatrix === undefined || then.guestMatrix === null || equalProducts(guestMatrix, then.guestMatrix))
    return [];
  return [
    {
      what: `guest matrix of ${what}`,
      now: matrixText(guestMatrix),
      afterReboot: matrixText(then.guestMatrix),
      why: 'follows from the drivers of its queues',
    },
  ];
}

function matrixText(matrix: Matrix | ControlledMatrix | undefined): string {
  if (matrix === undefined) return 'a matrix that was not read';
  const list = (mask: Mask256, format: (id: number) => string): string =>
    idsOf(mask).map(format).join(',') || 'none';
  const control =
    'controlDomains' in matrix ? ` control domains ${list(matrix.controlDomains, formatApqi)}` : '';
  return `adapters ${list(matrix.adapters, formatApid)} domains ${list(matrix.domains, formatApqi)}${control}`;
}

const names = (group: readonly { readonly queue: Apqn }[]): string =>
  firstNames(
    group.map(({ queue }) => formatApqn(queue)),
    MAX_NAMES,
  );
