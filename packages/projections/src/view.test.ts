/** One moment of a host, made readable; what two moments have to tell of guests that end (the rest: diff.test.ts). */
import { type Fact, pack } from '@apledger/events';
import { HostState } from '@apledger/host';
import { history } from '@apledger/host/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffViews } from './diff.ts';
import { applyFact } from './fold.ts';
import { type HostView, viewOf } from './view.ts';

const MDEV = '62177883-f1bb-47f0-914d-32a22e3a8804';
const FULL = `0x${'f'.repeat(64)}`;
/** Cards 5 and 6, domains 4 and 0x47; 5 is the host's, 6 belongs to guests. */
const HOST: readonly Fact[] = [
  {
    type: 'HostRegistered',
    data: {
      host: 'zt93',
      driver: '7.3',
      hardware: {
        qci: true,
        apxa: true,
        maxAdapter: 255,
        maxDomain: 255,
        adapters: [5, 6],
        domains: [4, 71],
        controlDomains: [],
        cards: [],
      },
      apmask: `0xfd${'f'.repeat(62)}`,
      aqmask: FULL,
      bootParameters: { apmask: null, aqmask: null },
    },
  },
  ...[5, 6].map(
    (adapter): Fact => ({
      type: 'CardDetected',
      data: { adapter, type: 14, mode: 'C', functions: 0, configured: true, checkStopped: false },
    }),
  ),
  {
    type: 'QueueDetected',
    data: { queues: ['05.0004', '05.0047', '06.0004', '06.0047'], configured: true, checkStopped: false },
  },
  { type: 'QueueBound', data: { driver: 'cex4queue', queues: ['05.0004', '05.0047'] } },
  { type: 'QueueBound', data: { driver: 'vfio_ap', queues: ['06.0004'] } },
  { type: 'MdevCreated', data: { mdev: MDEV } },
];
const RUNNING: readonly Fact[] = [
  { type: 'AdapterAssigned', data: { mdev: MDEV, adapters: [6] } },
  { type: 'DomainAssigned', data: { mdev: MDEV, domains: [4, 71] } },
  {
    type: 'GuestMatrixChanged',
    data: { mdev: MDEV, adapters: [6], domains: [4], controlDomains: [], effective: null },
  },
  {
    type: 'GuestStarted',
    data: {
      mdev: MDEV,
      guest: 'linux1',
      attached: true,
      effective: { adapters: [6], domains: [4], controlDomains: [] },
    },
  },
];

function viewAfter(facts: readonly Fact[]): HostView {
  const state = new HostState();
  facts.forEach((fact, revision) => {
    const bytes = pack(fact);
    applyFact(state, {
      bytes,
      offset: 0,
      length: bytes.length,
      revision,
      position: revision + 1,
      occurredAt: 0,
    });
  });
  const view = viewOf('zt93', state);
  if (view === undefined) throw new Error('not registered');
  return view;
}

describe('a host view', () => {
  it('knows of each queue whose it is by the masks, whether it exists, and who has it', () => {
    const view = viewAfter([...HOST, ...RUNNING]);
    const nobody = { assignedTo: [], usableIn: [] };
    expect(view.cell(5, 4)).toEqual({ owner: 'zcrypt', exists: true, boundTo: 'zcrypt', ...nobody });
    const shared = { owner: 'vfio_ap', exists: true, assignedTo: [MDEV] };
    expect(view.cell(6, 4)).toEqual({ ...shared, boundTo: 'vfio_ap', usableIn: [MDEV] });
    expect(view.cell(6, 71)).toEqual({ ...shared, boundTo: null, usableIn: [] });
    expect(view.cell(6, 5)).toEqual({ owner: 'vfio_ap', exists: false, boundTo: null, ...nobody });
    expect(view.cell(7, 4)).toEqual({ owner: 'zcrypt', exists: false, boundTo: null, ...nobody });
    expect([view.adapters, view.domains]).toEqual([
      [5, 6],
      [4, 71],
    ]);
  });

  it('does not change when its host does, and equals its JSON', () => {
    const state = new HostState();
    const apply = (fact: Fact) => {
      const bytes = pack(fact);
      const revision = state.revision + 1;
      applyFact(state, {
        bytes,
        offset: 0,
        length: bytes.length,
        revision,
        position: revision + 1,
        occurredAt: 0,
      });
    };
    for (const fact of [...HOST, ...RUNNING]) apply(fact);
    const view = viewOf('zt93', state);
    const before = JSON.stringify(view);
    apply({ type: 'GuestStopped', data: { mdev: MDEV, guest: 'linux1' } });
    apply({ type: 'MdevRemoved', data: { mdev: MDEV } });
    expect(JSON.stringify(view)).toBe(before);
    expect(view?.cell(6, 4).usableIn).toEqual([MDEV]);
  });
});

describe('the difference of two views', () => {
  const changes = (before: readonly Fact[], more: readonly Fact[]) =>
    diffViews(viewAfter(before), viewAfter([...before, ...more]));

  it('is nothing between a moment and itself', () => {
    fc.assert(
      fc.property(history(), (facts) => {
        const view = viewAfter(facts);
        expect(diffViews(view, viewAfter(facts))).toEqual([]);
        expect(diffViews(undefined, undefined)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('tells the end of a guest with what it lost, and of its mdev', () => {
    expect(
      changes(
        [...HOST, ...RUNNING],
        [
          { type: 'GuestStopped', data: { mdev: MDEV, guest: 'linux1' } },
          { type: 'MdevRemoved', data: { mdev: MDEV } },
        ],
      ),
    ).toEqual([
      { change: 'guestLost', mdev: MDEV, guest: 'linux1', queues: ['06.0004'], controlDomains: [] },
      { change: 'guestStopped', mdev: MDEV, guest: 'linux1' },
      { change: 'mdevGone', mdev: MDEV },
    ]);
  });

  it('tells a blocked removal and what the guest lost by it', () => {
    expect(
      changes(
        [...HOST, ...RUNNING],
        [
          {
            type: 'MdevRemovalBlocked',
            data: { mdev: MDEV, effective: { adapters: [], domains: [], controlDomains: [] } },
          },
        ],
      ),
    ).toEqual([
      { change: 'guestLost', mdev: MDEV, guest: 'linux1', queues: ['06.0004'], controlDomains: [] },
      { change: 'mdevRemovalBlocked', mdev: MDEV },
    ]);
  });
});
