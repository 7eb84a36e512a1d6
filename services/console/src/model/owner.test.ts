import { type Fact, pack } from '@apledger/events';
import { applyFact, gridOf, HostState, type HostView, viewOf } from '@apledger/projections/host';
import { describe, expect, it } from 'vitest';
import { explain, ownerOf } from './owner.ts';
import { proposalsFor, stepsOf } from './proposals.ts';

const A = 'aaaaaaaa-0000-4000-8000-000000000001';
const B = 'bbbbbbbb-0000-4000-8000-000000000002';
const matrix = (adapters: number[], domains: number[]) => ({ adapters, domains, controlDomains: [] });

/** Card 5 is the host's; of card 6, domain 4 is guest web's, 5 assigned to a closed mdev, 6 in nobody's, 7 without a driver. */
const facts: readonly Fact[] = [
  {
    type: 'HostRegistered',
    data: {
      host: 'h',
      driver: '7.3',
      hardware: {
        qci: true,
        apxa: true,
        maxAdapter: 255,
        maxDomain: 255,
        adapters: [5, 6],
        domains: [4, 5, 6, 7],
        controlDomains: [],
        cards: [],
      },
      apmask: `0xfd${'f'.repeat(62)}`,
      aqmask: `0x${'f'.repeat(64)}`,
      bootParameters: { apmask: null, aqmask: null },
    },
  },
  ...[5, 6].map((adapter) => ({
    type: 'CardDetected' as const,
    data: { adapter, type: 14, mode: 'C' as const, functions: 0, configured: true, checkStopped: false },
  })),
  {
    type: 'QueueDetected',
    data: {
      queues: ['05.0004', '06.0004', '06.0005', '06.0006', '06.0007'],
      configured: true,
      checkStopped: false,
    },
  },
  { type: 'QueueBound', data: { driver: 'cex4queue', queues: ['05.0004'] } },
  { type: 'QueueBound', data: { driver: 'vfio_ap', queues: ['06.0004', '06.0005', '06.0006'] } },
  { type: 'MdevCreated', data: { mdev: A } },
  { type: 'AdapterAssigned', data: { mdev: A, adapters: [6] } },
  { type: 'DomainAssigned', data: { mdev: A, domains: [4, 7] } },
  { type: 'GuestMatrixChanged', data: { mdev: A, ...matrix([6], [4]), effective: null } },
  { type: 'GuestStarted', data: { mdev: A, guest: 'web', attached: true, effective: matrix([6], [4]) } },
  { type: 'MdevCreated', data: { mdev: B } },
  { type: 'AdapterAssigned', data: { mdev: B, adapters: [6] } },
  { type: 'DomainAssigned', data: { mdev: B, domains: [5] } },
];

function folded(): { state: HostState; view: HostView } {
  const state = new HostState();
  facts.forEach((fact, revision) => {
    const bytes = pack(fact);
    applyFact(state, {
      revision,
      position: revision + 1,
      occurredAt: 0,
      bytes,
      offset: 0,
      length: bytes.length,
    });
  });
  const view = viewOf('h', state);
  if (view === undefined) throw new Error('the host was registered');
  return { state, view };
}

describe('a cell in words', () => {
  const { state, view } = folded();

  it.each([
    [5, 4, 'host', 'The host itself can use it'],
    [6, 4, 'guest', 'web can use it'],
    [6, 5, 'mdev', 'Assigned to mdev bbbbbbbb, and no guest can use it'],
    [6, 6, 'nobody', 'Nobody can use it'],
    [6, 7, 'mdev', 'Assigned to mdev aaaaaaaa, and no guest can use it'],
    [9, 9, 'absent', 'There is no such queue'],
  ])('%d.%d is of the class %s', (apid, apqi, owner, headline) => {
    expect(explain(view, apid, apqi)).toMatchObject({ owner, headline });
  });

  it('says why: the driver, the masks, the mdev, and what the driver left out', () => {
    expect(explain(view, 6, 7).reasons).toEqual([
      'The queue exists, and no driver is bound to it.',
      'apmask and aqmask leave it to guests.',
      `It is in the matrix of mdev ${A}, which web has open, but the driver left domain 0007 out of its guest matrix.`,
    ]);
  });

  it('has the class that its colour says, in every cell', () => {
    const codes = gridOf(state);
    const wrong = codes.findIndex((code, at) => ownerOf(code) !== explain(view, at >>> 8, at & 255).owner);
    expect(wrong).toBe(-1);
  });
});

describe('proposals', () => {
  const { view } = folded();

  it('take away what is there and give what is not', () => {
    const steps = proposalsFor(view, { apid: 6, apqi: 4 }).map(({ step }) => step);
    expect(steps).toContain(`echo 0x04 > /sys/devices/vfio_ap/matrix/${A}/unassign_domain`);
    expect(steps).toContain(`echo 0x04 > /sys/devices/vfio_ap/matrix/${B}/assign_domain`);
    expect(steps).toContain('echo +0x06 > /sys/bus/ap/apmask');
    expect(steps).toContain('echo -0x04 > /sys/bus/ap/aqmask');
    expect(steps).toContain('card 06 config=0');
    expect(steps).toContain('guest stop web');
    expect(steps).not.toContain(`echo 0x06 > /sys/devices/vfio_ap/matrix/${B}/assign_adapter`);
  });

  it('are read line by line, comments left out', () => {
    expect(stepsOf('  scan \n\n# later\ncard 06 config=0')).toEqual(['scan', 'card 06 config=0']);
  });
});
