/** What an observer concludes from two views and what watches told in between. */
import { EMPTY_MASK, maskOf } from '@apledger/ap';
import type { Command, Fact } from '@apledger/events';
import { explain, type Snapshot } from '@apledger/observe';
import { beforeEach, describe, expect, it } from 'vitest';
import { Pair, snapshotOf } from './simulated.ts';

const A = '11111111-1111-4111-8111-111111111111';
const B = '22222222-2222-4222-8222-222222222222';
const MATRIX = 'devices/vfio_ap/matrix';
const CREATE = `${MATRIX}/mdev_supported_types/vfio_ap-passthrough/create`;
const at = '2026-11-26T20:00:00.000Z';
const hint = (file: string) => ({ file, at });
const kinds = (facts: readonly Fact[]) => facts.map(({ type }) => type);

let pair: Pair;
const give = (...commands: Command[]) => commands.map((command) => pair.command(command));
const assign = (mdev: string, adapter: number, domain: number): Command[] => [
  { type: 'AssignAdapter', mdev, text: String(adapter) },
  { type: 'AssignDomain', mdev, text: String(domain) },
];

beforeEach(() => {
  pair = new Pair();
  give(
    {
      type: 'RegisterHost',
      host: 'h',
      driver: '7.3',
      hardware: {
        qci: true,
        apxa: true,
        maxAdapter: 255,
        maxDomain: 255,
        adapters: [5, 6],
        domains: [4, 5],
        controlDomains: [4],
        cards: [],
      },
      boot: { apmask: null, aqmask: null },
    },
    { type: 'WriteMask', mask: 'apmask', text: '-5,-6' },
    { type: 'CreateMdev', text: A },
    { type: 'CreateMdev', text: B },
    ...assign(A, 5, 4),
  );
  pair.look();
});

/** The host as it is, with A open as this guest. */
const openedBy = (guest: string | null): Snapshot => {
  const seen = snapshotOf(pair.actual);
  const evidence = { source: 'status', text: 'a queue is in use' } as const;
  const use = { guest, source: 'status', fromStart: true, evidence } as const;
  return { ...seen, guests: { ...seen.guests, uses: new Map([[A, use]]) } };
};

describe('a guest that nothing names', () => {
  const seen = (guest: string | null) => {
    const { state, steps } = explain(pair.observed ?? pair.actual, openedBy(guest), {
      hints: [],
      sentUevents: false,
    });
    pair.observed = state;
    return steps.flatMap(({ facts }) => facts);
  };
  beforeEach(() => {
    give({ type: 'StartGuest', mdev: A, guest: 'web' });
  });

  it('is a KVM guest all the same: the driver lets nobody else in', () => {
    const facts = seen(null);
    expect(facts).toContainEqual(
      expect.objectContaining({
        type: 'GuestStarted',
        data: expect.objectContaining({ guest: `unnamed-${A}`, attached: true }),
      }),
    );
    expect(kinds(facts)).not.toContain('DriftDetected');
    expect(pair.observed?.mdevs.get(A)?.attached).toBe(true);
  });

  it('is the same when something names it later, and when nothing does any more', () => {
    seen(null);
    expect(seen('web')).toEqual([]);
    expect(seen(null)).toEqual([]);
  });
});

describe('changes that were seen together', () => {
  it('are put into an order that the rules allow: a queue goes from one mdev to another', () => {
    give({ type: 'UnassignAdapter', mdev: A, text: '5' }, ...assign(B, 5, 4));
    expect(kinds(pair.look()).filter((type) => /Assigned|Unassigned/.test(type))).toEqual([
      'AdapterUnassigned',
      'AdapterAssigned',
      'DomainAssigned',
    ]);
    expect(pair.differences()).toEqual([]);
    expect(kinds(pair.seen)).not.toContain('DriftDetected');
  });

  it('of masks and mdevs: given back to the host only after they were taken from the mdev', () => {
    give({ type: 'UnassignAdapter', mdev: A, text: '5' }, { type: 'WriteMask', mask: 'apmask', text: '+5' });
    const facts = kinds(pair.look());
    expect(facts.indexOf('AdapterUnassigned')).toBeLessThan(facts.indexOf('MaskChanged'));
    expect(facts).toContain('QueueReset');
    expect(pair.differences()).toEqual([]);
  });

  it('are taken in the order in which watches fired', () => {
    give({ type: 'AssignDomain', mdev: B, text: '5' }, { type: 'AssignAdapter', mdev: B, text: '6' });
    const files = [`${MATRIX}/${B}/assign_domain`, `${MATRIX}/${B}/assign_adapter`];
    expect(kinds(pair.look(files.map(hint)))).toEqual([
      'DomainAssigned',
      'GuestMatrixChanged',
      'AdapterAssigned',
      'GuestMatrixChanged',
    ]);
  });

  it('of an mdev that went and came back with the same name: it was another one', () => {
    give({ type: 'RemoveMdev', mdev: A, text: '1' }, { type: 'CreateMdev', text: A }, ...assign(A, 5, 4));
    const facts = kinds(pair.look([], { recreated: new Set([A]) }));
    expect(facts.indexOf('MdevRemoved')).toBeLessThan(facts.indexOf('MdevCreated'));
    expect(pair.differences()).toEqual([]);
  });
});

describe('a write that changed nothing', () => {
  it('is said, with its file', () => {
    give({ type: 'AssignAdapter', mdev: B, text: '999' });
    const file = `${MATRIX}/${B}/assign_adapter`;
    expect(pair.look([hint(file), hint(file)])).toEqual([{ type: 'WriteAttempted', data: { file } }]);
  });

  it('is not said of a file that did something', () => {
    give({ type: 'AssignAdapter', mdev: B, text: '6' });
    expect(kinds(pair.look([hint(`${MATRIX}/${B}/assign_adapter`)]))).not.toContain('WriteAttempted');
  });

  it('may have been undone between two looks: that is said instead', () => {
    give({ type: 'AssignAdapter', mdev: B, text: '6' }, { type: 'UnassignAdapter', mdev: B, text: '6' });
    const files = [`${MATRIX}/${B}/assign_adapter`, `${MATRIX}/${B}/unassign_adapter`];
    expect(kinds(pair.look(files.map(hint)))).toEqual(['ObservationIncomplete', 'ObservationIncomplete']);
  });

  it('may have made an mdev that came and went: the kernel has sent uevents', () => {
    expect(pair.look([hint(CREATE)], { sentUevents: true })).toEqual([
      {
        type: 'ObservationIncomplete',
        data: { what: CREATE, reason: expect.stringContaining('come and gone') },
      },
    ]);
    expect(kinds(pair.look([hint(CREATE)]))).toEqual(['WriteAttempted']);
  });
});

describe('a host that does not do as the rules say', () => {
  const seenWith = (change: (host: Snapshot['host']) => Partial<Snapshot['host']>): Partial<Snapshot> => {
    const { host } = snapshotOf(pair.actual);
    return { host: { ...host, ...change(host) } };
  };

  it('has another guest matrix: both, and the step after which they differ', () => {
    give({ type: 'AssignDomain', mdev: A, text: '5' });
    const emptied = seenWith(({ mdevs = [] }) => ({
      mdevs: mdevs.map((mdev) =>
        mdev.uuid === A ? { ...mdev, guestMatrix: { adapters: EMPTY_MASK, domains: maskOf([4]) } } : mdev,
      ),
    }));
    const facts = pair.look([], emptied);
    expect(facts.at(-1)).toEqual({
      type: 'DriftDetected',
      data: {
        step: `0x0005 to assign_domain of mdev ${A}`,
        what: 'guest matrix',
        mdev: A,
        predicted: '05.0004 05.0005',
        actual: '.0004',
      },
    });
    expect(kinds(facts)).toContain('GuestMatrixChanged');
    expect(pair.look([], emptied)).toEqual([]); // once
  });

  it('keeps queues where the masks do not let them be: one drift for all of them', () => {
    const { host } = snapshotOf(pair.actual);
    give({ type: 'UnassignAdapter', mdev: A, text: '5' }, { type: 'WriteMask', mask: 'apmask', text: '+5' });
    const facts = pair.look([], { host: { ...snapshotOf(pair.actual).host, queues: host.queues } });
    const drifts = facts.filter(({ type }) => type === 'DriftDetected');
    expect(drifts).toHaveLength(1);
    expect(drifts[0]?.data).toMatchObject({ what: 'queues 05.0004, 05.0005', actual: 'vfio_ap' });
    expect(pair.look([], { host: { ...snapshotOf(pair.actual).host, queues: host.queues } })).toEqual([]);
  });

  it('has two mdevs with one queue: the refusal of the rules is part of what is said', () => {
    const shared = seenWith(({ mdevs = [] }) => ({
      mdevs: mdevs.map((mdev) =>
        mdev.uuid === B ? { ...mdevs.find(({ uuid }) => uuid === A), uuid: B } : mdev,
      ),
    }));
    const [drift] = pair.look([], shared).filter(({ type }) => type === 'DriftDetected');
    expect(JSON.stringify(drift?.data)).toContain('EADDRINUSE');
  });

  it('is not judged while it moves', () => {
    const moving = seenWith(() => ({
      queues: snapshotOf(pair.actual).host.queues.map((queue) => ({ ...queue, driver: 'cex4queue' })),
    }));
    expect(kinds(pair.look([], { ...moving, settled: false }))).not.toContain('DriftDetected');
  });
});

it('takes a driver that no fact can name as something that cannot be said, and comes to an end', () => {
  const { host } = snapshotOf(pair.actual);
  const foreign = { ...host, queues: host.queues.map((queue) => ({ ...queue, driver: 'foreign' })) };
  expect(kinds(pair.look([], { host: foreign }))).toEqual([]);
});
