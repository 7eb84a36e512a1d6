import { decide } from '@apledger/driver';
import type { Command } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import { describe, expect, it } from 'vitest';
import { ask, type HostOperation, parseStep } from './index.ts';

const A = 'aaaaaaaa-0000-4000-8000-000000000001';
const B = 'bbbbbbbb-0000-4000-8000-000000000002';
const MATRIX = '/sys/devices/vfio_ap/matrix';

function after(state: HostState, command: Command): HostState {
  const next = state.fork();
  for (const fact of decide(next, command).facts) evolve(next, fact);
  return next;
}

/** Card 05 in domain 4, mdevs A and B; guest `web` has both open, which the driver of 2019 lets it. */
const host = [
  { type: 'CreateMdev', text: A },
  { type: 'CreateMdev', text: B },
  { type: 'StartGuest', mdev: A, guest: 'web' },
  { type: 'StartGuest', mdev: B, guest: 'web' },
].reduce(
  (state, command) => after(state, command as Command),
  after(new HostState(), {
    type: 'RegisterHost',
    host: 'box',
    driver: '2019-v2',
    hardware: {
      qci: true,
      apxa: true,
      maxAdapter: 255,
      maxDomain: 255,
      adapters: [5],
      domains: [4],
      controlDomains: [4],
      cards: [],
    },
    boot: { apmask: null, aqmask: null },
  }),
) as HostState;

const asked = (line: string, directory = '') =>
  ask(host, directory, parseStep(line).operation as HostOperation);

describe('what a step asks of a host', () => {
  it.each<[string, Command[]]>([
    ['echo -5 > /sys/bus/ap/apmask', [{ type: 'WriteMask', mask: 'apmask', text: '-5\n' }]],
    [`echo 5 > ${MATRIX}/${A}/assign_adapter`, [{ type: 'AssignAdapter', mdev: A, text: '5\n' }]],
    ['card 05 config=0', [{ type: 'ConfigureCard', adapter: 5, text: '0\n' }]],
    ['card 05 chkstop=1', [{ type: 'SetCheckStop', adapter: 5, checkStopped: true }]],
    ['hardware adapters=5,6', [{ type: 'ChangeHardware', adapters: [5, 6] }]],
    ['scan', [{ type: 'ScanBus' }]],
    ['modprobe vfio_ap', [{ type: 'LoadModule', module: 'vfio_ap' }]],
    ['modprobe -r vfio_ap', [{ type: 'UnloadModule', module: 'vfio_ap' }]],
    ['rmmod vfio_ap', [{ type: 'UnloadModule', module: 'vfio_ap' }]],
    ['zeroize 05.0004', [{ type: 'ZeroizeQueues', queues: ['05.0004'], by: 'HMC' }]],
    [
      'zeroize 05.0004 06.000A by=TKE',
      [{ type: 'ZeroizeQueues', queues: ['05.0004', '06.000a'], by: 'TKE' }],
    ],
    ['host reboot', [{ type: 'RebootHost' }]],
    [`host reboot autostart=${B}`, [{ type: 'RebootHost' }, { type: 'CreateMdev', text: B }]],
    [`guest attach db ${A}`, [{ type: 'AttachMdev', mdev: A, guest: 'db' }]],
    [`guest detach web ${B}`, [{ type: 'DetachMdev', mdev: B }]],
    [
      'guest reset web',
      [
        { type: 'ResetGuestDevice', mdev: A },
        { type: 'ResetGuestDevice', mdev: B },
      ],
    ],
    ['echo x > /sys/bus/ap/uevent', [{ type: 'WriteAttribute', path: 'bus/ap/uevent', text: 'x\n' }]],
    ['echo 1 > /sys/bus/ap/devices/05.0004/reset', [{ type: 'ResetQueue', queue: '05.0004', text: '1\n' }]],
    [`guest start db ${A}`, [{ type: 'StartGuest', mdev: A, guest: 'db' }]],
    [
      'guest stop web',
      [
        { type: 'StopGuest', mdev: A },
        { type: 'StopGuest', mdev: B },
      ],
    ],
    [
      'guest migrate web',
      [
        { type: 'MigrateGuest', mdev: A },
        { type: 'MigrateGuest', mdev: B },
      ],
    ],
  ])('%s: commands', (line, commands) => {
    expect(asked(line)).toMatchObject({ commands });
  });

  it('follows relative paths from where cd went', () => {
    const moved = asked('cd /sys/bus/ap');
    expect(moved).toEqual({ output: '', directory: 'bus/ap' });
    expect(asked('echo -5 > apmask', 'bus/ap')).toMatchObject({ commands: [{ type: 'WriteMask' }] });
    expect(asked('cd devices/card05', 'bus/ap')).toEqual({ output: '', directory: 'bus/ap/devices/card05' });
  });

  it('goes back through a link as bash does, and reads through it as the kernel does', () => {
    const inLink = 'bus/ap/devices/card05';
    expect(asked('cd ..', inLink)).toEqual({ output: '', directory: 'bus/ap/devices' });
    expect(asked('cd ../..', inLink)).toEqual({ output: '', directory: 'bus/ap' });
    expect(asked('ls ..', inLink)).toMatchObject({ output: expect.stringContaining('card05\n') });
    expect(asked('cat ../../ap_domain', inLink)).toMatchObject({ refused: { errno: 'ENOENT' } });
    expect(asked('cat ../../../bus/ap/ap_domain', inLink)).toEqual({ output: '4\n' });
  });

  it('finds nothing of the host outside of /sys', () => {
    for (const line of ['cd ..', 'cat ../bus/ap/ap_domain', 'cat /sys/../bus/ap/ap_domain', 'cd nothing/..'])
      expect(asked(line)).toMatchObject({ refused: { errno: 'ENOENT' } });
  });

  it('reads without a command, also what can be read beside what cannot', () => {
    expect(asked('cat /sys/bus/ap/ap_domain')).toEqual({ output: '4\n' });
    expect(asked('echo hello')).toEqual({ output: 'hello\n' });
    expect(asked('cat /sys/nothing /sys/bus/ap/ap_domain')).toMatchObject({
      output: '4\n',
      refused: { errno: 'ENOENT' },
    });
  });

  it('lists a directory, a file and a link to either', () => {
    expect(asked('ls /sys/bus/ap/devices/05.0004')).toEqual(asked('ls', 'devices/ap/card05/05.0004'));
    expect(asked('ls /sys/bus/ap/devices')).toEqual({ output: '05.0004\ncard05\n' });
    expect(asked('ls /sys/bus/ap/ap_domain')).toEqual({ output: '/sys/bus/ap/ap_domain\n' });
    expect(asked('ls ap_domain', 'bus/ap')).toEqual({ output: 'ap_domain\n' });
    expect(asked('ls /sys/bus/ap/nothing')).toMatchObject({
      output: '',
      refused: { errno: 'ENOENT', explanation: expect.stringContaining('/sys/bus/ap/nothing') },
    });
  });

  it.each([
    ['echo 1 > /sys/bus/ap/nothing', 'ENOENT', 'There is no /sys/bus/ap/nothing on host box.'],
    ['echo 1 > /etc/passwd', 'ENOENT', '/etc/passwd does not lie in /sys.'],
    ['echo 1 > /sys/bus/ap/ap_max_domain_id', 'EACCES', 'cannot be written, not even by root'],
    ['cat /sys/bus/ap/drivers_probe', 'EACCES', 'cannot be read, not even by root'],
    ['card 07 config=0', 'ENOENT', 'There is no /sys/devices/ap/card07/config on host box.'],
    ['card 05 chkstop=2', 'EINVAL', '2 is neither 0 nor 1.'],
    ['guest stop db', 'ENODEV', 'No guest db has an mdev open on host box.'],
  ])('%s: %s, and why', (line, errno, why) => {
    const answer = asked(line);
    expect(answer).toMatchObject({ output: '', refused: { errno, conflicts: [] } });
    expect('refused' in answer && answer.refused?.explanation).toContain(why);
  });
});

describe('a step on its own', () => {
  it.each(['', '  # nothing', 'x=1', 'scan\nscan', 'scan\r'])(
    'is one line that asks for something: %j',
    (text) => {
      expect(() => parseStep(text)).toThrow(/line 1: /);
    },
  );
});
