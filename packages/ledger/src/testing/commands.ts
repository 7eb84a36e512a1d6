/** Two mdevs, a host to put them on, and commands for it. */
import type { Command } from '@apledger/events';

export const A = 'aaaaaaaa-0000-4000-8000-000000000001';
export const B = 'bbbbbbbb-0000-4000-8000-000000000002';

export const register = (host: string): Command => ({
  type: 'RegisterHost',
  host,
  driver: '7.3',
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
  boot: { apmask: '+0-255,-5,-6', aqmask: null },
});
export const create = (mdev: string): Command => ({ type: 'CreateMdev', text: mdev });
export const assignAdapter = (mdev: string, id: number): Command => ({
  type: 'AssignAdapter',
  mdev,
  text: `${id}`,
});
export const assignDomain = (mdev: string, id: number): Command => ({
  type: 'AssignDomain',
  mdev,
  text: `${id}`,
});
