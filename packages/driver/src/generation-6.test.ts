/** Linux 6.1 and 6.8 against 6.12: driver-rules-older, section by section. */
import { describe, expect, it } from 'vitest';
import { hashOrder } from './rules/hash-order.ts';
import {
  A,
  apmask,
  assignAdapter,
  assignDomain,
  bind,
  bring,
  cardConfig,
  create,
  fault,
  hardware,
  mdevWith,
  remove,
  resetDevice,
  scan,
  start,
  unassignAdapter,
  unbind,
} from './test-support.ts';

describe('6.1 forgets resets', () => {
  const partly = (generation: '6.1' | '6.12') =>
    bring(generation).run(...mdevWith(A, [5, 6], [4]), start(A), unbind('06.0047'), ...assignDomain(A, 0x47));

  it('of adapters that the refilter throws out', () => {
    expect(partly('6.1').usable(A)).toEqual(['05.0004', '05.0047']);
    expect(partly('6.1').resets).toEqual([]);
    expect(partly('6.12').resets).toEqual(['06.0004']);
  });

  it('of the other queues of an adapter that one queue takes with it', () => {
    const host = bring('6.1').run(...mdevWith(A, [5], [4, 0x47]), start(A), unbind('05.0004'));
    expect(host.usable(A)).toEqual(['.0004', '.0047']);
    expect(host.resets).toEqual(['05.0004']);
  });

  it('and resets a queue that left the host, which answers 01', () => {
    const host = bring('6.1').run(...mdevWith(A, [5], [4]), hardware({ adapters: [4, 6] }), scan);
    expect(host.resets).toEqual(['05.0004=1', '05.0047=1']);
  });
});

describe('the answer to a reset', () => {
  /** The queue is reset with this answer, and its adapter filtered anew. */
  const afterReset = (generation: '6.1' | '6.8' | '6.12', code: number) =>
    bring(generation)
      .run(...mdevWith(A, [5], [4]), start(A), fault('05.0004', code), ...unassignAdapter(A, 5))
      .run(...assignAdapter(A, 5))
      .usable(A);

  it.each([
    ['6.1', 3, false],
    ['6.1', 4, false],
    ['6.8', 3, true],
    ['6.8', 4, false],
    ['6.12', 3, true],
    ['6.12', 4, true],
  ] as const)('of %s, code %i, lets the adapter back in: %s', (generation, code, isIn) => {
    expect(afterReset(generation, code)).toEqual(isIn ? ['05.0004'] : ['.0004']);
  });

  it.each([
    ['6.1', 'EBUSY'],
    ['6.8', undefined],
    ['6.12', 'EIO'],
  ] as const)('of a deconfigured queue makes the ioctl of %s say %s', (generation, errno) => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), start(A), cardConfig(5, '0'));
    expect(host.errno(resetDevice(A))).toBe(errno);
  });
});

describe('the ioctl of 6.1', () => {
  it('walks the queues in the order of their hash', () => {
    // From a run: test/vectors/6.1, guest-00200.
    const order = [0x0704, 0x0405, 0x0204, 0x0305, 0x0705, 0x0205, 0x0404, 0x0304];
    expect(hashOrder([...order].sort((a, b) => a - b))).toEqual(order);
  });

  it('reports the last failure of that walk', () => {
    const queues = [0x0504, 0x0547, 0x0604, 0x0647];
    const last = hashOrder(queues).at(-1) ?? 0;
    const name = (queue: number) => `0${queue >> 8}.00${(queue & 0xff).toString(16).padStart(2, '0')}`;
    const host = bring('6.1').run(...mdevWith(A, [5, 6], [4, 0x47]), start(A));
    host.run(...queues.map((queue) => fault(name(queue), queue === last ? 5 : 1)));
    expect(host.errno(resetDevice(A))).toBe('EIO');
  });
});

describe('what 6.1 and 6.8 have in common with 6.12', () => {
  it.each(['6.1', '6.8'] as const)('%s: hot plug, and masks that take nothing from an mdev', (generation) => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), start(A), ...assignAdapter(A, 6));
    expect(host.usable(A)).toEqual(['05.0004', '06.0004']);
    expect(host.errno(apmask('+5'))).toBe('EBUSY');
    expect(host.errno(bind('05.0004'))).toBe('EBUSY');
    expect(host.errno({ type: 'ConfigureMdev', mdev: A, text: ',,' })).toBe('ENOENT');
  });

  it.each([
    ['6.1', 'EBUSY'],
    ['6.8', 'ENODEV'],
  ] as const)('%s: opening an mdev whose removal waits is %s', (generation, errno) => {
    const host = bring(generation).run(create(A), start(A), remove(A));
    expect(host.errno(start(A, 'db'))).toBe(errno);
  });
});
