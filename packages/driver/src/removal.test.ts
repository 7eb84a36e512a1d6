/** Creating and removing mdevs: driver-rules 4.3 and 5.6. */

import { evolve, MAX_MDEVS } from '@apledger/host';
import { describe, expect, it } from 'vitest';
import { decide, rulesOf } from './index.ts';
import {
  A,
  apmask,
  assignAdapter,
  assignDomain,
  B,
  bind,
  bring,
  configure,
  create,
  GENERATIONS,
  MAINLINE,
  mdevWith,
  migrate,
  remove,
  resetDevice,
  start,
  stop,
  unassignDomain,
  unbind,
} from './test-support.ts';

describe.each(GENERATIONS)('create in %s', (generation) => {
  it('lower-cases the UUID, ignores byte 37, and allows all zero', () => {
    const zero = '00000000-0000-0000-0000-000000000000';
    const host = bring(generation).run(create(A.toUpperCase()), create(`${B}x`), create(`${zero}\n`));
    expect([...host.state.mdevs.keys()]).toEqual([A, B, zero]);
    expect(host.guestMatrix(A)).toEqual(host.state.guestMatrixLife === 'always' ? [] : null);
  });

  it.each([
    A.slice(1),
    `${A}\n\n`,
    A.replace('-', '0'),
    A.replace('a', 'g'),
    ` ${A.slice(1)}`,
    `{${A}}`,
    '\n',
    `${A.slice(0, 35)}\0`,
  ])('refuses %j: EINVAL', (text) => {
    expect(bring(generation).errno(create(text))).toBe('EINVAL');
  });

  it('knows the UUID however it is written: EEXIST', () => {
    const host = bring(generation).run(create(A));
    expect(host.errno(create(A.toUpperCase()))).toBe('EEXIST');
    expect(host.run(create('')).last.facts).toMatchObject([{ type: 'CommandHadNoEffect' }]);
  });

  it(`says ${rulesOf(generation).noInstanceErrno} when no instance is left, and EEXIST before that`, () => {
    const full = bring(generation).run(create(A)).state;
    const uuid = (i: number): string => `00000000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`;
    for (let i = 1; i < MAX_MDEVS; i++) evolve(full, { type: 'MdevCreated', data: { mdev: uuid(i) } });
    expect(decide(full, create(B)).refusal?.errno).toBe(rulesOf(generation).noInstanceErrno);
    expect(decide(full, create(A)).refusal?.errno).toBe('EEXIST');
    evolve(full, { type: 'MdevRemoved', data: { mdev: uuid(1) } });
    expect(decide(full, create(B)).refusal).toBeUndefined();
  });
});

describe.each(GENERATIONS)('remove in %s', (generation) => {
  it('resets the linked queues, and the mdev is gone', () => {
    const host = bring(generation).run(...mdevWith(A, [5, 6], [4]), unbind('06.0004'), remove(A));
    expect(host.story).toEqual(['QueueReset', 'MdevRemoved']);
    expect(host.resets).toEqual(['05.0004']);
    expect(host.errno(remove(A))).toBe('ENOENT');
    expect(host.run(create(A)).matrix(A)).toEqual([]);
  });

  it('does nothing for 0 or for nothing, and anything but a number is EINVAL, also one too great', () => {
    const host = bring(generation).run(create(A), remove(A, '0\n'), remove(A, ''));
    for (const text of ['yes', '\n', '-1', '18446744073709551616'])
      expect(host.errno(remove(A, text))).toBe('EINVAL');
    expect(host.run(remove(A, '0x10')).state.mdevs.size).toBe(0);
  });
});

describe.each(MAINLINE)('the removal of an mdev that a guest uses in %s', (generation) => {
  const blocked = () => bring(generation).run(...mdevWith(A, [5, 6], [4]), start(A, 'sles'), remove(A));

  it('blocks its writer and does not fail', () => {
    const host = blocked();
    expect(host.last).toMatchObject({ isBlocked: true });
    expect(host.last.refusal).toBeUndefined();
    expect(host.story).toEqual(['MdevRemovalBlocked']);
  });

  it(`${generation === '7.3' ? 'empties the guest`s masks at once' : 'leaves the guest what it has'}, and the guestMatrix is untouched`, () => {
    const host = blocked();
    expect(host.usable(A)).toEqual(generation === '7.3' ? [] : ['05.0004', '06.0004']);
    expect(host.guestMatrix(A)).toEqual(['05.0004', '06.0004']);
  });

  it('takes all files away at once: ENOENT, also for a second removal', () => {
    const host = blocked();
    for (const command of [
      remove(A),
      ...assignAdapter(A, 7),
      ...unassignDomain(A, 4),
      ...assignDomain(A, ''),
      configure(A, ',,'),
    ])
      expect(host.errno(command)).toBe('ENOENT');
  });

  it('lets nobody open it, and keeps its queues and its UUID', () => {
    const host = blocked().run(create(B), ...assignDomain(B, 4));
    expect(host.errno(start(A, 'rhel'))).toBe('ENODEV');
    expect(host.errno(create(A))).toBe('EEXIST');
    expect(host.errno({ type: 'AssignAdapter', mdev: B, text: '5' })).toBe('EADDRINUSE');
    expect(host.errno(apmask('+5'))).toBe('EBUSY');
  });

  it('ends when the guest closes: reset, and gone', () => {
    const host = blocked().run(stop(A));
    expect(host.story.at(0)).toBe('GuestStopped');
    expect(host.story.at(-1)).toBe('MdevRemoved');
    expect(new Set(host.resets)).toEqual(new Set(['05.0004', '06.0004']));
    expect(host.state.mdevs.size).toBe(0);
    expect(host.run(...mdevWith(B, [5], [4])).matrix(B)).toEqual(['05.0004']);
  });

  it('still lets the guest reset its queues', () => {
    expect(blocked().run(resetDevice(A)).resets).toEqual(['05.0004', '06.0004']);
  });

  it('ends by migration, too, as soon as nothing is plugged in', () => {
    const host = blocked();
    expect(host.errno(migrate(A))).toBe(generation === '7.3' ? undefined : 'EBUSY');
    expect(host.state.mdevs.size).toBe(generation === '7.3' ? 0 : 1);
  });

  it('a queue bound later writes the guestMatrix into the guest again', () => {
    const host = blocked().run(unbind('05.0004'));
    expect(host.usable(A)).toEqual(['06.0004']);
    expect(host.run(bind('05.0004')).usable(A)).toEqual(['05.0004', '06.0004']);
    expect(host.mdev(A).removing).toBe(true);
  });
});

describe('the removal of an mdev that somebody uses in 2019-v2', () => {
  it('is EBUSY, names the guest, and changes nothing', () => {
    const host = bring('2019-v2').run(...mdevWith(A, [5], [4]), start(A, 'sles'));
    expect(host.tries(remove(A))).toMatchObject({
      errno: 'EBUSY',
      conflicts: [{ queue: A, holder: 'guest sles' }],
      remedy: 'Stop the guest first.',
    });
    expect(host.usable(A)).toEqual(['05.0004']);
    expect(host.run(stop(A), remove(A)).state.mdevs.size).toBe(0);
  });

  it('does not fail when the program that has it open is no attached guest', () => {
    const host = bring('2019-v2').run(...mdevWith(A, [5], [4]), start(A, null));
    expect(host.run(remove(A)).resets).toEqual(['05.0004']);
    expect(host.state.mdevs.size).toBe(0);
  });
});
