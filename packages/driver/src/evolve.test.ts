/** state + fact -> state; and histories that cannot have happened. */
import type { Fact } from '@apledger/events';
import { evolve, HostState, ImpossibleFact } from '@apledger/host';
import { describe, expect, it, test } from 'vitest';
import {
  A,
  apmask,
  assignControlDomain,
  B,
  bring,
  create,
  HOT_PLUG,
  mdevWith,
  start,
  unbind,
} from './test-support.ts';

const NO_IDS = { adapters: [], domains: [], controlDomains: [] };
const QUEUE = { configured: true, checkStopped: false };
const CARD = { type: 14, mode: 'C', functions: 0, ...QUEUE } as const;
/** 05 and 06 are vfio_ap's, 04 zcrypt's; A has 05.0004 and an open guest, B nothing. */
const running = (): HostState => bring('7.3').run(...mdevWith(A, [5], [4]), create(B), start(A)).state;
const [registered] = bring('7.3').last.facts;

test.each<[string, Fact]>([
  ['a host is registered twice', registered ?? { type: 'CardRemoved', data: { adapter: 0 } }],
  ['an mdev is created twice', { type: 'MdevCreated', data: { mdev: A } }],
  ['an mdev is removed that is not there', { type: 'MdevRemoved', data: { mdev: A.replace('1', '9') } }],
  ['an adapter is assigned twice', { type: 'AdapterAssigned', data: { mdev: A, adapters: [5] } }],
  [
    'an adapter is unassigned that is not assigned',
    { type: 'AdapterUnassigned', data: { mdev: A, adapters: [6] } },
  ],
  [
    'an adapter is assigned to no mdev',
    { type: 'AdapterAssigned', data: { mdev: A.replace('1', '9'), adapters: [5] } },
  ],
  [
    'an adapter is plugged in that is not assigned',
    { type: 'GuestMatrixChanged', data: { mdev: A, ...NO_IDS, adapters: [5, 6], effective: null } },
  ],
  [
    'a guest starts on an open mdev',
    { type: 'GuestStarted', data: { mdev: A, guest: 'g', attached: true, effective: NO_IDS } },
  ],
  ['a guest stops that never started', { type: 'GuestStopped', data: { mdev: B, guest: 'g' } }],
  ['a guest migrates that is not running', { type: 'MigrationRequested', data: { mdev: B, guest: 'g' } }],
  ['a migration ends that did not begin', { type: 'MigrationCompleted', data: { mdev: A, guest: 'g' } }],
  ['a card is removed that is not there', { type: 'CardRemoved', data: { adapter: 9 } }],
  ['a card is removed before its queues', { type: 'CardRemoved', data: { adapter: 5 } }],
  ['a card is detected twice', { type: 'CardDetected', data: { adapter: 5, ...CARD } }],
  ['a card is configured that is not there', { type: 'CardConfigured', data: { adapter: 9 } }],
  ['a queue is detected twice', { type: 'QueueDetected', data: { queues: ['05.0004'], ...QUEUE } }],
  ['a queue is detected without card', { type: 'QueueDetected', data: { queues: ['09.0004'], ...QUEUE } }],
  ['a queue is bound twice', { type: 'QueueBound', data: { driver: 'vfio_ap', queues: ['05.0004'] } }],
  [
    'a queue is bound that is not there',
    { type: 'QueueBound', data: { driver: 'vfio_ap', queues: ['05.0009'] } },
  ],
  [
    'a queue is unbound from the driver that does not have it',
    { type: 'QueueUnbound', data: { driver: 'cex4queue', queues: ['05.0004'] } },
  ],
  ['a queue is removed while bound', { type: 'QueueRemoved', data: { queues: ['05.0004'] } }],
  ['a queue is removed that is not there', { type: 'QueueRemoved', data: { queues: ['05.0009'] } }],
  [
    'a queue is noticed that is not there',
    { type: 'QueueStateNoticed', data: { queues: ['05.0009'], ...QUEUE } },
  ],
  [
    'vfio_ap resets a queue that is not there',
    { type: 'QueueReset', data: { by: 'vfio_ap', queues: ['05.0009'], responseCode: 0 } },
  ],
  ['a queue is named that is none', { type: 'QueueUnbound', data: { driver: 'vfio_ap', queues: ['5.4'] } }],
  [
    'an override is set on a queue that is not there',
    { type: 'DriverOverrideChanged', data: { queue: '05.0009', driver: null } },
  ],
  [
    'a queue goes online that is not there',
    { type: 'OnlineChanged', data: { device: '05.0009', online: true } },
  ],
])('it is impossible that %s', (_, fact) => {
  expect(() => evolve(running(), fact)).toThrow(ImpossibleFact);
});

test('a queue that is named twice in one fact is impossible, too', () => {
  const host = bring('7.3').run(unbind('05.0004'));
  const fact: Fact = { type: 'QueueBound', data: { driver: 'vfio_ap', queues: ['05.0004', '05.0004'] } };
  expect(() => evolve(host.state, fact)).toThrow(ImpossibleFact);
});

test('nothing can be said of a host before it is registered', () => {
  expect(() => evolve(new HostState(), { type: 'BusScanned', data: { scans: 1 } })).toThrow(ImpossibleFact);
  const rejection = { errno: 'ENODEV' as const, explanation: '', conflicts: [], remedy: '' };
  expect(() =>
    evolve(new HostState(), {
      type: 'CommandRejected',
      data: { command: { type: 'ScanBus' }, ...rejection },
    }),
  ).toThrow(ImpossibleFact);
});

describe('a fact that follows', () => {
  it('changes nothing when it only says what was refused', () => {
    const before = running();
    const after = before.fork();
    evolve(after, { type: 'MigrationRefused', data: { mdev: A, guest: 'g', pluggedAdapters: [5] } });
    expect(after.equals(before)).toBe(true);
  });
});

describe.each(HOT_PLUG)('the way of an adapter into a %s guest', (generation) => {
  const plug = (host: ReturnType<typeof bring>, apid: number) => host.mdev(A).plug.get(apid);

  it('is told by its facts: waiting, plugged, resetting, unplugged, gone', () => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]));
    const isEarly = generation !== '2019-v2';
    expect(plug(host, 5)).toBe(isEarly ? 'plugged' : 'waitingForQueues');
    expect(plug(host.run(start(A)), 5)).toBe('plugged');
    expect(plug(host.run(unbind('05.0004')), 5)).toBe('unplugged');
    expect(plug(host.run({ type: 'UnassignAdapter', mdev: A, text: '5' }), 5)).toBeUndefined();
  });

  it('is not taken by control domains', () => {
    const host = bring(generation).run(create(A), ...assignControlDomain(A, 4));
    expect(host.mdev(A).plug.size).toBe(0);
    expect(host.run(apmask('-4')).mdev(A).plug.size).toBe(0);
  });
});

test("what resets say of an adapter is nothing to another guest's queues of it", () => {
  const host = bring('7.3').run(...mdevWith(A, [5], [4]), ...mdevWith(B, [5], [5]));
  const plugs = () => [A, B].map((mdev) => host.mdev(mdev).plug.get(5));
  expect(plugs()).toEqual(['plugged', 'plugged']);
  for (const mdev of [A, B])
    evolve(host.state, { type: 'GuestMatrixChanged', data: { mdev, ...NO_IDS, effective: null } });
  const reset = (responseCode: number): Fact => ({
    type: 'QueueReset',
    data: { by: 'vfio_ap', queues: ['05.0004'], responseCode },
  });
  evolve(host.state, reset(0));
  expect(plugs()).toEqual(['unplugged', 'resetting']);
  evolve(host.state, reset(2));
  expect(plugs()).toEqual(['resetFailed', 'resetting']);
});
