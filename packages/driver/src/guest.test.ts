/** Guests open, close and leave: driver-rules 6.8, and the founding document's "Live migration". */
import { describe, expect, it } from 'vitest';
import {
  A,
  assignAdapter,
  assignControlDomain,
  assignDomain,
  B,
  bring,
  cardConfig,
  create,
  GENERATIONS,
  HOT_PLUG,
  MAINLINE,
  mdevWith,
  migrate,
  remove,
  resetDevice,
  start,
  stop,
  unassignAdapter,
  unbind,
} from './test-support.ts';

describe.each(MAINLINE)('a guest in %s', (generation) => {
  it('gets the guestMatrix as it is, without refilter, reset or check', () => {
    const host = bring(generation).does(...mdevWith(A, [5, 6], [4]), unbind('05.0004'), start(A));
    expect(host.story).toEqual(['GuestStarted']);
    expect(host.usable(A)).toEqual(['06.0004']);
    expect(host.mdev(A).attached).toBe(true);
  });

  it('gets the assigned control domains that the host has', () => {
    const host = bring(generation).does(
      ...mdevWith(A, [5], [4]),
      ...assignControlDomain(A, 4, 200),
      start(A),
    );
    expect(host.guestControlDomains(A)).toEqual([4]);
  });

  it('leaves matrix and guest_matrix as they are when it closes', () => {
    const host = bring(generation).does(...mdevWith(A, [5], [4]), start(A), stop(A));
    expect(host.usable(A)).toBeNull();
    expect(host.matrix(A)).toEqual(['05.0004']);
    expect(host.guestMatrix(A)).toEqual(['05.0004']);
  });

  it('cannot have two mdevs: EPERM names the one that it has', () => {
    const host = bring(generation).does(...mdevWith(A, [5], [4]), ...mdevWith(B, [6], [4]), start(A, 'sles'));
    const refusal = host.tries(start(B, 'sles'));
    expect(refusal).toMatchObject({ errno: 'EPERM', conflicts: [{ queue: A, holder: 'guest sles' }] });
    expect(refusal?.remedy).toContain(A);
    expect(host.errno(start(B, 'rhel'))).toBeUndefined();
  });

  it('may have another mdev once it closed the first', () => {
    const host = bring(generation).does(...mdevWith(A, [5], [4]), ...mdevWith(B, [6], [4]));
    expect(host.does(start(A), stop(A), start(B)).usable(B)).toEqual(['06.0004']);
  });

  it('must be a KVM guest: EINVAL', () => {
    const host = bring(generation).does(...mdevWith(A, [5], [4]));
    expect(host.tries(start(A, null))).toMatchObject({
      errno: 'EINVAL',
      remedy: 'Open it from a KVM guest.',
    });
  });
});

describe('the 2019-v2 guest', () => {
  it('may open a second mdev, which gives it nothing but shows a matrix', () => {
    const host = bring('2019-v2').does(
      ...mdevWith(A, [5], [4]),
      ...mdevWith(B, [6], [4]),
      start(A),
      start(B),
    );
    expect(host.usable(A)).toEqual(['05.0004']);
    expect(host.usable(B)).toBeNull();
    expect(host.guestMatrix(B)).toEqual(['06.0004']);
    expect(host.mdev(B)).toMatchObject({ attached: false, guest: 'guest1' });
  });

  it('has all assigned queues reset at every close, also of the mdev that gave it nothing', () => {
    const host = bring('2019-v2').does(
      ...mdevWith(A, [5], [4]),
      ...mdevWith(B, [6], [4]),
      start(A),
      start(B),
    );
    expect(host.does(stop(B)).resets).toEqual(['06.0004']);
    expect(host.guestMatrix(B)).toBeNull();
    expect(host.usable(A)).toEqual(['05.0004']);
    expect(host.does(stop(A)).resets).toEqual(['05.0004']);
  });

  it('need not be one: without KVM the open succeeds, with a matrix that nobody uses', () => {
    const host = bring('2019-v2').does(...mdevWith(A, [5], [4]), start(A, null));
    expect(host.guestMatrix(A)).toEqual(['05.0004']);
    expect(host.usable(A)).toBeNull();
    expect(host.does(stop(A)).resets).toEqual(['05.0004']);
    expect(host.guestMatrix(A)).toBeNull();
  });
});

describe.each(GENERATIONS)('an mdev in %s', (generation) => {
  it('is open once only: EBUSY names its guest', () => {
    const host = bring(generation).does(...mdevWith(A, [5], [4]), start(A, 'sles'));
    const refusal = host.tries(start(A, 'rhel'));
    expect(refusal).toMatchObject({ errno: 'EBUSY', conflicts: [{ queue: A, holder: 'guest sles' }] });
    expect(refusal?.explanation).toContain('sles');
    expect(refusal?.remedy).toContain('Stop');
  });

  it('that nobody has open cannot be closed, reset or migrated: ENODEV', () => {
    const host = bring(generation).does(...mdevWith(A, [5], [4]));
    for (const command of [stop(A), resetDevice(A), migrate(A)]) expect(host.errno(command)).toBe('ENODEV');
  });

  it('that does not exist is ENOENT for everything', () => {
    const host = bring(generation);
    for (const command of [start(A), stop(A), resetDevice(A), migrate(A), remove(A), ...assignDomain(A, 4)])
      expect(host.errno(command)).toBe('ENOENT');
  });
});

describe.each(HOT_PLUG)('live migration in %s', (generation) => {
  it('is refused while an adapter is plugged in, and says which and how to unplug it', () => {
    const host = bring(generation).does(...mdevWith(A, [5, 6], [4]), start(A, 'sles'));
    const refusal = host.tries(migrate(A));
    expect(refusal?.errno).toBe('EBUSY');
    expect(refusal?.explanation).toContain('05, 06');
    expect(refusal?.conflicts).toEqual([
      { queue: '05.0004', holder: 'guest sles' },
      { queue: '06.0004', holder: 'guest sles' },
    ]);
    expect(refusal?.remedy).toContain(`echo 0x05 > unassign_adapter of mdev ${A}`);
    expect(host.story).toEqual(['MigrationRefused', 'CommandRejected']);
    expect(host.usable(A)).toEqual(['05.0004', '06.0004']);
  });

  it('is refused for an adapter without domain, too', () => {
    const host = bring(generation).does(create(A), start(A), ...assignAdapter(A, 5));
    expect(host.usable(A)).toEqual(['05.']);
    expect(host.tries(migrate(A))).toMatchObject({ errno: 'EBUSY', conflicts: [{ queue: 'card05' }] });
  });

  it('goes once every adapter is unplugged; domains that are left do no harm', () => {
    const host = bring(generation).does(...mdevWith(A, [5, 6], [4]), start(A), ...unassignAdapter(A, 5, 6));
    host.does(migrate(A));
    expect(host.story.slice(0, 3)).toEqual(['MigrationRequested', 'MigrationCompleted', 'GuestStopped']);
    expect(host.usable(A)).toBeNull();
    expect(host.mdev(A).guest).toBeNull();
    expect(host.does(start(A)).mdev(A).lifecycle).toBe('running');
  });

  it('does not care about adapters that are assigned but not plugged in', () => {
    const host = bring(generation).does(
      ...mdevWith(A, [5], [4]),
      start(A),
      unbind('05.0004'),
      cardConfig(6, '0'),
    );
    expect(host.matrix(A)).toEqual(['05.0004']);
    expect(host.errno(migrate(A))).toBeUndefined();
  });
});

describe('live migration of a 2019-v2 guest with two mdevs', () => {
  const twice = () =>
    bring('2019-v2').does(
      ...mdevWith(A, [5], [4]),
      ...mdevWith(B, [6], [4]),
      start(A, 'sles'),
      start(B, 'sles'),
    );

  it('is refused for what the one has plugged in, also when asked for by the other', () => {
    const refusal = twice().tries(migrate(B));
    expect(refusal?.errno).toBe('EBUSY');
    expect(refusal?.conflicts).toEqual([{ queue: '05.0004', holder: 'guest sles' }]);
    expect(refusal?.remedy).toContain(A);
  });

  it('takes the guest away from both', () => {
    const host = twice().does(...unassignAdapter(A, 5), migrate(B));
    expect([host.mdev(A).guest, host.mdev(B).guest]).toEqual([null, null]);
    expect([host.guestMatrix(A), host.guestMatrix(B)]).toEqual([null, null]);
  });

  it('is nothing for a process that is no guest: ENODEV', () => {
    const host = bring('2019-v2').does(...mdevWith(A, [5], [4]), start(A, null));
    expect(host.errno(migrate(A))).toBe('ENODEV');
  });
});
