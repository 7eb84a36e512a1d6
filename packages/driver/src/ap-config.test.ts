/** One-shot configuration: driver-rules 5.5. */
import { formatApConfigFile, formatMask, maskOf } from '@apledger/ap';
import { describe, expect, it } from 'vitest';
import {
  A,
  assignAdapter,
  B,
  bind,
  bring,
  configure,
  create,
  MAINLINE,
  mdevWith,
  start,
  unassignDomain,
  unbind,
} from './test-support.ts';

const config = (adapters: number[], domains: number[], controlDomains: number[] = []): string =>
  [adapters, domains, controlDomains].map((ids) => formatMask(maskOf(ids))).join(',');

describe.each(MAINLINE)('a write to ap_config in %s', (generation) => {
  it('sets the whole matrix at once', () => {
    const host = bring(generation).run(create(A), configure(A, config([5, 6], [4], [5])));
    expect(host.guestMatrix(A)).toEqual(['05.0004', '06.0004']);
    expect(host.guestControlDomains(A)).toEqual([5]);
    expect(host.story).toEqual([
      'AdapterAssigned',
      'DomainAssigned',
      'ControlDomainAssigned',
      'GuestMatrixChanged',
    ]);
  });

  it('takes out adapters, then domains, then puts in: up to three updates for the guest', () => {
    const host = bring(generation).run(
      ...mdevWith(A, [5], [4, 0x47]),
      start(A),
      configure(A, config([6], [0x47])),
    );
    expect(host.story).toEqual([
      'AdapterUnassigned',
      'GuestMatrixChanged',
      'QueueReset',
      'DomainUnassigned',
      'GuestMatrixChanged',
      'AdapterAssigned',
      'GuestMatrixChanged',
    ]);
    expect(host.resets).toEqual(['05.0004', '05.0047']);
    expect(host.usable(A)).toEqual(['06.0047']);
  });

  it('of the present configuration forces a refilter', () => {
    const host = bring(generation).run(
      ...mdevWith(A, [5], [4, 0x47]),
      unbind('05.0047'),
      ...unassignDomain(A, 0x47),
      start(A),
    );
    expect(host.usable(A)).toEqual(['.0004']);
    host.run(configure(A, formatApConfigFile(host.mdev(A).assigned)));
    expect(host.story).toEqual(['GuestMatrixChanged']);
    expect(host.usable(A)).toEqual(['05.0004']);
  });

  it.each([',,', '\n\n', '0x,0x,0x\n', ',,,rubbish'])('of %j clears everything', (text) => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), configure(A, text));
    expect(host.matrix(A)).toEqual([]);
    expect(host.resets).toEqual(['05.0004']);
  });

  it('tests the maximum last, after the host`s and other mdevs` queues', () => {
    const host = bring(generation, { maxAdapter: 20, maxDomain: 80 }).run(
      ...mdevWith(B, [6], [4]),
      create(A),
    );
    expect(host.errno(configure(A, config([4, 200], [4])))).toBe('EADDRNOTAVAIL');
    expect(host.errno(configure(A, config([6, 200], [4])))).toBe('EADDRNOTAVAIL');
    const free = bring(generation, { apmask: '', maxAdapter: 20, maxDomain: 80 }).run(
      ...mdevWith(B, [6], [4]),
      create(A),
    );
    expect(free.errno(configure(A, config([6, 200], [4])))).toBe('EADDRINUSE');
    expect(free.errno(configure(A, config([5, 200], [4])))).toBe('ENODEV');
    expect(free.errno(configure(A, config([5], [81])))).toBe('ENODEV');
    expect(free.errno(configure(A, config([5], [4], [81])))).toBe('ENODEV');
    expect(free.errno(configure(A, config([5, 20], [4, 80], [80])))).toBeUndefined();
  });

  it('that is refused changes nothing at all', () => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), ...mdevWith(B, [6], [4]), start(A));
    expect(host.tries(configure(A, config([6], [4])))).toMatchObject({
      errno: 'EADDRINUSE',
      conflicts: [{ queue: '06.0004', holder: `mdev ${B}` }],
    });
    expect(host.story).toEqual(['CommandRejected']);
    expect(host.usable(A)).toEqual(['05.0004']);
  });

  it('that is no configuration is EINVAL, of zero bytes a success', () => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]));
    for (const text of ['\n', '0x8,0x8', '+5,+4,', '0x8, 0x8,'])
      expect(host.errno(configure(A, text))).toBe('EINVAL');
    expect(host.run(configure(A, '')).last.facts).toMatchObject([{ type: 'CommandHadNoEffect' }]);
  });

  it('keeps an adapter that stays, and resets what the refilter throws out', () => {
    const host = bring(generation).run(...mdevWith(A, [5, 6], [4]), unbind('05.0047'), start(A));
    host.run(configure(A, config([5, 6], [4, 0x47])));
    expect(host.usable(A)).toEqual(['06.0004', '06.0047']);
    expect(host.resets).toEqual(['05.0004']);
    expect(host.run(bind('05.0047'), ...assignAdapter(A, 6)).usable(A)).toHaveLength(4);
  });
});

describe('ap_config in 2019-v2', () => {
  it('is not there: ENOENT', () => {
    const host = bring('2019-v2').run(create(A));
    expect(host.errno(configure(A, ',,'))).toBe('ENOENT');
    expect(host.errno(configure(A, ''))).toBe('ENOENT');
  });
});
