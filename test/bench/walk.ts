/**
 * What people do on a host, without end: commands at random but from a fixed seed, on a bounded pool of mdevs, so that the state neither
 * grows nor empties however long it goes on. The driver's rules decide each of them; about one in ten is refused.
 */
import { has, type Mask256 } from '@apledger/ap';
import { type Decision, decide } from '@apledger/driver';
import type { Command, Generation } from '@apledger/events';
import { evolve, HostState, isOpen, type Mdev } from '@apledger/host';

/** A host of the fleet. */
export interface HostShape {
  readonly host: string;
  readonly driver: Generation;
  readonly adapters: number;
  readonly domains: number;
  /** Size of the pool of mdevs; most of them exist most of the time. */
  readonly mdevs: number;
}

/** The largest host that the benches know: 1,360 queues. */
export const largeHost = (driver: Generation): HostShape => ({
  host: 'large',
  driver,
  adapters: 16,
  domains: 85,
  mdevs: 60,
});

/** Numbers below 1 from a seed (mulberry32): a run can be repeated. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One command, the state that it met, and what came of it. */
export interface Step {
  readonly before: HostState;
  readonly command: Command;
  readonly decision: Decision;
}

/** One host and what happens to it. */
export class Walk {
  readonly shape: HostShape;
  readonly #random: () => number;
  readonly #opening: Command[];
  readonly #uuids: readonly string[];
  readonly #state = new HostState();

  constructor(shape: HostShape, seed: number) {
    this.shape = shape;
    this.#random = randomFrom(seed);
    this.#uuids = Array.from({ length: shape.mdevs }, (_, n) => uuidOf(seed, n));
    this.#opening = openingOf(shape, this.#uuids);
  }

  /** Whether the host is set up and ordinary life has begun. */
  get isOpened(): boolean {
    return this.#opening.length === 0;
  }

  /** Decides the next command. */
  step(): Step {
    const before = this.#state.fork();
    const command = this.#opening.shift() ?? this.#next(before);
    const decision = decide(before, command);
    for (const fact of decision.facts) evolve(this.#state, fact);
    return { before, command, decision };
  }

  #next(state: HostState): Command {
    const dice = this.#below(100);
    if (dice < 6) return { type: 'WriteMask', mask: 'apmask', text: this.#maskChange(state) };
    if (dice < 12) return this.#rebind(state);
    if (dice < 13) return { type: 'ScanBus' };
    const number = this.#below(this.shape.mdevs);
    const uuid = this.#uuids[number] ?? '';
    const mdev = state.mdevs.get(uuid);
    if (mdev === undefined) return { type: 'CreateMdev', text: uuid };
    if (mdev.removing) return { type: 'StopGuest', mdev: uuid };
    if (dice < 16) return { type: 'RemoveMdev', mdev: uuid, text: '1' };
    if (dice < 42) {
      return isOpen(mdev)
        ? { type: 'StopGuest', mdev: uuid }
        : { type: 'StartGuest', mdev: uuid, guest: `guest${number}` };
    }
    return this.#assign(mdev, number, dice);
  }

  /** Mostly to and fro of what the mdev is meant to have; now and then the neighbour's, or nonsense. */
  #assign(mdev: Mdev, number: number, dice: number): Command {
    const { uuid, assigned } = mdev;
    const toggle = (held: Mask256, id: number, name: 'Adapter' | 'Domain' | 'ControlDomain'): Command => ({
      type: has(held, id) ? `Unassign${name}` : `Assign${name}`,
      mdev: uuid,
      text: `0x${id.toString(16)}`,
    });
    if (dice < 66) return toggle(assigned.adapters, this.#guestAdapter(), 'Adapter');
    if (dice < 82) return toggle(assigned.domains, domainOf(this.shape, number, this.#below(2)), 'Domain');
    if (dice < 90) return toggle(assigned.controlDomains, this.#below(this.shape.domains), 'ControlDomain');
    if (dice < 94)
      return { type: 'AssignDomain', mdev: uuid, text: `${domainOf(this.shape, number + 1, 0)}` };
    if (dice < 96) return { type: 'AssignAdapter', mdev: uuid, text: '0x1ff' };
    if (dice < 98) return { type: 'MigrateGuest', mdev: uuid };
    return { type: 'ResetGuestDevice', mdev: uuid };
  }

  /** The spare adapter goes to the host or comes back; now and then one of the guests', refused while an mdev has it. */
  #maskChange(state: HostState): string {
    const adapter = this.#below(6) === 0 ? this.#guestAdapter() : this.shape.adapters - 1;
    return `${has(state.apmask, adapter) ? '-' : '+'}${adapter}`;
  }

  /** A queue loses its driver or gets it back, by hand. */
  #rebind(state: HostState): Command {
    const adapter = this.#below(this.shape.adapters);
    const domain = this.#below(this.shape.domains);
    const name = `${hex(adapter, 2)}.${hex(domain, 4)}`;
    const bound = state.cards.get(adapter)?.queues.get(domain)?.state;
    if (bound === 'vfio_ap') return { type: 'UnbindQueue', driver: 'vfio_ap', text: name };
    if (bound === 'zcrypt') return { type: 'UnbindQueue', driver: 'cex4queue', text: name };
    const isHosts = has(state.apmask, adapter);
    return { type: 'BindQueue', driver: isHosts ? 'cex4queue' : 'vfio_ap', text: name };
  }

  /** One of the upper half of the adapters: these are the guests', but for the last one, which is spare. */
  #guestAdapter(): number {
    const half = this.shape.adapters >>> 1;
    return half + this.#below(this.shape.adapters - 1 - half);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** The same host has the same mdevs in every run. */
const uuidOf = (seed: number, n: number): string =>
  `62177883-f1bb-47f0-${hex(seed & 0xffff, 4)}-${hex(n, 12)}`;

/** The first or second of the two domains that an mdev is meant to have, its own as far as the host has enough. */
const domainOf = ({ domains, mdevs }: HostShape, number: number, which: number): number =>
  ((number % mdevs) + which * mdevs) % domains;

/** The host comes up, gives half of its adapters to guests, and makes its mdevs. */
function openingOf(shape: HostShape, uuids: readonly string[]): Command[] {
  const adapters = Array.from({ length: shape.adapters }, (_, id) => id);
  const domains = Array.from({ length: shape.domains }, (_, id) => id);
  const guests = adapters.slice(shape.adapters >>> 1);
  const hardware = { qci: true, apxa: true, maxAdapter: 255, maxDomain: 255, cards: [] };
  return [
    {
      type: 'RegisterHost',
      host: shape.host,
      driver: shape.driver,
      hardware: { ...hardware, adapters, domains, controlDomains: domains },
      boot: { apmask: null, aqmask: null },
    },
    { type: 'WriteMask', mask: 'apmask', text: guests.map((id) => `-${id}`).join(',') },
    ...uuids.flatMap((mdev, number): Command[] => [
      { type: 'CreateMdev', text: mdev },
      { type: 'AssignAdapter', mdev, text: `${guests[number % (guests.length - 1)] ?? 0}` },
      { type: 'AssignDomain', mdev, text: `${domainOf(shape, number, 0)}` },
    ]),
  ];
}
