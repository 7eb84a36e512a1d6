/** Hosts for the tests to look at. */
import { formatMask, maskOf, maskOfRange } from '@apledger/ap';
import type { Command } from '@apledger/client';

export const A = 'aaaaaaaa-0000-4000-8000-000000000001';
export const B = 'bbbbbbbb-0000-4000-8000-000000000002';

const hardware = (adapters: number[], domains: number[]) => ({
  qci: true,
  apxa: true,
  maxAdapter: 255,
  maxDomain: 255,
  adapters,
  domains,
  controlDomains: domains,
  cards: [],
});

/** A host whose adapters belong to guests from `guestsFrom` on. */
export const register = (host: string, adapters: number[], domains: number[], guestsFrom = 0): Command => ({
  type: 'RegisterHost',
  host,
  driver: '7.3',
  hardware: hardware(adapters, domains),
  boot: { apmask: guestsFrom === 0 ? '0x0' : formatMask(maskOfRange(0, guestsFrom - 1)), aqmask: null },
});

/** An mdev with this matrix. */
export const mdevWith = (
  mdev: string,
  adapters: readonly number[],
  domains: readonly number[],
): Command[] => [
  { type: 'CreateMdev', text: mdev },
  {
    type: 'ConfigureMdev',
    mdev,
    text: [maskOf(adapters), maskOf(domains), maskOf([])].map(formatMask).join(','),
  },
];

export const start = (mdev: string, guest: string): Command => ({ type: 'StartGuest', mdev, guest });
export const stop = (mdev: string): Command => ({ type: 'StopGuest', mdev });

/** Cards 4 to 7, domains 4, 5, 0x47 and 0xab: guest web runs on card 4 and 5, guest db is defined on 6. */
export const smallHost = (host: string): Command[] => [
  register(host, [4, 5, 6, 7], [4, 5, 0x47, 0xab]),
  ...mdevWith(A, [4, 5], [4, 0x47]),
  ...mdevWith(B, [6], [5, 0xab]),
  start(A, 'web'),
];

const all = Array.from({ length: 256 }, (_, id) => id);
const range = (from: number, to: number): number[] => all.slice(from, to);

/** 256 x 256 queues: the first 32 cards are the host's, the rest is guests', who have some of it, some running and some not. */
export function fullHost(host: string): Command[] {
  const mdevs = Array.from({ length: 24 }, (_, i) => ({
    uuid: `${(i + 16).toString(16)}000000-0000-4000-8000-000000000000`,
    adapters: range(32 + 9 * i, 32 + 9 * i + (i % 3 === 0 ? 9 : 7)),
    domains: all.filter((id) => id % ((i % 5) + 1) === 0),
  }));
  return [
    register(host, all, all, 32),
    ...mdevs.flatMap(({ uuid, adapters, domains }) => mdevWith(uuid, adapters, domains)),
    ...mdevs.filter((_, i) => i % 2 === 0).map(({ uuid }, i) => start(uuid, `guest${i}`)),
  ];
}
