/** Every errno that a simulated host can give, each with its reason and its remedy: driver-rules 7. */
import type { Command, Errno, Generation } from '@apledger/events';
import { HostState } from '@apledger/host';
import { describe, expect, it, test } from 'vitest';
import { decide } from './index.ts';
import {
  A,
  apmask,
  assignAdapter,
  assignDomain,
  B,
  bind,
  bring,
  cardConfig,
  configure,
  create,
  type Machine,
  mdevWith,
  online,
  override,
  remove,
  resetDevice,
  start,
  unassignAdapter,
  unbind,
} from './test-support.ts';

interface Case {
  readonly generation?: Generation;
  readonly machine?: Machine;
  readonly given?: readonly Command[];
  readonly when: Command | undefined;
  readonly errno: Errno;
  /** What the sentence must name. */
  readonly names?: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  'a bad number': {
    given: [create(A)],
    when: assignAdapter(A, 'five')[0],
    errno: 'EINVAL',
    names: ['"five"'],
  },
  'a bad mask': { when: apmask('+1,2'), errno: 'EINVAL', names: ['"+1,2"', 'apmask'] },
  'a bad UUID': { when: create('my-mdev'), errno: 'EINVAL', names: ['"my-mdev"'] },
  'a bus attribute out of range': {
    when: { type: 'WriteBusAttribute', attribute: 'config_time', text: '4' },
    errno: 'EINVAL',
    names: ['config_time', '"4"'],
  },
  'a removal with a word': { given: [create(A)], when: remove(A, 'yes'), errno: 'EINVAL', names: ['"yes"'] },
  'an open without KVM': { given: [create(A)], when: start(A, null), errno: 'EINVAL', names: [A] },
  'a mask write while an override exists': {
    machine: { apmask: null },
    given: [override('05.0004', 'vfio_ap')],
    when: apmask('-5'),
    errno: 'EINVAL',
    names: ['05.0004'],
  },
  'an override while the masks are not all ones': {
    when: override('05.0004', 'vfio_ap'),
    errno: 'EINVAL',
    names: ['all ones'],
  },
  'a number of 2^64': {
    given: [create(A)],
    when: assignAdapter(A, '18446744073709551616')[0],
    errno: 'ERANGE',
    names: ['2^64'],
  },
  'an adapter above the maximum': {
    given: [create(A)],
    when: assignAdapter(A, '256')[0],
    errno: 'ENODEV',
    names: ['255', '256'],
  },
  'an unassignment above the maximum': {
    given: [create(A)],
    when: unassignAdapter(A, '256')[0],
    errno: 'ENODEV',
    names: ['255'],
  },
  'a configuration above the maximum': {
    machine: { apmask: '', maxAdapter: 20 },
    given: [create(A)],
    when: configure(A, `${'0'.repeat(63)}1,,`),
    errno: 'ENODEV',
    names: ['20'],
  },
  'a bind that does not fit': {
    given: [unbind('05.0004')],
    when: bind('05.0004', 'cex4queue'),
    errno: 'ENODEV',
    names: ['05.0004'],
  },
  'an unbind that does not fit': {
    when: unbind('05.0004', 'cex4queue'),
    errno: 'ENODEV',
    names: ['05.0004', 'vfio_ap'],
  },
  'an open during removal': {
    given: [create(A), start(A), remove(A)],
    when: start(A),
    errno: 'ENODEV',
    names: [A],
  },
  'online while deconfigured': {
    given: [online('card04', '0'), cardConfig(4, '0')],
    when: online('card04', '1'),
    errno: 'ENODEV',
    names: ['card04'],
  },
  'an APQN of the host': {
    given: [create(A), ...assignDomain(A, 4)],
    when: assignAdapter(A, '4')[0],
    errno: 'EADDRNOTAVAIL',
    names: ['04.0004'],
  },
  'an APQN of another mdev': {
    given: [...mdevWith(A, [5], [4]), create(B), ...assignDomain(B, 4)],
    when: assignAdapter(B, '5')[0],
    errno: 'EADDRINUSE',
    names: ['05.0004', A],
  },
  'a mask that takes from an mdev': {
    given: mdevWith(A, [5], [4]),
    when: apmask('+5'),
    errno: 'EBUSY',
    names: ['05.0004', A],
  },
  'a bind of a bound queue': { when: bind('05.0004'), errno: 'EBUSY', names: ['05.0004', 'vfio_ap'] },
  'a second open': {
    given: [create(A), start(A, 'sles')],
    when: start(A, 'rhel'),
    errno: 'EBUSY',
    names: ['sles'],
  },
  'a removal in use, 2019': {
    generation: '2019-v2',
    given: [create(A), start(A, 'sles')],
    when: remove(A),
    errno: 'EBUSY',
    names: ['sles'],
  },
  'an mdev that exists': { given: [create(A)], when: create(A), errno: 'EEXIST', names: [A] },
  'a second mdev for a guest': {
    given: [create(A), create(B), start(A, 'sles')],
    when: start(B, 'sles'),
    errno: 'EPERM',
    names: ['sles', A],
  },
  'an mdev that does not exist': { when: assignAdapter(A, '5')[0], errno: 'ENOENT', names: [A] },
  'a file that goes with a removal': {
    given: [create(A), start(A), remove(A)],
    when: assignAdapter(A, '5')[0],
    errno: 'ENOENT',
    names: [A],
  },
  'a file that 2019 did not have': {
    generation: '2019-v2',
    given: [create(A)],
    when: configure(A, ',,'),
    errno: 'ENOENT',
    names: ['ap_config'],
  },
  'a reset that failed': {
    given: [
      ...mdevWith(A, [5], [4]),
      start(A),
      { type: 'InjectResetFault', queue: '05.0004', responseCodes: [7] },
    ],
    when: resetDevice(A),
    errno: 'EIO',
    names: [A],
  },
};

describe('a refusal', () => {
  test.each(Object.entries(cases))(
    'of %s gives its errno, its reason and a remedy',
    (_, { generation = '7.3', machine, given = [], when, errno, names = [] }) => {
      const host = bring(generation, machine).run(...given);
      const refusal = when && host.tries(when);
      expect(refusal?.errno).toBe(errno);
      for (const name of names) expect(refusal?.explanation).toContain(name);
      expect(refusal?.remedy.length).toBeGreaterThan(8);
      expect(host.last.facts.at(-1)).toMatchObject({
        type: 'CommandRejected',
        data: { command: when, ...refusal },
      });
    },
  );

  test('covers every errno of the rules that a simulated machine can give', () => {
    // EUSERS: removal.test.ts, where 65,536 mdevs are. EACCES is the file system's, EOPNOTSUPP a machine's without SCLP.
    const given = new Set(Object.values(cases).map(({ errno }) => errno));
    const all: Errno[] = [
      'EADDRINUSE',
      'EADDRNOTAVAIL',
      'EBUSY',
      'EEXIST',
      'EINVAL',
      'EIO',
      'ENODEV',
      'ENOENT',
      'EPERM',
      'ERANGE',
    ];
    expect([...given].sort()).toEqual(all);
  });

  it('names no more than 256 queues, and three in its sentence', () => {
    const ids = Array.from({ length: 256 }, (_, id) => id);
    const host = bring('7.3', { apmask: null }).run(create(A), ...assignAdapter(A, ...ids));
    const refusal = host.tries({ type: 'AssignDomain', mdev: A, text: '4' });
    expect(refusal?.conflicts).toHaveLength(256);
    expect(refusal?.explanation).toContain('00.0004, 01.0004, 02.0004 and 253 more');
    const owner = bring('7.3', { apmask: '' }).run(
      create(A),
      ...assignAdapter(A, ...ids),
      ...assignDomain(A, 4, 5),
    );
    expect(owner.tries(apmask('0xff'))?.conflicts).toHaveLength(16);
    expect(owner.tries(apmask('+0-255'))?.conflicts).toHaveLength(256);
  });

  it('quotes no more of a text than a line holds', () => {
    const refusal = bring('7.3').tries(apmask('z'.repeat(4096)));
    expect(refusal?.explanation.length).toBeLessThan(100);
  });
});

describe('a host', () => {
  it('is not there before it is registered: ENODEV, and no state', () => {
    const state = new HostState();
    expect(decide(state, { type: 'ScanBus' })).toMatchObject({ refusal: { errno: 'ENODEV' } });
    expect(state.isRegistered).toBe(false);
  });

  it('is registered once: EEXIST', () => {
    const host = bring('7.3');
    const [registered] = host.last.facts;
    if (registered?.type !== 'HostRegistered') throw new Error('not registered');
    const { hardware } = registered.data;
    const again: Command = {
      type: 'RegisterHost',
      host: 'lpar1',
      driver: '6.12',
      hardware,
      boot: { apmask: null, aqmask: null },
    };
    expect(host.errno(again)).toBe('EEXIST');
    expect(host.state.driver).toBe('7.3');
  });
});
