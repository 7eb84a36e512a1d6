/** Hosts for the tests to look at. */
import { formatMask, maskOf, maskOfRange } from '@apledger/ap';
import type { Command } from '@apledger/events';

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
export const register = (
  host: string,
  adapters: number[],
  domains: number[],
  guestsFrom = 0,
  driver: '7.3' | '2019-v2' = '7.3',
): Command => ({
  type: 'RegisterHost',
  host,
  driver,
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

const uuid = (digit: string): string =>
  [8, 4, 4, 4, 12]
    .map((length) => digit.repeat(length))
    .join('-')
    .replace(/^(.{14}).(.{4}).(.*)$/, '$14$28$3');

/** The same for drivers that have no ap_config yet: one write for each id. */
const assigned = (mdev: string, adapters: readonly number[], domains: readonly number[]): Command[] => [
  { type: 'CreateMdev', text: mdev },
  ...adapters.map((id): Command => ({ type: 'AssignAdapter', mdev, text: String(id) })),
  ...domains.map((id): Command => ({ type: 'AssignDomain', mdev, text: String(id) })),
  ...domains.map((id): Command => ({ type: 'AssignControlDomain', mdev, text: String(id) })),
];

/** The founding document's example: adapters 5 and 6, domains 4, 0x47, 0xab and 0xff, three guests, and one who wanted too much. */
export function threeGuests(host: string): { done: Command[]; refused: Command } {
  const [one, two, three] = ['1', '2', '3'].map(uuid) as [string, string, string];
  return {
    done: [
      register(host, [5, 6], [4, 0x47, 0xab, 0xff], 0, '2019-v2'),
      ...assigned(one, [5, 6], [4, 0xab]),
      ...assigned(two, [5], [0x47, 0xff]),
      ...assigned(three, [6], [0x47, 0xff]),
      start(one, 'guest1'),
      start(two, 'guest2'),
      start(three, 'guest3'),
    ],
    refused: { type: 'AssignAdapter', mdev: three, text: '5' },
  };
}

/** A host as a data centre has it: 12 cards, 20 domains, the first two cards its own, nine guests of which two do not run. */
export function productionHost(host: string): Command[] {
  const names = ['core-pay', 'core-iss', 'atm-a', 'atm-b', 'swift', 'card-hsm', 'test-1', 'test-2', 'vault'];
  const guests = names.map((name, i) => ({
    name,
    mdev: uuid('123456789'.charAt(i)),
    adapters: range(2 + 2 * (i % 5), 4 + 2 * (i % 5)),
    domains: all.filter((id) => id < 20 && (i < 5 ? id % 2 === 0 : id % 4 === 1)),
  }));
  return [
    register(host, range(0, 12), range(0, 20), 2),
    ...guests.flatMap(({ mdev, adapters, domains }) => mdevWith(mdev, adapters, domains)),
    ...guests.flatMap(({ mdev, name }, i) => (i === 6 || i === 7 ? [] : [start(mdev, name)])),
  ];
}

/** 05.0047 goes from guest2, whose reset fails, to guest1: the driver of 2019 does not look at how a reset ended. */
export function incident(): Command[] {
  const [one, two] = ['1', '2'].map(uuid) as [string, string];
  return [
    { type: 'InjectResetFault', queue: '05.0047', responseCodes: [1, 1, 1] },
    stop(two),
    { type: 'UnassignDomain', mdev: two, text: '0x47' },
    stop(one),
    { type: 'UnassignAdapter', mdev: one, text: '6' },
    { type: 'AssignDomain', mdev: one, text: '0x47' },
    start(one, 'guest1'),
    start(two, 'guest2'),
  ];
}

/** 16 cards with 85 domains, as large as a z16 has them, and 60 guests that all run: 4 cards and 20 or so domains each, or less. */
export function crowdedHost(host: string): Command[] {
  const domains = range(0, 85);
  const guests = Array.from({ length: 60 }, (_, i) => ({
    uuid: `${(i + 16).toString(16)}000000-0000-4000-8000-000000000000`,
    name: `pay-kvm${String(i).padStart(2, '0')}`,
    adapters: range(4 * (i % 4), 4 * (i % 4) + 4),
    domains: domains.filter((id) => id % 15 === Math.floor(i / 4)),
  }));
  return [
    register(host, range(0, 16), domains),
    ...guests.flatMap(({ uuid: mdev, adapters, domains: own }) => mdevWith(mdev, adapters, own)),
    ...guests.map(({ uuid: mdev, name }) => start(mdev, name)),
  ];
}
