/** Random layouts of a small host, and hosts that have them. */
import {
  apqnsOf,
  formatApqn,
  formatMask,
  idsOf,
  type Mask256,
  type Matrix,
  maskOf,
  matricesOverlap,
} from '@apledger/ap';
import { decide } from '@apledger/driver';
import type { Command, Generation } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import fc from 'fast-check';
import type { DesiredHost } from './desired.ts';
import { entriesOf } from './ids.ts';

const IDS = [0, 1, 2, 3, 4, 5, 6, 7];
export const MDEVS = [1, 2, 3, 4].map((n) => `aaaaaaaa-0000-4000-8000-00000000000${n}`);
const guestOf = (index: number): string => `g${index + 1}`;

interface Layout {
  readonly host: Matrix;
  readonly mdevs: readonly Matrix[];
}

const share = fc.subarray(IDS, { maxLength: 4 }).map(maskOf);
const matrix: fc.Arbitrary<Matrix> = fc.record({ adapters: share, domains: share });
const EMPTY: Matrix = { adapters: maskOf([]), domains: maskOf([]) };

/** What the host and four mdevs have; where two would overlap, the later one gets nothing. */
export const layout: fc.Arbitrary<Layout> = fc
  .tuple(matrix, fc.array(matrix, { minLength: 4, maxLength: 4 }))
  .map(([host, mdevs]) => {
    const taken = [host];
    const disjoint = mdevs.map((wanted) => {
      if (taken.some((other) => matricesOverlap(other, wanted))) return EMPTY;
      taken.push(wanted);
      return wanted;
    });
    return { host, mdevs: disjoint };
  });

/** Decides the command on the state and applies it; gives back why it was refused. */
export function carryOut(state: HostState, command: Command): string | undefined {
  const { facts, refusal } = decide(state, command);
  for (const fact of facts) evolve(state, fact);
  return refusal?.errno;
}

function run(state: HostState, ...commands: readonly Command[]): void {
  for (const command of commands) {
    const errno = carryOut(state, command);
    if (errno !== undefined) throw new Error(`${command.type}: ${errno}`);
  }
}

/** A host with the layout, each mdev with a running guest. */
export function hostWith(driver: Generation, { host, mdevs }: Layout): HostState {
  const state = new HostState();
  const boot = { apmask: formatMask(host.adapters), aqmask: formatMask(host.domains) };
  run(state, {
    type: 'RegisterHost',
    host: 'lpar1',
    driver,
    hardware: {
      qci: true,
      apxa: true,
      maxAdapter: 255,
      maxDomain: 255,
      adapters: IDS,
      domains: IDS,
      controlDomains: IDS,
      cards: [],
    },
    boot,
  });
  for (const [index, { adapters, domains }] of mdevs.entries()) {
    const mdev = MDEVS[index] ?? '';
    run(
      state,
      { type: 'CreateMdev', text: mdev },
      ...idsOf(adapters).map((id): Command => ({ type: 'AssignAdapter', mdev, text: `${id}` })),
      ...idsOf(domains).map((id): Command => ({ type: 'AssignDomain', mdev, text: `${id}` })),
      { type: 'StartGuest', mdev, guest: guestOf(index) },
    );
  }
  return state;
}

/** A file that asks for the layout. */
export function desiredOf({ host, mdevs }: Layout, rest: Partial<DesiredHost> = {}): DesiredHost {
  const ids = (mask: Mask256): string[] => entriesOf(idsOf(mask));
  return {
    apledger: 'v1',
    host: 'lpar1',
    masks: { adapters: ids(host.adapters), domains: ids(host.domains) },
    mdevs: Object.fromEntries(
      mdevs.map(({ adapters, domains }, index) => [
        `m${index}`,
        { uuid: MDEVS[index] ?? '', guest: guestOf(index), adapters: ids(adapters), domains: ids(domains) },
      ]),
    ),
    ...rest,
  };
}

/** The queues that an mdev's guest can use. */
export const usableQueues = (state: HostState, mdev: string): string[] => {
  const effective = state.mdevs.get(mdev)?.effective;
  return effective == null ? [] : apqnsOf(effective).map(formatApqn);
};
