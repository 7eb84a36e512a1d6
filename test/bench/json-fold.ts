/**
 * The same matrices the natural way: one event as an object, sets of ids, a function from state and event to state. This is the fold that
 * Emmett is given; it changes its state in place, which is faster than the copies that its documentation shows.
 */
import type { MatrixView } from '@apledger/api';
import type { Fact, MatrixIds } from '@apledger/events';
import type { HostView } from '@apledger/projections';

interface CardSets {
  readonly queues: Set<number>;
  readonly zcrypt: Set<number>;
  readonly vfioAp: Set<number>;
}

interface MdevSets {
  readonly adapters: Set<number>;
  readonly domains: Set<number>;
  readonly controlDomains: Set<number>;
  guest: string | null;
  effective: MatrixIds | null;
}

export interface Matrices {
  apmask: string;
  aqmask: string;
  readonly cards: Map<number, CardSets>;
  readonly mdevs: Map<string, MdevSets>;
}

export const noMatrices = (): Matrices => ({ apmask: '', aqmask: '', cards: new Map(), mdevs: new Map() });

/** The matrices after the fact; the same object, changed. */
export function evolve(state: Matrices, fact: Fact): Matrices {
  if ('mdev' in fact.data) evolveMdev(state, fact, fact.data.mdev);
  else evolveHost(state, fact);
  return state;
}

function evolveHost(state: Matrices, fact: Fact): void {
  switch (fact.type) {
    case 'HostRegistered':
      state.apmask = fact.data.apmask;
      state.aqmask = fact.data.aqmask;
      return;
    case 'MaskChanged':
      state[fact.data.mask] = fact.data.value;
      return;
    case 'CardDetected':
      cardOf(state, fact.data.adapter);
      return;
    case 'CardRemoved':
      state.cards.delete(fact.data.adapter);
      return;
    case 'QueueDetected':
      eachQueue(state, fact.data.queues, (card, domain) => card.queues.add(domain));
      return;
    case 'QueueRemoved':
      eachQueue(state, fact.data.queues, (card, domain) => {
        card.queues.delete(domain);
        card.zcrypt.delete(domain);
        card.vfioAp.delete(domain);
      });
      return;
    case 'QueueBound': {
      const isGuests = fact.data.driver === 'vfio_ap';
      eachQueue(state, fact.data.queues, (card, domain) => {
        (isGuests ? card.vfioAp : card.zcrypt).add(domain);
        (isGuests ? card.zcrypt : card.vfioAp).delete(domain);
      });
      return;
    }
    case 'QueueUnbound': {
      const isGuests = fact.data.driver === 'vfio_ap';
      eachQueue(state, fact.data.queues, (card, domain) =>
        (isGuests ? card.vfioAp : card.zcrypt).delete(domain),
      );
      return;
    }
  }
}

function eachQueue(
  state: Matrices,
  names: readonly string[],
  change: (card: CardSets, domain: number) => unknown,
): void {
  for (const name of names) {
    const card = cardOf(state, Number.parseInt(name.slice(0, 2), 16));
    change(card, Number.parseInt(name.slice(3), 16));
  }
}

function cardOf({ cards }: Matrices, adapter: number): CardSets {
  const known = cards.get(adapter);
  if (known !== undefined) return known;
  const card = { queues: new Set<number>(), zcrypt: new Set<number>(), vfioAp: new Set<number>() };
  cards.set(adapter, card);
  return card;
}

function evolveMdev({ mdevs }: Matrices, fact: Fact, uuid: string): void {
  if (fact.type === 'MdevCreated') {
    const [adapters, domains, controlDomains] = [new Set<number>(), new Set<number>(), new Set<number>()];
    mdevs.set(uuid, { adapters, domains, controlDomains, guest: null, effective: null });
    return;
  }
  const mdev = mdevs.get(uuid);
  if (mdev === undefined) return;
  switch (fact.type) {
    case 'MdevRemoved':
      mdevs.delete(uuid);
      return;
    case 'AdapterAssigned':
      for (const id of fact.data.adapters) mdev.adapters.add(id);
      return;
    case 'AdapterUnassigned':
      for (const id of fact.data.adapters) mdev.adapters.delete(id);
      return;
    case 'DomainAssigned':
      for (const id of fact.data.domains) mdev.domains.add(id);
      return;
    case 'DomainUnassigned':
      for (const id of fact.data.domains) mdev.domains.delete(id);
      return;
    case 'ControlDomainAssigned':
      for (const id of fact.data.controlDomains) mdev.controlDomains.add(id);
      return;
    case 'ControlDomainUnassigned':
      for (const id of fact.data.controlDomains) mdev.controlDomains.delete(id);
      return;
    case 'GuestStarted':
      mdev.guest = fact.data.guest;
      mdev.effective = fact.data.effective;
      return;
    case 'GuestStopped':
      mdev.guest = null;
      mdev.effective = null;
      return;
    case 'GuestMatrixChanged':
    case 'MdevRemovalBlocked':
      mdev.effective = fact.data.effective;
  }
}

const ascending = (ids: Iterable<number>): number[] => [...ids].sort((a, b) => a - b);

/** The matrices as one text, to see that two folds agree. */
export const textOfMatrices = ({ apmask, aqmask, cards, mdevs }: Matrices): string =>
  JSON.stringify([
    apmask,
    aqmask,
    [...cards]
      .sort(([a], [b]) => a - b)
      .map(([adapter, card]) => [
        adapter,
        ascending(card.queues),
        ascending(card.zcrypt),
        ascending(card.vfioAp),
      ]),
    [...mdevs]
      .map(([uuid, mdev]) => [
        uuid,
        ascending(mdev.adapters),
        ascending(mdev.domains),
        ascending(mdev.controlDomains),
        mdev.guest,
        idsOf(mdev.effective),
      ])
      .sort(),
  ]);

/** The same text of a view. */
export const textOfView = ({ apmask, aqmask, cards, mdevs }: HostView): string =>
  JSON.stringify([
    apmask,
    aqmask,
    cards.map(({ adapter, queues, zcrypt, vfioAp }) => [adapter, queues, zcrypt, vfioAp]),
    mdevs
      .map(({ mdev, adapters, domains, controlDomains, guest, effective }) => [
        mdev,
        adapters,
        domains,
        controlDomains,
        guest,
        idsOf(effective),
      ])
      .sort(),
  ]);

const idsOf = (matrix: MatrixView | null): unknown =>
  matrix && [matrix.adapters, matrix.domains, matrix.controlDomains].map(ascending);
