/** Linux 5.10 against what came later: driver-rules-older, section by section. */
import { describe, expect, it } from 'vitest';
import {
  A,
  apmask,
  assignAdapter,
  assignControlDomain,
  assignDomain,
  B,
  bind,
  bring,
  cardConfig,
  checkStop,
  create,
  fault,
  hardware,
  mdevWith,
  migrate,
  remove,
  resetDevice,
  scan,
  start,
  stop,
  unassignAdapter,
  unbind,
} from './test-support.ts';

const old = () => bring('5.10');

describe('what a 5.10 mdev can get', () => {
  it.each([
    ['an adapter of the host`s', assignAdapter(A, 4), '04.0004'],
    ['an adapter of which one queue is bound to nobody', assignAdapter(A, 6), '06.0004'],
  ])('is not %s', (_what, commands, queue) => {
    const host = old().run(...mdevWith(A, [5], [4]), unbind('06.0004'));
    expect(commands.map((command) => host.tries(command))).toMatchObject([
      { errno: 'EADDRNOTAVAIL', conflicts: [{ queue }] },
    ]);
    expect(host.matrix(A)).toEqual(['05.0004']);
  });

  it('is, into an empty mdev, an adapter or domain with any queue that is bound', () => {
    const host = old().run(create(A), unbind('06.0004'), ...assignAdapter(A, 6));
    expect(host.matrix(A)).toEqual(['06.']);
    expect(host.run(unbind('06.0047')).errno(...one(assignAdapter(A, 6)))).toBe('EADDRNOTAVAIL');
    expect(host.run(create(B)).errno(...one(assignDomain(B, 9)))).toBe('EADDRNOTAVAIL');
    expect(host.run(...assignDomain(B, 4)).matrix(B)).toEqual(['.0004']);
  });

  it('is checked again when it is assigned again, and stays assigned when that fails', () => {
    const host = old().run(...mdevWith(A, [5], [4]), apmask('+5'));
    expect(host.errno(...one(assignAdapter(A, 5)))).toBe('EADDRNOTAVAIL');
    expect(host.matrix(A)).toEqual(['05.0004']);
  });

  it('is not checked for queues that were assigned before', () => {
    const host = old().run(...mdevWith(A, [5], [4]), unbind('05.0004'), ...assignDomain(A, 0x47));
    expect(host.matrix(A)).toEqual(['05.0004', '05.0047']);
  });

  it('is nothing that another mdev has', () => {
    const host = old().run(...mdevWith(A, [5], [4]), create(B), ...assignAdapter(B, 5));
    expect(host.errno(...one(assignDomain(B, 4)))).toBe('EADDRINUSE');
  });
});

describe('a 5.10 guest', () => {
  it('freezes the matrix of its mdev, whatever is written', () => {
    const host = old().run(...mdevWith(A, [5], [4]), start(A));
    const writes = [
      ...assignAdapter(A, 6, 'x'),
      ...unassignAdapter(A, 5, 300),
      ...assignControlDomain(A, 4),
      ...assignAdapter(A, '1'.repeat(30)),
    ];
    expect(new Set(writes.map((write) => host.errno(write)))).toEqual(new Set(['EBUSY']));
    expect(host.errno(...one(assignAdapter(A, '')))).toBeUndefined();
    expect(host.run(stop(A), ...assignAdapter(A, 6)).matrix(A)).toEqual(['05.0004', '06.0004']);
  });

  it('keeps what the host took, and shares it with the host', () => {
    const host = old().run(...mdevWith(A, [5], [4]), start(A), apmask('+5'));
    expect(host.driver('05.0004')).toBe('cex4queue');
    expect(host.usable(A)).toEqual(['05.0004']);
    expect(host.guestMatrix(A)).toBeNull();
  });

  it('keeps what was unbound, deconfigured or left the host, too', () => {
    const host = old().run(...mdevWith(A, [5, 6], [4]), start(A), unbind('05.0004'), cardConfig(6, '0'));
    host.run(hardware({ adapters: [4] }), scan);
    expect(host.usable(A)).toEqual(['05.0004', '06.0004']);
    expect(host.run(stop(A)).resets).toEqual([]);
  });

  it('gets all that is assigned, control domains that the host lacks included', () => {
    const host = old().run(...mdevWith(A, [5], [4]), ...assignControlDomain(A, 200), unbind('05.0004'));
    host.run(start(A));
    expect(host.mdev(A).effective).toEqual(host.mdev(A).assigned);
  });

  it('without KVM, or with another mdev, opens and gets nothing; its mdev is not frozen', () => {
    const host = old().run(...mdevWith(A, [5], [4]), ...mdevWith(B, [6], [4]));
    host.run(start(A, 'web'), start(B, 'web'), ...assignDomain(B, 0x47));
    expect(host.usable(B)).toBeNull();
    expect(host.run(stop(B), start(B, null)).usable(B)).toBeNull();
    expect(host.errno(start(B))).toBe('EBUSY');
    expect(host.run(stop(B)).resets).toEqual([]);
  });

  it('cannot move to another host, and cannot give its adapters up before', () => {
    const host = old().run(...mdevWith(A, [5], [4]), start(A));
    expect(host.tries(migrate(A))).toMatchObject({ errno: 'EBUSY', remedy: expect.stringMatching(/^Stop/) });
  });

  it('plugs its adapters at the start and unplugs them at the end', () => {
    const host = old().run(...mdevWith(A, [5], [4]), start(A));
    expect(host.mdev(A).plug.get(5)).toBe('plugged');
    expect(host.run(stop(A)).mdev(A).plug.get(5)).toBe('unplugged');
  });
});

describe('a reset in 5.10', () => {
  it.each([
    ['in progress once', [2], undefined, ['05.0004', '05.0004=2']],
    ['in progress twice', [2, 2], 'EBUSY', ['05.0004=2', '05.0004=2']],
    ['busy', [5], 'EIO', ['05.0004=5']],
    ['deconfigured', [3], 'EBUSY', ['05.0004=3']],
    ['not available', [1], 'EBUSY', ['05.0004=1']],
  ] as const)('that answers %s', (_what, codes, errno, resets) => {
    const host = old().run(...mdevWith(A, [5], [4]), start(A), fault('05.0004', ...codes));
    expect(host.errno(resetDevice(A))).toBe(errno);
    expect([...host.resets].sort()).toEqual(resets);
  });

  it('reports the last queue that failed', () => {
    const host = old().run(...mdevWith(A, [5, 6], [4]), start(A), fault('05.0004', 5), fault('06.0004', 1));
    expect(host.errno(resetDevice(A))).toBe('EBUSY');
    host.run(fault('05.0004', 1), fault('06.0004', 5));
    expect(host.errno(resetDevice(A))).toBe('EIO');
  });
});

describe('the removal of an open 5.10 mdev', () => {
  it('waits and takes nothing from the guest; a second open is EBUSY', () => {
    const host = old().run(...mdevWith(A, [5], [4]), start(A), remove(A));
    expect(host.last.isBlocked).toBe(true);
    expect(host.usable(A)).toEqual(['05.0004']);
    expect(host.errno(start(A, 'db'))).toBe('EBUSY');
    expect(host.run(stop(A)).state.mdevs.size).toBe(0);
  });

  it('waits for a process that is no KVM guest, too', () => {
    expect(old().run(create(A), start(A, null), remove(A)).last.isBlocked).toBe(true);
  });
});

describe('the 5.10 bus', () => {
  it('has no flag for check-stopped cards, and does not say when all queues are bound', () => {
    const host = old().run(checkStop(5), scan);
    expect(host.state.cards.get(5)?.checkStopped).toBe(false);
    host.run(unbind('05.0004'), bind('05.0004'), scan);
    expect(host.facts('BindingsCompleted')).toEqual([]);
  });

  it('calls a second bind ENODEV', () => {
    expect(old().errno(bind('05.0004'))).toBe('ENODEV');
  });

  it('needs QCI to make devices of cards that are newer than itself', () => {
    const machine = { qci: false, apxa: false, domains: [4, 5] };
    expect(bring('5.10', machine).state.cards.size).toBe(0);
    const cards = [4, 5, 6].map((adapter) => ({ adapter, type: 13, mode: 'C' as const }));
    expect(bring('5.10', { ...machine, cards }).state.cards.size).toBe(3);
  });
});

describe.each(['5.10', '6.1'] as const)('a CEX3 in %s', (generation) => {
  const cex3 = () => bring(generation, { cards: [{ adapter: 4, type: 9, mode: 'C' }] });

  it('belongs to a driver of its own while it is the host`s, and to none otherwise', () => {
    const host = cex3();
    expect(host.driver('04.0004')).toBe('cex2cqueue');
    host.run(apmask('-4'));
    expect(host.driver('04.0004')).toBeNull();
    expect(host.errno(bind('04.0004'))).toBe('ENODEV');
    expect(host.errno({ type: 'BindQueue', driver: 'cex4queue', text: '04.0004' })).toBe('ENODEV');
  });

  it('of an accelerator has yet another', () => {
    const host = bring(generation, { cards: [{ adapter: 4, type: 8, mode: 'A' }] });
    expect(host.driver('04.0004')).toBe('cex2aqueue');
  });
});

/** The one command of a list. */
const one = <T>([only]: readonly T[]): [T] => {
  if (only === undefined) throw new Error('no command');
  return [only];
};
