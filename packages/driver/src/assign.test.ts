/** assign_* and unassign_* of 6.12 and 7.3: driver-rules 5.2 to 5.4. */
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
  C,
  create,
  HOT_PLUG,
  hardware,
  MAINLINE,
  mdevWith,
  scan,
  start,
  unassignAdapter,
  unassignControlDomain,
  unassignDomain,
  unbind,
} from './test-support.ts';

describe.each(HOT_PLUG)('a number written to assign_adapter of %s', (generation) => {
  test.each([
    ['010', [8]],
    ['0xa\n', [10]],
    ['+5', [5]],
    ['255', [255]],
  ])('%j is taken', (text, adapters) => {
    expect(
      idsOf(
        bring(generation)
          .run(create(A), ...assignAdapter(A, text))
          .mdev(A).assigned.adapters,
      ),
    ).toEqual(adapters);
  });

  test.each([
    ['', undefined],
    ['\n', 'EINVAL'],
    ['-1', 'EINVAL'],
    ['08', 'EINVAL'],
    ['5,6', 'EINVAL'],
    ['256', 'ENODEV'],
    ['18446744073709551615', 'ENODEV'],
    ['18446744073709551616', 'ERANGE'],
    ['18446744073709551616x', 'ERANGE'],
  ])('%j: %s', (text, errno) => {
    const host = bring(generation).run(create(A));
    for (const command of [
      ...assignAdapter(A, text),
      ...unassignAdapter(A, text),
      ...assignDomain(A, text),
      ...unassignDomain(A, text),
      ...assignControlDomain(A, text),
      ...unassignControlDomain(A, text),
    ])
      expect([command.type, host.errno(command)]).toEqual([command.type, errno]);
    expect(host.matrix(A)).toEqual([]);
  });

  it('above the maximum is ENODEV, which names the maximum', () => {
    const host = bring(generation, { apmask: '', maxAdapter: 20, maxDomain: 80 }).run(create(A));
    const [tooHigh] = assignAdapter(A, 21);
    expect(tooHigh && host.tries(tooHigh)).toMatchObject({
      errno: 'ENODEV',
      remedy: 'Write a number up to 20.',
    });
    expect(host.errno({ type: 'AssignDomain', mdev: A, text: '81' })).toBe('ENODEV');
    expect(host.run(...assignAdapter(A, 20), ...assignDomain(A, 80)).matrix(A)).toEqual(['14.0050']);
  });

  it('goes up to 63 and 15 without APXA, and up to 0 when QCI says 0', () => {
    const small = bring(generation, { apmask: '', apxa: false }).run(
      create(A),
      ...assignAdapter(A, 63),
      ...assignDomain(A, 15),
    );
    expect(small.errno({ type: 'AssignAdapter', mdev: A, text: '64' })).toBe('ENODEV');
    expect(small.errno({ type: 'AssignControlDomain', mdev: A, text: '16' })).toBe('ENODEV');
    const zero = bring(generation, { maxAdapter: 0 }).run(create(A), ...assignAdapter(A, 0));
    expect(zero.errno({ type: 'AssignAdapter', mdev: A, text: '1' })).toBe('ENODEV');
  });
});

describe.each(HOT_PLUG)('what cannot be assigned in %s', (generation) => {
  it('a queue of the host: EADDRNOTAVAIL names it, its driver, and the mask to change', () => {
    const host = bring(generation).run(create(A), ...assignDomain(A, 4, 0x47));
    const refusal = host.tries({ type: 'AssignAdapter', mdev: A, text: '4' });
    expect(refusal).toMatchObject({
      errno: 'EADDRNOTAVAIL',
      conflicts: [
        { queue: '04.0004', holder: 'the host (bound to cex4queue)' },
        { queue: '04.0047', holder: 'the host (bound to cex4queue)' },
      ],
    });
    expect(refusal?.explanation).toContain('04.0004, 04.0047');
    expect(refusal?.remedy).toContain('apmask');
    expect(host.matrix(A)).toEqual(['.0004', '.0047']);
  });

  it('a queue that is only reserved, and need not exist', () => {
    const host = bring(generation).run(create(A), ...assignDomain(A, 9));
    expect(host.tries({ type: 'AssignAdapter', mdev: A, text: '100' })?.conflicts).toEqual([
      { queue: '64.0009', holder: 'the host (reserved by apmask and aqmask; no such queue device yet)' },
    ]);
  });

  it('a queue of another mdev: EADDRINUSE names it, that mdev and its guest', () => {
    const host = bring(generation).run(
      ...mdevWith(A, [5], [4]),
      start(A, 'sles'),
      create(B),
      ...assignDomain(B, 4),
    );
    const refusal = host.tries({ type: 'AssignAdapter', mdev: B, text: '5' });
    expect(refusal).toMatchObject({
      errno: 'EADDRINUSE',
      conflicts: [{ queue: '05.0004', holder: `mdev ${A} (guest sles)` }],
    });
    expect(refusal?.remedy).toContain(`from mdev ${A}`);
    expect(host.matrix(B)).toEqual(['.0004']);
  });

  it('names the host first when a queue is both', () => {
    const host = bring(generation).run(
      ...mdevWith(A, [5], [4]),
      create(B),
      ...assignDomain(B, 4),
      ...assignAdapter(B, 6),
    );
    expect(host.errno({ type: 'AssignAdapter', mdev: B, text: '4' })).toBe('EADDRNOTAVAIL');
    expect(host.errno({ type: 'AssignAdapter', mdev: B, text: '5' })).toBe('EADDRINUSE');
  });

  it('blames the newest mdev that has something of it', () => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), ...mdevWith(B, [6], [4]));
    host.run(create(C), ...assignAdapter(C, 5, 6));
    expect(host.tries({ type: 'AssignDomain', mdev: C, text: '4' })?.conflicts).toEqual([
      { queue: '06.0004', holder: `mdev ${B}` },
    ]);
  });

  it('but without domains any adapter is accepted, and the other way round', () => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), create(B), ...assignAdapter(B, 4, 5, 200));
    expect(host.matrix(B)).toEqual(['04.', '05.', 'c8.']);
    expect(host.errno({ type: 'AssignDomain', mdev: B, text: '0x47' })).toBe('EADDRNOTAVAIL');
  });
});

describe.each(MAINLINE)('an assignment in %s', (generation) => {
  it('plugs in what is bound, guest or not, and tells the guest once', () => {
    const host = bring(generation).run(create(A), start(A), ...assignDomain(A, 4), ...assignAdapter(A, 5));
    expect(host.story).toEqual(['AdapterAssigned', 'GuestMatrixChanged']);
    expect(host.usable(A)).toEqual(['05.0004']);
  });

  it('of a domain plugs the domain in, and takes adapters out that lack its queue', () => {
    const host = bring(generation).run(
      ...mdevWith(A, [5, 6], [4]),
      unbind('05.0047'),
      start(A),
      ...assignDomain(A, 0x47),
    );
    expect(host.usable(A)).toEqual(['06.0004', '06.0047']);
    expect(host.resets).toEqual(['05.0004']);
  });

  it('resets what it throws out, and not again what is out already', () => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), unbind('05.0047'), ...assignDomain(A, 0x47));
    expect(host.resets).toEqual(['05.0004']);
    expect(host.run(...assignAdapter(A, 6)).resets).toEqual([]);
  });

  it('of a domain that the host lacks changes the matrix only', () => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]), start(A), ...assignDomain(A, 9));
    expect(host.story).toEqual(['DomainAssigned']);
    expect(host.matrix(A)).toEqual(['05.0004', '05.0009']);
    expect(host.usable(A)).toEqual(['05.0004']);
  });

  it('brings back whatever became eligible meanwhile', () => {
    const host = bring(generation).run(
      ...mdevWith(A, [5], [4, 0x47]),
      unbind('05.0047'),
      ...unassignDomain(A, 0x47),
    );
    expect(host.guestMatrix(A)).toEqual(['.0004']);
    expect(host.run(...assignAdapter(A, 6)).guestMatrix(A)).toEqual(['05.0004', '06.0004']);
  });

  it('of what is assigned already does nothing, though a refilter would', () => {
    const host = bring(generation).run(
      ...mdevWith(A, [5], [4, 0x47]),
      unbind('05.0047'),
      ...unassignDomain(A, 0x47),
    );
    expect(host.run(...assignAdapter(A, 5), ...assignDomain(A, 4)).last.facts).toMatchObject([
      { type: 'CommandHadNoEffect' },
    ]);
    expect(host.guestMatrix(A)).toEqual(['.0004']);
  });

  it('checks the whole matrix that would result, not only what is new', () => {
    const host = bring(generation, { aqmask: '+0-255,-9' }).run(
      create(A),
      ...assignDomain(A, 9),
      ...assignAdapter(A, 5),
    );
    // 05.0009 is nobody's; 6.12 lets go of it while it stays in the mdev, 7.3 never does.
    if (generation === '6.12') host.run(apmask('+5'));
    expect(host.errno({ type: 'AssignDomain', mdev: A, text: '4' })).toBe(
      generation === '6.12' ? 'EADDRNOTAVAIL' : undefined,
    );
  });
});

describe.each(MAINLINE)('an unassignment in %s', (generation) => {
  it('takes it from the guest and resets what the guest had of it', () => {
    const host = bring(generation).run(...mdevWith(A, [5, 6], [4, 0x47]), start(A), ...unassignDomain(A, 4));
    expect(host.story).toEqual(['DomainUnassigned', 'GuestMatrixChanged', 'QueueReset']);
    expect(host.usable(A)).toEqual(['05.0047', '06.0047']);
    expect(host.resets).toEqual(['05.0004', '06.0004']);
  });

  it('of the domain that kept an adapter out does not bring the adapter back', () => {
    const host = bring(generation).run(
      ...mdevWith(A, [5], [4, 0x47]),
      unbind('05.0047'),
      start(A),
      ...unassignDomain(A, 0x47),
    );
    expect(host.usable(A)).toEqual(['.0004']);
    expect(host.run(bind('05.0047')).usable(A)).toEqual(['.0004']);
  });

  it('of what is not assigned does nothing', () => {
    const host = bring(generation).run(...mdevWith(A, [5], [4]));
    expect(host.run(...unassignAdapter(A, 6), ...unassignDomain(A, 9)).last.facts).toMatchObject([
      { type: 'CommandHadNoEffect' },
    ]);
  });
});

describe.each(MAINLINE)('a control domain in %s', (generation) => {
  it('may be in any number of mdevs, and need not be one of their domains', () => {
    const host = bring(generation).run(
      ...mdevWith(A, [5], [4]),
      create(B),
      ...assignControlDomain(A, 5),
      ...assignControlDomain(B, 5),
    );
    expect([host.guestControlDomains(A), host.guestControlDomains(B)]).toEqual([[5], [5]]);
  });

  it('reaches the guest when the host has it, then or later', () => {
    const host = bring(generation).run(create(A), start(A), ...assignControlDomain(A, 4, 9));
    expect(host.guestControlDomains(A)).toEqual([4]);
    expect(host.run(hardware({ controlDomains: [4, 9] }), scan).guestControlDomains(A)).toEqual([4, 9]);
    expect(host.run(...unassignControlDomain(A, 4)).guestControlDomains(A)).toEqual([9]);
    expect(host.story).toEqual(['ControlDomainUnassigned', 'GuestMatrixChanged']);
  });
});
