/** Writes to apmask and aqmask, and the masks on the kernel command line: driver-rules 2 and 3. */
import { EMPTY_MASK, equals, FULL_MASK, formatMask, idsOf, maskOf, maskOfRange } from '@apledger/ap';
import { describe, expect, it, test } from 'vitest';
import {
  A,
  apmask,
  aqmask,
  assignAdapter,
  assignDomain,
  B,
  bring,
  create,
  GENERATIONS,
  MAINLINE,
  mdevWith,
  start,
  unbind,
} from './test-support.ts';

describe.each(GENERATIONS)('a write to apmask in %s', (generation) => {
  it('of nothing does nothing, of a newline clears the mask', () => {
    const host = bring(generation, { apmask: null });
    expect(host.run(apmask('')).last.facts).toMatchObject([{ type: 'CommandHadNoEffect' }]);
    host.run(apmask('\n'));
    expect(equals(host.state.apmask, EMPTY_MASK)).toBe(true);
    expect(host.driver('04.0004')).toBe('vfio_ap');
  });

  it('that leaves the mask as it is has no effect at all', () => {
    const host = bring(generation);
    expect(host.run(apmask('+4,-5'), apmask(formatMask(host.state.apmask))).last.facts).toMatchObject([
      { type: 'CommandHadNoEffect' },
    ]);
  });

  it('that cannot be parsed changes nothing, and shows the forms', () => {
    const host = bring(generation);
    expect(host.tries(apmask('+1,+300'))).toMatchObject({
      errno: 'EINVAL',
      remedy: expect.stringContaining('+5'),
    });
    expect(host.story).toEqual(['CommandRejected']);
  });

  it('moves the queues that are on the wrong side, card by card, domain by domain', () => {
    const host = bring(generation).run(apmask('+5,-4'));
    expect(host.facts('MaskChanged')).toEqual([
      { mask: 'apmask', value: formatMask(host.state.apmask), written: '+5,-4' },
    ]);
    expect(host.facts('QueueBound')).toEqual([
      { driver: 'vfio_ap', queues: ['04.0004', '04.0047'] },
      { driver: 'cex4queue', queues: ['05.0004', '05.0047'] },
    ]);
    expect(['04.0004', '05.0004', '06.0004'].map((name) => host.driver(name))).toEqual([
      'vfio_ap',
      'cex4queue',
      'vfio_ap',
    ]);
  });

  it('resets every queue that it moves before the next driver has it', () => {
    const host = bring(generation).run(apmask('+5'));
    expect(host.story).toEqual(['MaskChanged', 'QueueReset', 'QueueReset', 'QueueUnbound', 'QueueBound']);
    expect(host.facts('QueueReset').map(({ by }) => by)).toEqual(['vfio_ap', 'bus']);
  });

  it('leaves a queue alone that has no driver', () => {
    const host = bring(generation).run(unbind('05.0004'), apmask('+5'));
    expect([host.driver('05.0004'), host.driver('05.0047')]).toEqual([null, 'cex4queue']);
  });

  it('may always take bits away, also while a guest runs', () => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), start(A));
    expect(host.errno(apmask('-4,-7'))).toBeUndefined();
    expect(host.errno(aqmask('0x'))).toBeUndefined();
    expect(host.usable(A)).toEqual(['05.0004']);
  });
});

describe('an aqmask that reserves a domain', () => {
  it('leaves everything to vfio_ap that apmask does not reserve', () => {
    const host = bring('7.3', { apmask: null }).run(aqmask('-0x47'));
    expect([host.driver('04.0004'), host.driver('04.0047')]).toEqual(['cex4queue', 'vfio_ap']);
  });
});

describe('taking something from an mdev', () => {
  /** 05.0004 belongs to A; domain 0x47 and adapter 6 are for guests, too. */
  const owned = (generation: '6.12' | '7.3') =>
    bring(generation, { aqmask: '+0-255,-4,-0x47' }).run(...mdevWith(A, [5], [4]));

  it.each(MAINLINE)(
    'is EBUSY in %s, names each APQN with its mdev and guest, and how to go on',
    (generation) => {
      const host = bring(generation).run(...mdevWith(A, [5], [4, 0x47]), start(A, 'sles'));
      const refusal = host.tries(apmask('+5'));
      expect(refusal).toMatchObject({
        errno: 'EBUSY',
        conflicts: [
          { queue: '05.0004', holder: `mdev ${A} (guest sles)` },
          { queue: '05.0047', holder: `mdev ${A} (guest sles)` },
        ],
      });
      expect(refusal?.explanation).toContain('05.0004, 05.0047');
      expect(refusal?.remedy).toContain(`Unassign them from mdev ${A}`);
      expect(host.driver('05.0004')).toBe('vfio_ap');
    },
  );

  it('is refused in 7.3 even when aqmask keeps the APQN from the host', () => {
    expect(owned('7.3').errno(apmask('+5'))).toBe('EBUSY');
    expect(
      bring('7.3')
        .run(aqmask('-4'), ...mdevWith(A, [5], [4]))
        .errno(aqmask('+4')),
    ).toBe('EBUSY');
  });

  it('in 2019-v2 takes numbers modulo 2^32', () => {
    const host = bring('2019-v2').run(apmask('+4294967301'));
    expect(host.driver('05.0004')).toBe('cex4queue');
    expect(bring('5.10').errno(apmask('+4294967301'))).toBe('EINVAL');
  });

  it('is refused in 6.12 only when the APQN would really become the host`s', () => {
    const host = owned('6.12').run(apmask('+5'));
    expect(host.driver('05.0004')).toBe('vfio_ap');
    expect(host.errno(aqmask('+4'))).toBe('EBUSY');
    expect(
      bring('6.12')
        .run(aqmask('-4'), ...mdevWith(A, [5], [4]))
        .errno(aqmask('+4')),
    ).toBeUndefined();
  });

  it.each(MAINLINE)('does not depend on a guest, nor on queues that exist, in %s', (generation) => {
    const host = bring(generation).run(...mdevWith(A, [5], [200]));
    expect(host.errno(apmask('+5'))).toBe('EBUSY');
  });

  it.each(MAINLINE)('goes by the matrix, not by what the guest got, in %s', (generation) => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), unbind('05.0004'), start(A));
    expect(host.usable(A)).toEqual(['.0004']);
    expect(host.errno(apmask('+5'))).toBe('EBUSY');
  });

  it.each(MAINLINE)('never stops at an mdev with only adapters or only domains in %s', (generation) => {
    const host = bring(generation).run(create(A), ...assignAdapter(A, 5), create(B), ...assignDomain(B, 4));
    expect(host.errno(apmask('+5,+6'))).toBeUndefined();
  });

  it.each(MAINLINE)('blames the newest mdev first in %s', (generation) => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), ...mdevWith(B, [6], [4]));
    expect(host.tries(apmask('+5,+6'))?.conflicts).toEqual([{ queue: '06.0004', holder: `mdev ${B}` }]);
  });

  it('is never refused in 2019-v2: the guest loses the adapter, the mdev keeps its matrix', () => {
    const host = bring('2019-v2').run(...mdevWith(A, [5, 6], [4]), start(A), apmask('+5'));
    expect(host.driver('05.0004')).toBe('cex4queue');
    expect(host.usable(A)).toEqual(['06.0004']);
    expect(host.matrix(A)).toEqual(['05.0004', '06.0004']);
  });
});

describe.each(GENERATIONS)('the masks on the kernel command line of %s', (generation) => {
  const masks = (apmaskText: string | null, aqmaskText: string | null) => {
    const { state } = bring(generation, { apmask: apmaskText, aqmask: aqmaskText });
    return [state.apmask, state.aqmask];
  };

  test.each([
    ['are all ones when not given', null, FULL_MASK],
    ['start from all zero: +3 is bit 3 only', '+3', maskOf([3])],
    ['may be absolute', '0x41', maskOf([1, 7])],
    [
      'apply their terms in order',
      '+0-255,-5',
      maskOf([...idsOf(maskOfRange(0, 4)), ...idsOf(maskOfRange(6, 255))]),
    ],
    ['are all zero when they cannot be parsed', '+1,+300', EMPTY_MASK],
    ['are all zero when empty', '', EMPTY_MASK],
  ])('%s', (_, text, mask) => {
    expect(masks(text, null)).toEqual([mask, FULL_MASK]);
    expect(masks(null, text)).toEqual([FULL_MASK, mask]);
  });

  it('decide who has the queues before anybody wrote anything', () => {
    const host = bring(generation, { apmask: '+4', aqmask: '+4' });
    expect(['04.0004', '04.0047', '05.0004'].map((name) => host.driver(name))).toEqual([
      'cex4queue',
      'vfio_ap',
      'vfio_ap',
    ]);
  });
});

test('2^64 + 1 in a relative mask is bit 1 in 6.12 and 2019, and EINVAL in 7.3', () => {
  for (const [generation, errno] of [
    ['2019-v2', undefined],
    ['6.12', undefined],
    ['7.3', 'EINVAL'],
  ] as const)
    expect(bring(generation).errno(apmask('-18446744073709551617'))).toBe(errno);
});
