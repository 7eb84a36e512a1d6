/**
 * A host as of one moment, for people and programs: plain data that can be printed as JSON, with `cell` for the one question that
 * everybody asks.
 */
import {
  and,
  EMPTY_MATRIX,
  formatMask,
  has,
  idsOf,
  idsOfMatrix,
  type Mask256,
  type Matrix,
  maskFromHex,
  maskOf,
  matrixHas,
} from '@apledger/ap';
import type { CardView, HostView as HostViewBody, MatrixView, MdevView, PlugView } from '@apledger/api';
import type { Generation } from '@apledger/events';
import { type HostState, isOpen, type Mdev, queuesOf } from '@apledger/host';

/** zcrypt = the host itself, vfio_ap = guests. */
export type Owner = 'zcrypt' | 'vfio_ap';

/** Everything about one queue. */
export interface Cell {
  /** For whom apmask and aqmask reserve it, whether or not it exists. */
  readonly owner: Owner;
  /** The queue device exists. */
  readonly exists: boolean;
  /** The driver that has it; null = none. */
  readonly boundTo: Owner | null;
  /** The mdevs in whose matrix it is, and those whose running guest can use it; UUIDs. */
  readonly assignedTo: readonly string[];
  readonly usableIn: readonly string[];
}

/** A view as JSON has it. */
export type HostViewJson = HostViewBody;

/** A host as of one moment, with `cell` for single queues. */
export interface HostView extends HostViewBody {
  /** What is known of the queue `apid.apqi`; both 0..255. Not part of the JSON. */
  cell(apid: number, apqi: number): Cell;
}

/** A view that came as JSON, with `cell` again. */
export function viewOfJson(json: HostViewJson): HostView {
  let cells: CellIndex | undefined;
  return {
    ...json,
    cell: (apid, apqi) => {
      cells ??= new CellIndex(json);
      return cells.cell(apid, apqi);
    },
  };
}

/** The host as the state has it; undefined when it was not registered yet. The view shares nothing with the state. */
export function viewOf(host: string, state: HostState): HostView | undefined {
  return state.isRegistered ? new View(host, state) : undefined;
}

class View implements HostView {
  readonly host: string;
  readonly driver: Generation;
  readonly revision: number;
  readonly position: number;
  readonly occurredAt: string;
  readonly apmask: string;
  readonly aqmask: string;
  readonly adapters: readonly number[];
  readonly domains: readonly number[];
  readonly cards: readonly CardView[];
  readonly mdevs: readonly MdevView[];
  #cells: CellIndex | undefined;

  constructor(host: string, state: HostState) {
    this.host = host;
    this.driver = state.driver;
    this.revision = state.revision;
    this.position = state.position;
    this.occurredAt = new Date(state.occurredAt).toISOString();
    this.apmask = formatMask(state.apmask);
    this.aqmask = formatMask(state.aqmask);
    this.cards = state.cards.keys().map((adapter) => cardOf(state, adapter));
    this.adapters = this.cards.map((card) => card.adapter);
    this.domains = [...new Set(this.cards.flatMap((card) => card.queues))].sort((a, b) => a - b);
    this.mdevs = [...state.mdevs.values()].map(mdevOf);
  }

  cell(apid: number, apqi: number): Cell {
    this.#cells ??= new CellIndex(this);
    return this.#cells.cell(apid, apqi);
  }
}

/** The UUIDs of the mdevs, in the order of creation. */
export const mdevsOf = ({ mdevs }: HostState): readonly string[] => [...mdevs.keys()];

const cardOf = (state: HostState, adapter: number): CardView => ({
  adapter,
  queues: idsOf(queuesOf(state, adapter)),
  zcrypt: idsOf(queuesOf(state, adapter, 'zcrypt')),
  vfioAp: idsOf(queuesOf(state, adapter, 'vfioAp')),
  notPassable: idsOf(and(queuesOf(state, adapter, 'vfioAp'), queuesOf(state, adapter, 'unfit'))),
});

const mdevOf = (mdev: Mdev): MdevView => ({
  mdev: mdev.uuid,
  ...idsOfMatrix(mdev.assigned),
  open: isOpen(mdev),
  guest: mdev.guest,
  attached: mdev.attached,
  migrating: mdev.lifecycle === 'migrating',
  removing: mdev.removing,
  guestMatrix: mdev.guestMatrix === null ? null : idsOfMatrix(mdev.guestMatrix),
  effective: mdev.effective === null ? null : idsOfMatrix(mdev.effective),
  plug: plugOf(mdev),
});

function plugOf({ plug }: Mdev): PlugView {
  const lists: Record<keyof PlugView, number[]> = {
    waitingForQueues: [],
    plugged: [],
    resetting: [],
    unplugged: [],
    resetFailed: [],
  };
  for (const [adapter, state] of plug) if (state !== 'unassigned') lists[state].push(adapter);
  return lists;
}

/** A view as masks: anyone who draws a matrix asks for thousands of cells. */
class CellIndex {
  readonly #apmask: Mask256;
  readonly #aqmask: Mask256;
  readonly #cards: ReadonlyMap<
    number,
    { readonly queues: Mask256; readonly zcrypt: Mask256; readonly vfioAp: Mask256 }
  >;
  readonly #mdevs: readonly {
    readonly mdev: string;
    readonly assigned: Matrix;
    readonly effective: Matrix;
  }[];

  constructor(view: HostViewJson) {
    this.#apmask = maskFromHex(view.apmask);
    this.#aqmask = maskFromHex(view.aqmask);
    this.#cards = new Map(
      view.cards.map(({ adapter, queues, zcrypt, vfioAp }) => [
        adapter,
        { queues: maskOf(queues), zcrypt: maskOf(zcrypt), vfioAp: maskOf(vfioAp) },
      ]),
    );
    this.#mdevs = view.mdevs.map((mdev) => ({
      mdev: mdev.mdev,
      assigned: masksOf(mdev),
      effective: mdev.effective === null ? EMPTY_MATRIX : masksOf(mdev.effective),
    }));
  }

  cell(apid: number, apqi: number): Cell {
    const card = this.#cards.get(apid);
    const holders = (matrix: 'assigned' | 'effective'): string[] =>
      this.#mdevs.filter((mdev) => matrixHas(mdev[matrix], apid, apqi)).map(({ mdev }) => mdev);
    return {
      // An APQN belongs to the host iff both masks have its bit (driver-rules 3).
      owner: has(this.#apmask, apid) && has(this.#aqmask, apqi) ? 'zcrypt' : 'vfio_ap',
      exists: card !== undefined && has(card.queues, apqi),
      boundTo: card === undefined ? null : driverOf(card, apqi),
      assignedTo: holders('assigned'),
      usableIn: holders('effective'),
    };
  }
}

const masksOf = ({ adapters, domains }: MatrixView): Matrix => ({
  adapters: maskOf(adapters),
  domains: maskOf(domains),
});

function driverOf(card: { readonly zcrypt: Mask256; readonly vfioAp: Mask256 }, apqi: number): Owner | null {
  if (has(card.zcrypt, apqi)) return 'zcrypt';
  return has(card.vfioAp, apqi) ? 'vfio_ap' : null;
}
