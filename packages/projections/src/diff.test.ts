/** The difference of two moments, told in changes. */
import { openMemoryLog } from '@apledger/event-log';
import type { Fact, Generation } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import { diffViews } from './diff.ts';
import { openReadModel } from './read-model.ts';
import { memoryStore } from './store.ts';
import { newFacts, record } from './testing/logs.ts';

const MDEV = '11111111-1111-4111-8111-111111111111';
const ALL = `0x${'f'.repeat(64)}`;
const registered = (driver: Generation): Fact => ({
  type: 'HostRegistered',
  data: {
    host: 'h',
    driver,
    hardware: {
      qci: true,
      apxa: true,
      maxAdapter: 255,
      maxDomain: 255,
      adapters: [5],
      domains: [4, 71],
      controlDomains: [],
      cards: [],
    },
    apmask: ALL,
    aqmask: ALL,
    bootParameters: { apmask: null, aqmask: null },
  },
});
const card: Fact = {
  type: 'CardDetected',
  data: { adapter: 5, type: 14, mode: 'C', functions: 0, configured: true, checkStopped: false },
};
const queues = ['05.0004', '05.0047'];
const begin = (driver: Generation): Fact[] => [
  registered(driver),
  card,
  { type: 'QueueDetected', data: { queues, configured: true, checkStopped: false } },
  { type: 'QueueBound', data: { driver: 'vfio_ap', queues } },
  { type: 'MdevCreated', data: { mdev: MDEV } },
];

/** The changes that `facts` make to a host that has begun. */
async function changesBy(facts: readonly Fact[], driver: Generation = '7.3') {
  const log = openMemoryLog();
  const before = begin(driver);
  await record(log, 'h', 1, newFacts([...before, ...facts]));
  const readModel = await openReadModel({ log, store: memoryStore() });
  const first = await readModel.hostAt('h', { revision: before.length - 1 });
  return diffViews(first, await readModel.now('h'));
}

const matrix = { adapters: [5], domains: [4], controlDomains: [4] };
const nothing = { adapters: [], domains: [], controlDomains: [] };

describe('the difference of two moments', () => {
  it('is nothing when nothing happened', async () => {
    expect(await changesBy([{ type: 'BusScanned', data: { scans: 2 } }])).toEqual([]);
  });

  it('begins with the host, when it was not there', async () => {
    const log = openMemoryLog();
    await record(log, 'h', 1, newFacts(begin('7.3')));
    const view = await (await openReadModel({ log, store: memoryStore() })).now('h');
    expect(diffViews(undefined, view)).toEqual([
      { change: 'hostRegistered', host: 'h' },
      { change: 'cardsAppeared', adapters: [5] },
      { change: 'queuesAppeared', queues },
      { change: 'queuesRebound', from: null, to: 'vfio_ap', queues },
      { change: 'mdevAppeared', mdev: MDEV },
    ]);
    expect(diffViews(view, undefined)).toContainEqual({ change: 'hostGone', host: 'h' });
  });

  it('names masks with both values', async () => {
    const value = `0x7${'f'.repeat(63)}`;
    expect(
      await changesBy([{ type: 'MaskChanged', data: { mask: 'apmask', value, written: '-0' } }]),
    ).toEqual([{ change: 'maskChanged', mask: 'apmask', before: ALL, after: value }]);
  });

  it('names queues that changed hands, came or went', async () => {
    expect(
      await changesBy([
        { type: 'QueueUnbound', data: { driver: 'vfio_ap', queues } },
        { type: 'QueueBound', data: { driver: 'cex4queue', queues: ['05.0004'] } },
      ]),
    ).toEqual([
      { change: 'queuesRebound', from: 'vfio_ap', to: null, queues: ['05.0047'] },
      { change: 'queuesRebound', from: 'vfio_ap', to: 'zcrypt', queues: ['05.0004'] },
    ]);
    const gone = await changesBy([
      { type: 'QueueUnbound', data: { driver: 'vfio_ap', queues } },
      { type: 'QueueRemoved', data: { queues } },
      { type: 'CardRemoved', data: { adapter: 5 } },
    ]);
    expect(gone).toEqual([
      { change: 'cardsGone', adapters: [5] },
      { change: 'queuesGone', queues },
    ]);
  });

  it('tells what a guest gained and lost, apart from what its mdev was assigned', async () => {
    const assigned: Fact[] = [
      { type: 'AdapterAssigned', data: { mdev: MDEV, adapters: [5] } },
      { type: 'DomainAssigned', data: { mdev: MDEV, domains: [4] } },
      { type: 'ControlDomainAssigned', data: { mdev: MDEV, controlDomains: [4] } },
      { type: 'GuestMatrixChanged', data: { mdev: MDEV, ...matrix, effective: null } },
    ];
    const started: Fact = {
      type: 'GuestStarted',
      data: { mdev: MDEV, guest: 'web', attached: true, effective: matrix },
    };
    expect(await changesBy([...assigned, started])).toEqual([
      { change: 'adaptersAssigned', mdev: MDEV, adapters: [5] },
      { change: 'domainsAssigned', mdev: MDEV, domains: [4] },
      { change: 'controlDomainsAssigned', mdev: MDEV, controlDomains: [4] },
      { change: 'guestStarted', mdev: MDEV, guest: 'web' },
      { change: 'guestGained', mdev: MDEV, guest: 'web', queues: ['05.0004'], controlDomains: [4] },
      { change: 'guestMatrixChanged', mdev: MDEV, before: nothing, after: matrix },
    ]);
    // Stopped and gone within the span: only the two moments count.
    expect(
      await changesBy([
        ...assigned,
        started,
        { type: 'GuestStopped', data: { mdev: MDEV, guest: 'web' } },
        { type: 'MdevRemoved', data: { mdev: MDEV } },
      ]),
    ).toEqual([{ change: 'mdevGone', mdev: MDEV }]);
  });

  it('takes everything from a guest whose mdev another one opened meanwhile', async () => {
    const guest = (name: string): Fact => ({
      type: 'GuestStarted',
      data: { mdev: MDEV, guest: name, attached: true, effective: matrix },
    });
    const before = [...begin('7.3'), guest('web')];
    const log = openMemoryLog();
    const after: Fact[] = [{ type: 'GuestStopped', data: { mdev: MDEV, guest: 'web' } }, guest('db')];
    await record(log, 'h', 1, newFacts([...before, ...after]));
    const readModel = await openReadModel({ log, store: memoryStore() });
    const first = await readModel.hostAt('h', { revision: before.length - 1 });
    expect(diffViews(first, await readModel.now('h'))).toEqual([
      { change: 'guestLost', mdev: MDEV, guest: 'web', queues: ['05.0004'], controlDomains: [4] },
      { change: 'guestStopped', mdev: MDEV, guest: 'web' },
      { change: 'guestStarted', mdev: MDEV, guest: 'db' },
      { change: 'guestGained', mdev: MDEV, guest: 'db', queues: ['05.0004'], controlDomains: [4] },
    ]);
  });

  it('knows that a closed mdev of 2019 has no guest matrix', async () => {
    const open: Fact[] = [
      { type: 'GuestStarted', data: { mdev: MDEV, guest: 'web', attached: true, effective: nothing } },
      {
        type: 'GuestMatrixChanged',
        data: { mdev: MDEV, ...nothing, domains: [4], effective: { ...nothing, domains: [4] } },
      },
    ];
    expect(await changesBy(open, '2019-v2')).toContainEqual({
      change: 'guestMatrixChanged',
      mdev: MDEV,
      before: null,
      after: { ...nothing, domains: [4] },
    });
    expect(
      await changesBy([...open, { type: 'GuestStopped', data: { mdev: MDEV, guest: 'web' } }], '2019-v2'),
    ).toEqual([]);
  });
});
