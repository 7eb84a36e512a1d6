/** The life of a host: reboots, the module, mdevs that come and go while a guest runs, and wipes from outside. */
import { GENERATION_NAMES } from '@apledger/events';
import { HostState } from '@apledger/host';
import { describe, expect, it } from 'vitest';
import { decide } from './index.ts';
import {
  A,
  apmask,
  assignAdapter,
  assignDomain,
  B,
  bind,
  bring,
  create,
  scan,
  start,
  stop,
} from './test-support.ts';

const reboot = { type: 'RebootHost' } as const;
const load = { type: 'LoadModule', module: 'vfio_ap' } as const;
const unload = { type: 'UnloadModule', module: 'vfio_ap' } as const;
const attach = (mdev: string, guest = 'web') => ({ type: 'AttachMdev', mdev, guest }) as const;
const detach = (mdev: string) => ({ type: 'DetachMdev', mdev }) as const;

/** Guest `web` has 05.0004; mdev B has nothing. */
const withGuest = (generation: (typeof GENERATION_NAMES)[number]) =>
  bring(generation, { apmask: null }).run(
    apmask('-5'),
    create(A),
    create(B),
    ...assignAdapter(A, 5),
    ...assignDomain(A, 4),
    start(A, 'web'),
  );

describe.each(GENERATION_NAMES)('a %s host that is rebooted', (generation) => {
  it('is as after its first boot', () => {
    const first = bring(generation, { apmask: null }).state;
    const again = withGuest(generation).run(
      { type: 'WriteBusAttribute', attribute: 'config_time', text: '7' },
      reboot,
    );
    expect(again.state.hasMatricesOf(first)).toBe(true);
    expect(again.state.attributes).toEqual(first.attributes);
    expect([again.state.scans, again.state.mdevs.size]).toEqual([1, 0]);
  });

  it('stops its guests first, which resets their queues', () => {
    const { last } = withGuest(generation).run(reboot);
    const types = last.facts.map(({ type }) => type);
    expect(types.slice(0, 2)).toEqual(['GuestStopped', 'QueueReset']);
    expect(types.filter((type) => type === 'HostRebooted')).toHaveLength(1);
    expect(types.indexOf('MdevRemoved')).toBeLessThan(types.indexOf('HostRebooted'));
  });

  it('keeps what was written into its boot parameters, and what the hardware is', () => {
    const host = bring(generation, { apmask: '+0-255,-5' }).run(
      apmask('+5'),
      { type: 'ChangeHardware', adapters: [5] },
      reboot,
    );
    expect([...host.state.cards.keys()]).toEqual([5]);
    expect(host.driver('05.0004')).toBe('vfio_ap');
  });

  it('has vfio_ap again, also when it was unloaded', () => {
    const host = bring(generation, { apmask: '+0-255,-5' }).run(unload, reboot);
    expect([host.state.isVfioApLoaded, host.driver('05.0004')]).toEqual([true, 'vfio_ap']);
  });
});

describe.each(GENERATION_NAMES)('vfio_ap of a %s host', (generation) => {
  it('cannot be unloaded while a guest has an mdev open', () => {
    const host = withGuest(generation);
    expect(host.tries(unload)).toMatchObject({
      errno: 'EBUSY',
      conflicts: [{ queue: A, holder: 'guest web' }],
    });
    expect(host.driver('05.0004')).toBe('vfio_ap');
  });

  it('takes its mdevs along, and leaves its queues without a driver', () => {
    const host = withGuest(generation).run(stop(A), unload);
    expect([host.state.mdevs.size, host.state.isVfioApLoaded]).toEqual([0, false]);
    expect(host.driver('05.0004')).toBeNull();
    expect(host.last.facts.at(-1)).toEqual({ type: 'DriverUnloaded', data: { driver: 'vfio_ap' } });
    expect([create(A), bind('05.0004'), unload].map((command) => host.errno(command))).toEqual([
      'ENOENT',
      'ENOENT',
      'ENOENT',
    ]);
  });

  it('gets no queue while it is not there, and all of them when it is loaded', () => {
    const host = bring(generation, { apmask: null }).run(unload, apmask('-5,-6'), scan);
    expect([host.driver('05.0004'), host.driver('06.0004')]).toEqual([null, null]);
    host.run(load);
    expect([host.driver('05.0004'), host.driver('06.0004')]).toEqual(['vfio_ap', 'vfio_ap']);
    expect(host.run(load).last.facts).toMatchObject([{ type: 'CommandHadNoEffect' }]);
  });
});

describe.each(GENERATION_NAMES)('a %s guest that runs', (generation) => {
  it('lets go of an mdev and gets it back, which is no stop and no start', () => {
    const host = withGuest(generation);
    const had = host.state.mdevs.get(A)?.effective;
    host.run(detach(A));
    expect(host.last.facts.map(({ type }) => type)).toContain('QueueReset');
    expect(host.last.facts[0]).toEqual({ type: 'MdevDetached', data: { mdev: A, guest: 'web' } });
    expect(host.state.mdevs.get(A)?.effective).toBeNull();
    host.run(attach(A));
    expect(host.last.facts.map(({ type }) => type)).toContain('MdevAttached');
    expect(host.state.mdevs.get(A)).toMatchObject({ guest: 'web', effective: had });
    expect(host.errno(detach(B))).toBe('ENODEV');
  });
});

describe('keys that are wiped from outside', () => {
  it('are a fact that changes no state, and name only queues that the machine has', () => {
    const host = withGuest('7.3');
    const before = host.state.fork();
    host.run({ type: 'ZeroizeQueues', queues: ['05.0004'], by: 'TKE' });
    expect(host.last.facts).toEqual([{ type: 'QueueZeroized', data: { queues: ['05.0004'], by: 'TKE' } }]);
    expect(host.state.equals(before)).toBe(true);
    expect(host.errno({ type: 'ZeroizeQueues', queues: ['ff.00ff'], by: 'HMC' })).toBe('ENODEV');
  });
});

it('A command that nobody can follow is no reason for a fact: there is no host', () => {
  expect(decide(new HostState(), reboot).refusal?.errno).toBe('ENODEV');
});
