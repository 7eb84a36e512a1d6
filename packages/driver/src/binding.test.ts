/** Queues come to vfio_ap and leave it, by hand and by override: driver-rules 2, 4.2, 6.4 and 6.5. */

import { formatMask } from '@apledger/ap';
import { describe, expect, it } from 'vitest';
import { rulesOf } from './index.ts';
import {
  A,
  apmask,
  aqmask,
  assignAdapter,
  assignDomain,
  bind,
  bring,
  create,
  GENERATIONS,
  MAINLINE,
  mdevWith,
  override,
  probe,
  start,
  unassignDomain,
  unbind,
} from './test-support.ts';

describe.each(GENERATIONS)('bind and unbind in %s', (generation) => {
  it('take a name, with or without newline', () => {
    const host = bring(generation).run(unbind('05.0004\n'), bind('05.0004\n'));
    expect(host.driver('05.0004')).toBe('vfio_ap');
    expect(host.run(bind(''), unbind('')).last.facts).toMatchObject([{ type: 'CommandHadNoEffect' }]);
  });

  it('know no such device: ENODEV', () => {
    const host = bring(generation);
    for (const text of ['09.0004', 'card05', '5.4', '05.0004\n\n', ' 05.0004', '\n']) {
      expect([text, host.errno(unbind(text))]).toEqual([text, 'ENODEV']);
      expect([text, host.errno(bind(text))]).toEqual([text, 'ENODEV']);
    }
  });

  it('unbind is ENODEV from a driver that does not have the queue, and says who has it', () => {
    const host = bring(generation).run(unbind('05.0047'));
    expect(host.tries(unbind('05.0004', 'cex4queue'))).toMatchObject({
      errno: 'ENODEV',
      explanation: expect.stringContaining('vfio_ap'),
    });
    expect(host.tries(unbind('05.0047'))).toMatchObject({
      errno: 'ENODEV',
      explanation: expect.stringContaining('no driver'),
    });
  });

  it(`bind is ${rulesOf(generation).errnos.alreadyBound} when some driver has the queue, and names it`, () => {
    const host = bring(generation);
    expect(host.tries(bind('05.0004'))).toMatchObject({
      errno: rulesOf(generation).errnos.alreadyBound,
      conflicts: [{ queue: '05.0004', holder: 'vfio_ap' }],
    });
    expect(host.tries(bind('04.0004'))).toMatchObject({
      errno: rulesOf(generation).errnos.alreadyBound,
      conflicts: [{ queue: '04.0004', holder: 'cex4queue' }],
    });
  });

  it('bind is ENODEV where the masks give the queue to the other driver', () => {
    const host = bring(generation).run(unbind('05.0004'), unbind('04.0004', 'cex4queue'));
    expect(host.tries(bind('05.0004', 'cex4queue'))).toMatchObject({
      errno: 'ENODEV',
      remedy: expect.stringContaining('apmask'),
    });
    expect(host.errno(bind('04.0004', 'vfio_ap'))).toBe('ENODEV');
    expect(host.run(bind('04.0004', 'cex4queue')).driver('04.0004')).toBe('cex4queue');
  });

  it('drivers_probe offers an unbound queue to whom it belongs, and is content with everything else that exists', () => {
    const host = bring(generation).run(unbind('05.0004'), probe('05.0004'));
    expect(host.driver('05.0004')).toBe('vfio_ap');
    expect(host.run(probe('05.0004'), probe('card05\n'), probe('')).last.facts).toMatchObject([
      { type: 'CommandHadNoEffect' },
    ]);
    expect(host.errno(probe('09.0004'))).toBe('ENODEV');
    expect(host.errno(probe('card09'))).toBe('ENODEV');
  });

  it('an unbound queue is reset by the bus once more, after the driver let go', () => {
    const host = bring(generation).run(unbind('05.0004'));
    expect(host.facts('QueueReset').map(({ by }) => by)).toEqual(['vfio_ap', 'bus']);
    expect(host.story.at(-1)).toBe('QueueUnbound');
  });
});

describe.each(MAINLINE)('a queue in the matrix of a guest in %s', (generation) => {
  it('is plugged in once all queues of its adapter are bound to vfio_ap', () => {
    const host = bring(generation).run(
      ...mdevWith(A, [5], [4, 0x47]),
      unbind('05.0004'),
      unbind('05.0047'),
      start(A),
    );
    expect(host.usable(A)).toEqual(['.0004', '.0047']);
    expect(host.run(bind('05.0004')).usable(A)).toEqual(['.0004', '.0047']);
    expect(host.run(bind('05.0047')).usable(A)).toEqual(['05.0004', '05.0047']);
  });

  it('brings along any other adapter that became eligible meanwhile', () => {
    const host = bring(generation).run(
      ...mdevWith(A, [5, 6], [4, 0x47]),
      unbind('05.0047'),
      ...unassignDomain(A, 0x47),
    );
    expect(host.guestMatrix(A)).toEqual(['06.0004']);
    host.run(unbind('06.0004'), bind('06.0004'));
    expect(host.guestMatrix(A)).toEqual(['05.0004', '06.0004']);
  });

  it('takes its whole adapter with it, resets the adapter`s queues, and leaves the domains', () => {
    const host = bring(generation).run(...mdevWith(A, [5], [4, 0x47]), start(A), unbind('05.0004'));
    expect(host.story.slice(0, 2)).toEqual(['GuestMatrixChanged', 'QueueReset']);
    expect(host.resets).toEqual(['05.0004', '05.0047']);
    expect(host.usable(A)).toEqual(['.0004', '.0047']);
    expect(host.driver('05.0047')).toBe('vfio_ap');
  });

  it('that no guest sees is reset alone, and not at all where vfio_ap knows no host configuration', () => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), start(A), unbind('05.0047'));
    expect(host.resets).toEqual(['05.0047']);
    expect(host.usable(A)).toEqual(['05.0004']);
    const withoutQci = bring(generation, { qci: false, domains: [4] }).run(
      ...mdevWith(A, [5], [4]),
      start(A),
    );
    expect(withoutQci.usable(A)).toEqual([]);
    expect(withoutQci.run(unbind('05.0004')).resets).toEqual([]);
    expect(withoutQci.facts('QueueReset')).toHaveLength(1);
  });
});

describe('driver_override', () => {
  const free = () => bring('7.3', { apmask: null });

  it.each(['2019-v2', '6.12'] as const)('is not there in %s: ENOENT', (generation) => {
    expect(bring(generation, { apmask: null }).errno(override('05.0004', 'vfio_ap'))).toBe('ENOENT');
  });

  it('needs both masks to be all ones: EINVAL', () => {
    expect(bring('7.3').tries(override('05.0004', 'vfio_ap'))).toMatchObject({
      errno: 'EINVAL',
      remedy: expect.stringContaining('all ones'),
    });
    expect(bring('7.3', { apmask: null, aqmask: '+0-254' }).errno(override('05.0004', 'vfio_ap'))).toBe(
      'EINVAL',
    );
    expect(free().errno(override('09.0004', 'vfio_ap'))).toBe('ENOENT');
  });

  it('only stores the name, up to the first newline; an empty name clears it', () => {
    const host = free().run(override('05.0004', 'vfio_ap\nrest'));
    expect(host.facts('DriverOverrideChanged')).toEqual([{ queue: '05.0004', driver: 'vfio_ap' }]);
    expect(host.driver('05.0004')).toBe('cex4queue');
    expect(host.run(override('05.0004', 'vfio_ap'), override('05.0004', '')).last.facts).toMatchObject([
      { type: 'CommandHadNoEffect' },
    ]);
    expect(host.run(override('05.0004', '\n')).facts('DriverOverrideChanged')).toEqual([
      { queue: '05.0004', driver: null },
    ]);
  });

  it('moves the queue by unbind and probe, whatever the masks say', () => {
    const host = free().run(override('05.0004', 'vfio_ap'), unbind('05.0004', 'cex4queue'), probe('05.0004'));
    expect(host.driver('05.0004')).toBe('vfio_ap');
    expect(host.run(create(A), ...assignAdapter(A, 5), ...assignDomain(A, 4)).guestMatrix(A)).toEqual([
      '05.0004',
    ]);
  });

  it('lets no other driver bind, and none at all when it names nobody', () => {
    const host = free().run(override('05.0004', 'none'), unbind('05.0004', 'cex4queue'), probe('05.0004'));
    expect(host.driver('05.0004')).toBeNull();
    expect(host.tries(bind('05.0004', 'cex4queue'))).toMatchObject({
      errno: 'ENODEV',
      explanation: expect.stringContaining('none'),
    });
    expect(host.errno(bind('05.0004'))).toBe('ENODEV');
  });

  it('forbids mask writes while any is there: EINVAL before the text is read, and names the queue', () => {
    const host = free().run(override('05.0004', 'vfio_ap'));
    const refusal = host.tries(apmask('-5'));
    expect(refusal).toMatchObject({
      errno: 'EINVAL',
      conflicts: [{ queue: '05.0004', holder: 'driver_override' }],
    });
    expect(host.errno(aqmask(formatMask(host.state.aqmask)))).toBe('EINVAL');
    expect(host.errno(apmask(''))).toBeUndefined();
    expect(host.run(override('05.0004', '\n')).errno(apmask('-5'))).toBeUndefined();
  });

  it('gives a queue to vfio_ap only as long as it is bound: unbound, it is still the host`s', () => {
    const host = free().run(
      override('05.0004', 'vfio_ap'),
      unbind('05.0004', 'cex4queue'),
      create(A),
      ...assignDomain(A, 4),
    );
    expect(host.tries({ type: 'AssignAdapter', mdev: A, text: '5' })).toMatchObject({
      errno: 'EADDRNOTAVAIL',
      conflicts: [{ queue: '05.0004', holder: 'the host (reserved, bound to no driver)' }],
      remedy: expect.stringContaining('driver_override'),
    });
    expect(host.run(bind('05.0004')).errno({ type: 'AssignAdapter', mdev: A, text: '5' })).toBeUndefined();
  });

  it('gives a queue to the host when its driver is zcrypt, though the override says vfio_ap', () => {
    const host = free().run(override('05.0004', 'vfio_ap'), create(A), ...assignDomain(A, 4));
    expect(host.errno({ type: 'AssignAdapter', mdev: A, text: '5' })).toBe('EADDRNOTAVAIL');
  });

  it('once cleared is a trap: the queue stays, every new assignment fails, and any mask write takes it away', () => {
    const host = free().run(override('05.0004', 'vfio_ap'), unbind('05.0004', 'cex4queue'), bind('05.0004'));
    host.run(...mdevWith(A, [5], [4]), start(A), override('05.0004', '\n'));
    expect(host.usable(A)).toEqual(['05.0004']);
    expect(host.errno({ type: 'AssignControlDomain', mdev: A, text: '4' })).toBeUndefined();
    expect(host.tries({ type: 'AssignAdapter', mdev: A, text: '200' })).toMatchObject({
      errno: 'EADDRNOTAVAIL',
      conflicts: [{ queue: '05.0004', holder: 'the host (bound to vfio_ap)' }, { queue: 'c8.0004' }],
    });
    host.run(apmask('-255'));
    expect(host.driver('05.0004')).toBe('cex4queue');
    expect(host.usable(A)).toEqual(['.0004']);
    expect(host.resets).toEqual(['05.0004']);
  });
});
