/**
 * The mdevs that mdevctl starts at boot. It reads their folder in the order of the file system, which nothing defines: of two that want
 * the same queue either may be first.
 */
import type { ObservedMdev } from '@apledger/capture';
import type { HostState } from '@apledger/host';
import { isRefused, type Refused, started } from './boot.ts';

/** Every order of so many is tried: 120. Of more mdevs, each is first once. */
const MAX_TRIED_WHOLE = 5;

export interface Outcome {
  /** The order in which they are started. */
  readonly order: readonly string[];
  readonly started: readonly string[];
  readonly refused: readonly (Refused & { readonly mdev: string })[];
}

/** Mdevs of which what comes up depends on their order. */
export interface MdevConflict {
  readonly mdevs: readonly string[];
  /** One for each set of mdevs that may come up, with the first order that gives it. */
  readonly outcomes: readonly Outcome[];
  readonly ordersTried: number;
  /** All orders that there are were tried. */
  readonly isWhole: boolean;
}

export interface Started {
  /** With the mdevs that come up in every order. */
  readonly state: HostState;
  /** Mdevs that come up in no order. */
  readonly refused: ReadonlyMap<string, Refused>;
  readonly conflicts: readonly MdevConflict[];
}

/** Starts the mdevs on a booted host. */
export function startAll(booted: HostState, mdevs: readonly ObservedMdev[]): Started {
  const refused = new Map<string, Refused>();
  const viable = mdevs.filter((mdev) => {
    const alone = started(booted, mdev);
    if (isRefused(alone)) refused.set(mdev.uuid, alone);
    return !isRefused(alone);
  });
  const groups = conflicting(booted, viable);
  const inConflict = new Set(groups.flat());
  const { state } = startInOrder(
    booted,
    viable.filter((mdev) => !inConflict.has(mdev)),
  );
  return { state, refused, conflicts: groups.map((group) => tried(booted, group)) };
}

/** Groups of mdevs that are in each other's way. */
function conflicting(booted: HostState, mdevs: readonly ObservedMdev[]): ObservedMdev[][] {
  // Of each two, each is before the other in one of these.
  const suspects = new Set(
    [mdevs, mdevs.toReversed()].flatMap((order) =>
      startInOrder(booted, order).refused.map(({ mdev }) => mdev),
    ),
  );
  const group = new Map<ObservedMdev, Set<ObservedMdev>>();
  for (const late of mdevs.filter(({ uuid }) => suspects.has(uuid)))
    for (const early of mdevs) {
      if (early === late || startInOrder(booted, [early, late]).refused.length === 0) continue;
      const both = new Set([...(group.get(early) ?? [early]), ...(group.get(late) ?? [late])]);
      for (const mdev of both) group.set(mdev, both);
    }
  return [...new Set(group.values())].map((members) => mdevs.filter((mdev) => members.has(mdev)));
}

function tried(booted: HostState, group: readonly ObservedMdev[]): MdevConflict {
  const isWhole = group.length <= MAX_TRIED_WHOLE;
  const orders = isWhole ? permutations(group) : rotations(group);
  const outcomes = new Map<string, Outcome>();
  for (const order of orders) {
    const { started: up, refused } = startInOrder(booted, order);
    const key = up.toSorted().join();
    if (!outcomes.has(key)) outcomes.set(key, { order: order.map(({ uuid }) => uuid), started: up, refused });
  }
  return {
    mdevs: group.map(({ uuid }) => uuid),
    outcomes: [...outcomes.values()],
    ordersTried: orders.length,
    isWhole,
  };
}

function startInOrder(
  booted: HostState,
  order: readonly ObservedMdev[],
): Omit<Outcome, 'order'> & { readonly state: HostState } {
  let state = booted;
  const up: string[] = [];
  const refused: (Refused & { readonly mdev: string })[] = [];
  for (const mdev of order) {
    const next = started(state, mdev);
    if (isRefused(next)) refused.push({ mdev: mdev.uuid, ...next });
    else {
      state = next;
      up.push(mdev.uuid);
    }
  }
  return { state, started: up, refused };
}

const rotations = <T>(items: readonly T[]): T[][] =>
  items.map((_, at) => [...items.slice(at), ...items.slice(0, at)]);

const permutations = <T>(items: readonly T[]): T[][] =>
  items.length <= 1
    ? [[...items]]
    : items.flatMap((first, at) => permutations(items.toSpliced(at, 1)).map((rest) => [first, ...rest]));
