/** What differs between two views of one host, told as a list of changes that can be read aloud or printed as JSON. */
import { apqn, formatApqn } from '@apledger/ap';
import type { CardView, MatrixView, MdevView, ViewChange } from '@apledger/api';
import { MASK_NAMES } from '@apledger/events';
import type { HostView, Owner } from './view.ts';

/**
 * The changes that lead from `before` to `after`, two moments of the same host; undefined = it was not registered then. Only the two
 * moments count: what came and went in between is not told.
 */
export function diffViews(before: HostView | undefined, after: HostView | undefined): ViewChange[] {
  const changes: ViewChange[] = [];
  if (before === undefined && after !== undefined)
    changes.push({ change: 'hostRegistered', host: after.host });
  if (before !== undefined && after !== undefined) changes.push(...masks(before, after));
  changes.push(...queueChanges(before?.cards ?? [], after?.cards ?? []));
  const earlier = new Map(before?.mdevs.map((mdev) => [mdev.mdev, mdev]));
  const later = new Map(after?.mdevs.map((mdev) => [mdev.mdev, mdev]));
  for (const [uuid, mdev] of earlier) if (!later.has(uuid)) changes.push(...mdevChanges(mdev, undefined));
  for (const [uuid, mdev] of later) changes.push(...mdevChanges(earlier.get(uuid), mdev));
  if (before !== undefined && after === undefined) changes.push({ change: 'hostGone', host: before.host });
  return changes;
}

function masks(before: HostView, after: HostView): ViewChange[] {
  return MASK_NAMES.filter((mask) => before[mask] !== after[mask]).map((mask) => ({
    change: 'maskChanged',
    mask,
    before: before[mask],
    after: after[mask],
  }));
}

const without = <T>(list: Iterable<T>, other: Iterable<T>): T[] => [
  ...new Set(list).difference(new Set(other)),
];

function queueChanges(before: readonly CardView[], after: readonly CardView[]): ViewChange[] {
  const changes: ViewChange[] = [];
  const adapters = (cards: readonly CardView[]) => cards.map(({ adapter }) => adapter);
  const gone = without(adapters(before), adapters(after));
  const come = without(adapters(after), adapters(before));
  if (gone.length > 0) changes.push({ change: 'cardsGone', adapters: gone });
  if (come.length > 0) changes.push({ change: 'cardsAppeared', adapters: come });
  const earlier = boundQueues(unlike(before, after));
  const later = boundQueues(unlike(after, before));
  const lost = without(earlier.keys(), later.keys());
  const new_ = without(later.keys(), earlier.keys());
  if (lost.length > 0) changes.push({ change: 'queuesGone', queues: lost });
  if (new_.length > 0) changes.push({ change: 'queuesAppeared', queues: new_ });
  const owners = [null, 'zcrypt', 'vfio_ap'] as const;
  for (const from of owners) {
    for (const to of owners) {
      if (from === to) continue;
      const queues = [...later].flatMap(([queue, driver]) =>
        driver === to && (earlier.get(queue) ?? null) === from ? [queue] : [],
      );
      if (queues.length > 0) changes.push({ change: 'queuesRebound', from, to, queues });
    }
  }
  return changes;
}

const sameIds = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((id, i) => id === b[i]);

const sameQueues = (a: CardView, b: CardView): boolean =>
  sameIds(a.queues, b.queues) && sameIds(a.zcrypt, b.zcrypt) && sameIds(a.vfioAp, b.vfioAp);

/** The cards that are not the same among the others: a full host has 65,536 queues, and most changes concern few. */
const unlike = (cards: readonly CardView[], others: readonly CardView[]): CardView[] => {
  const other = new Map(others.map((card) => [card.adapter, card]));
  return cards.filter((card) => {
    const same = other.get(card.adapter);
    return same === undefined || !sameQueues(card, same);
  });
};

const sameMatrix = (a: MatrixView | null, b: MatrixView | null): boolean =>
  a === null || b === null
    ? a === b
    : sameIds(a.adapters, b.adapters) &&
      sameIds(a.domains, b.domains) &&
      sameIds(a.controlDomains, b.controlDomains);

/** The driver of every queue that exists, by the queue's name. */
function boundQueues(cards: readonly CardView[]): Map<string, Owner | null> {
  const queues = new Map<string, Owner | null>();
  for (const { adapter, queues: present, zcrypt, vfioAp } of cards) {
    for (const apqi of present) queues.set(formatApqn(apqn(adapter, apqi)), null);
    for (const apqi of zcrypt) queues.set(formatApqn(apqn(adapter, apqi)), 'zcrypt');
    for (const apqi of vfioAp) queues.set(formatApqn(apqn(adapter, apqi)), 'vfio_ap');
  }
  return queues;
}

/** The changes of one mdev, in the order in which a person would tell them. At least one of the two is given. */
function mdevChanges(before: MdevView | undefined, after: MdevView | undefined): ViewChange[] {
  const mdev = after?.mdev ?? before?.mdev ?? '';
  const changes: ViewChange[] = [];
  if (before === undefined) changes.push({ change: 'mdevAppeared', mdev });
  if (after !== undefined) changes.push(...assignments(mdev, before, after));
  changes.push(...guestChanges(mdev, before, after));
  if (after?.removing === true && before?.removing !== true)
    changes.push({ change: 'mdevRemovalBlocked', mdev });
  if (after === undefined) changes.push({ change: 'mdevGone', mdev });
  return changes;
}

function assignments(mdev: string, before: MdevView | undefined, after: MdevView): ViewChange[] {
  const changes: ViewChange[] = [];
  const earlier: MatrixView = before ?? { adapters: [], domains: [], controlDomains: [] };
  const adapters = {
    lost: without(earlier.adapters, after.adapters),
    got: without(after.adapters, earlier.adapters),
  };
  const domains = {
    lost: without(earlier.domains, after.domains),
    got: without(after.domains, earlier.domains),
  };
  const control = {
    lost: without(earlier.controlDomains, after.controlDomains),
    got: without(after.controlDomains, earlier.controlDomains),
  };
  if (adapters.lost.length > 0) changes.push({ change: 'adaptersUnassigned', mdev, adapters: adapters.lost });
  if (adapters.got.length > 0) changes.push({ change: 'adaptersAssigned', mdev, adapters: adapters.got });
  if (domains.lost.length > 0) changes.push({ change: 'domainsUnassigned', mdev, domains: domains.lost });
  if (domains.got.length > 0) changes.push({ change: 'domainsAssigned', mdev, domains: domains.got });
  if (control.lost.length > 0)
    changes.push({ change: 'controlDomainsUnassigned', mdev, controlDomains: control.lost });
  if (control.got.length > 0)
    changes.push({ change: 'controlDomainsAssigned', mdev, controlDomains: control.got });
  return changes;
}

function guestChanges(mdev: string, before: MdevView | undefined, after: MdevView | undefined): ViewChange[] {
  const changes: ViewChange[] = [];
  const wasOpen = before?.open === true;
  const isOpen = after?.open === true;
  const sameUser = wasOpen && isOpen && before.guest === after.guest;
  // Another guest does not go on with what the one before it had: that one lost all of it.
  const [had, has] = [before?.effective ?? null, after?.effective ?? null];
  const isAnother = wasOpen && isOpen && !sameUser;
  const lost = loss(had, isAnother ? null : has);
  const gained = loss(has, isAnother ? null : had);
  if (lost !== undefined) changes.push({ change: 'guestLost', mdev, guest: before?.guest ?? null, ...lost });
  if (wasOpen && !sameUser) changes.push({ change: 'guestStopped', mdev, guest: before.guest });
  if (isOpen && !sameUser) changes.push({ change: 'guestStarted', mdev, guest: after.guest });
  if (gained !== undefined)
    changes.push({ change: 'guestGained', mdev, guest: after?.guest ?? null, ...gained });
  const matrices = { before: before?.guestMatrix ?? null, after: after?.guestMatrix ?? null };
  if (before !== undefined && after !== undefined && !sameMatrix(matrices.before, matrices.after))
    changes.push({ change: 'guestMatrixChanged', mdev, ...matrices });
  return changes;
}

/** What the first matrix has and the second has not; undefined when that is nothing. */
function loss(
  before: MatrixView | null,
  after: MatrixView | null,
): { readonly queues: readonly string[]; readonly controlDomains: readonly number[] } | undefined {
  if (sameMatrix(before, after)) return undefined;
  const queues = without(queuesOf(before), queuesOf(after));
  const controlDomains = without(before?.controlDomains ?? [], after?.controlDomains ?? []);
  return queues.length + controlDomains.length > 0 ? { queues, controlDomains } : undefined;
}

const queuesOf = (matrix: MatrixView | null): string[] =>
  matrix === null
    ? []
    : matrix.adapters.flatMap((apid) => matrix.domains.map((apqi) => formatApqn(apqn(apid, apqi))));
