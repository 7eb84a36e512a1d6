/** Resets, their answers and what they are good for: driver-rules 6.9, 6.2 "passable", and the last rows of 8. */
import { describe, expect, it, test } from 'vitest';
import {
  A,
  assignAdapter,
  assignDomain,
  bind,
  bring,
  cardConfig,
  checkStop,
  fault,
  GENERATIONS,
  MAINLINE,
  mdevWith,
  resetDevice,
  scan,
  start,
  stop,
  unassignAdapter,
  unbind,
} from './test-support.ts';

describe.each(MAINLINE)('a reset in %s', (generation) => {
  it.each([2, 5, 10])('is issued again while it answers %i', (code) => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), start(A), fault('05.0004', code, code, 0));
    host.run(resetDevice(A));
    expect(host.resets).toEqual([`05.0004=${code}`, `05.0004=${code}`, '05.0004']);
  });

  it('is issued again as often as the hardware asks for it', () => {
    const busy = Array.from({ length: 40 }, () => 2);
    const host = bring(generation).run(...mdevWith(A, [5], [4]), start(A), fault('05.0004', ...busy));
    expect(host.run(resetDevice(A)).resets).toHaveLength(41);
  });

  it.each([1, 3, 4, 7, 0x42])('that answers %i is done, and the ioctl says EIO', (code) => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), start(A), fault('05.0004', code, 0));
    const refusal = host.tries(resetDevice(A));
    expect(refusal?.errno).toBe('EIO');
    expect(refusal?.conflicts.map(({ queue }) => queue)).toEqual(['05.0004']);
    expect(host.resets).toEqual([`05.0004=${code}`]);
  });

  it('that found the queue busy gives up silently when the host lost the queue meanwhile', () => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), start(A), fault('05.0004', 2));
    host.run({ type: 'ChangeHardware', adapters: [4, 6] });
    expect(host.errno(resetDevice(A))).toBe('EIO');
    expect(host.resets).toEqual(['05.0004=2']);
  });

  it.each([3, 4])('that answers %i leaves the adapter passable', (code) => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), start(A), fault('05.0004', code));
    host.tries(resetDevice(A));
    host.run(...assignAdapter(A, 6));
    expect(host.guestMatrix(A)).toEqual(['05.0004', '06.0004']);
  });

  it('that answers 01 keeps the adapter out until a good reset and a refilter', () => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), start(A), fault('05.0004', 1));
    host.tries(resetDevice(A));
    expect(host.guestMatrix(A)).toEqual(['05.0004']);
    host.run(...assignAdapter(A, 6));
    expect(host.guestMatrix(A)).toEqual(['06.0004']);
    // Thrown out, so reset once more, and well: yet only the next refilter looks at it.
    expect(host.resets).toEqual(['05.0004']);
    host.run(...assignDomain(A, 0x47));
    expect(host.guestMatrix(A)).toEqual(['05.0004', '05.0047', '06.0004', '06.0047']);
  });

  it('a queue bound anew counts as normal, whatever its last reset answered', () => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), fault('05.0004', 1));
    host.run(unbind('05.0004'));
    expect(host.resets).toEqual(['05.0004=1']);
    host.run(bind('05.0004'));
    expect(host.guestMatrix(A)).toEqual(['05.0004']);
  });

  it('follows when an adapter is unassigned, of the queues that the guest had', () => {
    const host = bring(generation).run(...mdevWith(A, [5, 6], [4, 0x47]), unbind('06.0047'));
    expect(host.run(...unassignAdapter(A, 5)).resets).toEqual(['05.0004', '05.0047']);
    expect(host.run(...unassignAdapter(A, 6)).resets).toEqual([]);
  });
});

describe.each(GENERATIONS)('when a guest closes in %s', (generation) => {
  it('every linked queue is reset, also one that the guest never saw', () => {
    const host = bring(generation).run(
      ...mdevWith(A, [5, 6], [4, 0x47]),
      start(A),
      unbind('05.0047'),
      stop(A),
    );
    expect(host.resets).toEqual(['05.0004', '06.0004', '06.0047']);
    expect(host.story[0]).toBe('GuestStopped');
  });
});

describe('a reset in 2019-v2', () => {
  const opened = (...codes: number[]) =>
    bring('2019-v2').run(...mdevWith(A, [5], [4]), start(A), fault('05.0004', ...codes));

  it.each([2, 5])('is issued again while it answers %i, at most five times', (code) => {
    const host = opened(code, code, 0);
    expect(host.run(resetDevice(A)).resets).toEqual([`05.0004=${code}`, `05.0004=${code}`, '05.0004']);
    const stuck = opened(...Array.from({ length: 40 }, () => code));
    expect(stuck.errno(resetDevice(A))).toBe('EIO');
    expect(stuck.resets).toHaveLength(6);
  });

  it('that answers 03 is a success', () => {
    expect(opened(3).errno(resetDevice(A))).toBeUndefined();
    const deconfigured = bring('2019-v2').run(...mdevWith(A, [5], [4]), start(A), cardConfig(5, '0'));
    expect(deconfigured.errno(resetDevice(A))).toBeUndefined();
  });

  it.each([1, 4, 10])('that answers %i is EIO, and not repeated', (code) => {
    const host = opened(code, 0);
    expect(host.errno(resetDevice(A))).toBe('EIO');
    expect(host.resets).toEqual([`05.0004=${code}`]);
  });

  it('never decides what a guest gets: a queue that did not reset is plugged in all the same', () => {
    const host = opened(1);
    host.tries(resetDevice(A));
    expect(host.run(stop(A), start(A)).usable(A)).toEqual(['05.0004']);
  });
});

describe.each(MAINLINE)('an adapter that is switched off or stopped in %s', (generation) => {
  test.each([
    ['deconfigured', cardConfig(5, '0'), 3],
    ['check-stopped', checkStop(5), 4],
  ] as const)('%s: no matrix changes, and the resets say so', (_, command, code) => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), start(A), command, scan);
    expect(host.matrix(A)).toEqual(['05.0004']);
    expect(host.guestMatrix(A)).toEqual(['05.0004']);
    expect(host.usable(A)).toEqual(['05.0004']);
    expect(host.driver('05.0004')).toBe('vfio_ap');
    expect(host.run(stop(A)).resets).toEqual([`05.0004=${code}`]);
    expect(host.run(...assignDomain(A, 0x47)).guestMatrix(A)).toEqual(['05.0004', '05.0047']);
  });
});
