/** A small host for tests, two mdevs to put on it, and commands for them: card 4 is the host's, 5 and 6 are guests'. */
import type { Command, Generation } from '@apledger/events';

export const HOST = 'lpar1';
export const A = 'aaaaaaaa-0000-4000-8000-000000000001';
export const B = 'bbbbbbbb-0000-4000-8000-000000000002';

/** With `apmask: null` the host keeps all of its queues. */
export const register = (
  host = HOST,
  driver: Generation = '7.3',
  apmask: string | null = '+0-255,-5,-6',
): Command => ({
  type: 'RegisterHost',
  host,
  driver,
  hardware: {
    qci: true,
    apxa: true,
    maxAdapter: 15,
    maxDomain: 15,
    adapters: [4, 5, 6],
    domains: [4, 5],
    controlDomains: [],
    cards: [],
  },
  boot: { apmask, aqmask: null },
});
export const create = (mdev: string): Command => ({ type: 'CreateMdev', text: mdev });
export const assignAdapter = (mdev: string, id: number): Command => ({
  type: 'AssignAdapter',
  mdev,
  text: String(id),
});
export const assignDomain = (mdev: string, id: number): Command => ({
  type: 'AssignDomain',
  mdev,
  text: String(id),
});
export const start = (mdev: string): Command => ({ type: 'StartGuest', mdev, guest: 'guest1' });
export const remove = (mdev: string): Command => ({ type: 'RemoveMdev', mdev, text: '1' });
