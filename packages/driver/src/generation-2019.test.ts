/** The patches of May 2019 against what came later: driver-rules 8, row by row, and the founding document. */
import { idsOf } from '@apledger/ap';
import { describe, expect, it, test } from 'vitest';
import {
  A,
  apmask,
  assignAdapter,
  assignControlDomain,
  assignDomain,
  B,
  bind,
  bring,
  create,
  mdevWith,
  start,
  stop,
  unassignAdapter,
  unassignControlDomain,
  unassignDomain,
  unbind,
} from './test-support.ts';

const v2 = () => bring('2019-v2');

describe('the matrix of a 2019 guest', () => {
  it('is shown only while the mdev is open: else ENODEV', () => {
    const host = v2().run(...mdevWith(A, [5], [4]));
    expect(host.guestMatrix(A)).toBeNull();
    expect(host.run(start(A)).guestMatrix(A)).toEqual(['05.0004']);
    expect(host.run(stop(A)).guestMatrix(A)).toBeNull();
  });

  it('starts with every adapter and every domain that has any bound queue: unbound APQNs slip in', () => {
    const host = v2().run(...mdevWith(A, [5, 6], [4, 0x47]), unbind('05.0047'), unbind('06.0004'), start(A));
    expect(host.usable(A)).toEqual(['05.0004', '05.0047', '06.0004', '06.0047']);
  });

  it('starts without adapters and domains that have no bound queue', () => {
    const host = bring('2019-v2', { apmask: '' }).run(
      ...mdevWith(A, [5, 6, 200], [4, 0x47, 9]),
      unbind('06.0004'),
      unbind('06.0047'),
      start(A),
    );
    expect(host.usable(A)).toEqual(['05.0004', '05.0047']);
  });

  it('has all assigned control domains, whatever the host has', () => {
    const host = v2().run(create(A), ...assignControlDomain(A, 4, 200), start(A));
    expect(host.guestControlDomains(A)).toEqual([4, 200]);
    host.run(...assignControlDomain(A, 201), ...unassignControlDomain(A, 4));
    expect(host.guestControlDomains(A)).toEqual([200, 201]);
  });

  it('is not kept: a guest that starts again starts anew', () => {
    const host = v2().run(...mdevWith(A, [5], [4]), start(A), unbind('05.0004'));
    expect(host.usable(A)).toEqual(['.0004']);
    expect(host.run(bind('05.0004'), stop(A), start(A)).usable(A)).toEqual(['05.0004']);
  });
});

describe('an assignment while a 2019 guest runs', () => {
  it('plugs an adapter in when all its queues in the guest`s domains are bound', () => {
    const host = v2().run(...mdevWith(A, [5], [4]), start(A), ...assignAdapter(A, 6));
    expect(host.usable(A)).toEqual(['05.0004', '06.0004']);
  });

  it('leaves an adapter out that lacks one, though it is assigned', () => {
    const host = v2().run(...mdevWith(A, [5], [4]), start(A), unbind('06.0004'), ...assignAdapter(A, 6));
    expect(host.usable(A)).toEqual(['05.0004']);
    expect(host.matrix(A)).toEqual(['05.0004', '06.0004']);
  });

  it('goes by the domains that the guest has, not by the assigned ones', () => {
    const host = v2().run(...mdevWith(A, [5], [4, 9]), start(A), ...assignAdapter(A, 6));
    expect(host.usable(A)).toEqual(['05.0004', '06.0004']);
  });

  it('plugs any adapter in while the guest has no domain', () => {
    const host = v2().run(create(A), start(A), ...assignAdapter(A, 5, 200));
    expect(host.usable(A)).toEqual(['05.', 'c8.']);
  });

  it('leaves a domain out when one adapter of the guest lacks it, and the adapters stay', () => {
    const host = v2().run(...mdevWith(A, [5, 6], [4]), unbind('05.0047'), start(A), ...assignDomain(A, 0x47));
    expect(host.usable(A)).toEqual(['05.0004', '06.0004']);
    expect(idsOf(host.mdev(A).assigned.domains)).toEqual([4, 0x47]);
  });

  it('again of the same is validated again and plugged in again', () => {
    const host = v2().run(
      ...mdevWith(A, [5, 6], [4]),
      unbind('05.0047'),
      start(A),
      ...assignDomain(A, 0x47),
      bind('05.0047'),
    );
    expect(host.usable(A)).toEqual(['05.0004', '06.0004']);
    host.run(...assignDomain(A, 0x47));
    expect(host.story).toEqual(['GuestMatrixChanged']);
    expect(host.usable(A)).toEqual(['05.0004', '05.0047', '06.0004', '06.0047']);
    host.run(apmask('+5'));
    expect(host.errno({ type: 'AssignAdapter', mdev: A, text: '5' })).toBe('EADDRNOTAVAIL');
  });

  it('looks at the new APQNs only: what is already lost to the host is not in the way', () => {
    const host = v2().run(...mdevWith(A, [5], [4]), apmask('+5'), ...assignAdapter(A, 6));
    expect(host.matrix(A)).toEqual(['05.0004', '06.0004']);
    expect(host.errno({ type: 'AssignDomain', mdev: A, text: '0x47' })).toBe('EADDRNOTAVAIL');
  });

  it('of something without guest changes the matrix only', () => {
    expect(v2().run(create(A), ...assignAdapter(A, 5)).story).toEqual(['AdapterAssigned']);
  });
});

describe('an unassignment while a 2019 guest runs', () => {
  it('takes it from the guest, without reset', () => {
    const host = v2().run(...mdevWith(A, [5, 6], [4]), start(A), ...unassignAdapter(A, 5));
    expect(host.story).toEqual(['AdapterUnassigned', 'GuestMatrixChanged']);
    expect(host.usable(A)).toEqual(['06.0004']);
    expect(host.run(...unassignDomain(A, 4)).story).toEqual(['DomainUnassigned', 'GuestMatrixChanged']);
    expect(host.usable(A)).toEqual(['06.']);
  });

  it('of what the guest did not have tells the guest nothing; of what is not assigned does nothing', () => {
    const host = v2().run(...mdevWith(A, [5, 6], [4]), unbind('06.0004'), start(A), ...unassignAdapter(A, 6));
    expect(host.story).toEqual(['AdapterUnassigned']);
    expect(host.run(...unassignAdapter(A, 6)).last.facts).toMatchObject([{ type: 'CommandHadNoEffect' }]);
  });
});

describe('a queue that is bound while a 2019 guest runs', () => {
  it('is plugged in once all queues of its adapter are bound', () => {
    const host = v2().run(...mdevWith(A, [5, 6], [4, 0x47]), unbind('05.0004'), unbind('05.0047'), start(A));
    expect(host.usable(A)).toEqual(['06.0004', '06.0047']);
    expect(host.run(bind('05.0004')).usable(A)).toEqual(['06.0004', '06.0047']);
    expect(host.run(bind('05.0047')).usable(A)).toHaveLength(4);
  });

  it('brings no other adapter along', () => {
    const host = v2().run(
      ...mdevWith(A, [5, 6], [4, 0x47]),
      start(A),
      unbind('05.0047'),
      ...unassignDomain(A, 0x47),
    );
    expect(host.run(unbind('06.0004'), bind('06.0004')).usable(A)).toEqual(['06.0004']);
  });

  it('never brings a domain back', () => {
    const host = v2().run(
      ...mdevWith(A, [5], [4]),
      unbind('05.0047'),
      start(A),
      ...assignDomain(A, 0x47),
      bind('05.0047'),
    );
    expect(host.usable(A)).toEqual(['05.0004']);
  });

  it('is plugged into nobody when only a process has the mdev open, or nobody', () => {
    const host = v2().run(...mdevWith(A, [5], [4]), start(A, null), unbind('05.0004'), bind('05.0004'));
    expect(host.facts('GuestMatrixChanged')).toEqual([]);
    const closed = v2().run(...mdevWith(A, [5], [4]), unbind('05.0004'), bind('05.0004'));
    expect(closed.story).toEqual(['QueueBound']);
  });
});

describe('a queue that is unbound while a 2019 guest runs', () => {
  it('takes its whole adapter with it, and only itself is reset', () => {
    const host = v2().run(...mdevWith(A, [5], [4, 0x47]), start(A), unbind('05.0004'));
    expect(host.usable(A)).toEqual(['.0004', '.0047']);
    expect(host.resets).toEqual(['05.0004']);
  });

  it('takes its adapter with it even when the guest does not have its domain', () => {
    const host = v2().run(...mdevWith(A, [5, 6], [4]), unbind('06.0047'), start(A), ...assignDomain(A, 0x47));
    expect(host.usable(A)).toEqual(['05.0004', '06.0004']);
    expect(host.run(unbind('05.0047')).usable(A)).toEqual(['06.0004']);
  });

  it('is not reset when its adapter was out already, but is without guest', () => {
    const host = v2().run(...mdevWith(A, [5], [4, 0x47]), start(A), unbind('05.0004'), unbind('05.0047'));
    expect(host.resets).toEqual([]);
    expect(v2().run(...mdevWith(A, [5], [4]), unbind('05.0004')).resets).toEqual(['05.0004']);
  });

  it('by a mask write, which is never refused, leaves the matrix with APQNs of the host', () => {
    const host = v2().run(...mdevWith(A, [5, 6], [4]), start(A), apmask('+5'));
    expect(host.driver('05.0004')).toBe('cex4queue');
    expect([host.matrix(A), host.usable(A)]).toEqual([['05.0004', '06.0004'], ['06.0004']]);
  });
});

describe('the sentences of the founding document', () => {
  test('"To plug adapter 10 into a running guest: echo 0xa > assign_adapter"', () => {
    const host = bring('2019-v2', { adapters: [5, 10], apmask: '' }).run(
      ...mdevWith(A, [5], [4, 5]),
      start(A),
    );
    expect(host.run(...assignAdapter(A, '0xa')).usable(A)).toEqual(['05.0004', '0a.0004']);
  });

  test('"To unplug domain 5 from a running guest: echo 5 > unassign_domain"', () => {
    const host = bring('2019-v2', { domains: [4, 5] }).run(...mdevWith(A, [5], [4, 5]), start(A));
    expect(host.run(...unassignDomain(A, '5')).usable(A)).toEqual(['05.0004']);
  });

  test('"We now allow assignment of APQNs that are not bound to the vfio-ap device driver"', () => {
    const host = bring('2019-v2', { apmask: '' }).run(
      create(A),
      ...assignDomain(A, 9),
      ...assignAdapter(A, 5, 200),
    );
    expect(host.matrix(A)).toEqual(['05.0009', 'c8.0009']);
  });

  test('"If any APQN is reserved, the operation will terminate with an error (EADDRNOTAVAIL)"', () => {
    const host = v2().run(create(A), ...assignDomain(A, 4));
    expect(host.errno({ type: 'AssignAdapter', mdev: A, text: '4' })).toBe('EADDRNOTAVAIL');
  });

  test('"If an APQN is assigned to another mediated matrix device: EADDRINUSE"', () => {
    const host = v2().run(...mdevWith(A, [5], [4]), create(B), ...assignAdapter(B, 5));
    expect(host.errno({ type: 'AssignDomain', mdev: B, text: '4' })).toBe('EADDRINUSE');
  });

  test('"the driver will hot plug the queue as long as each APQN ... [is] bound"', () => {
    const host = v2().run(...mdevWith(A, [5, 6], [4]), unbind('05.0004'), start(A), bind('05.0004'));
    expect(host.usable(A)).toEqual(['05.0004', '06.0004']);
  });
});
