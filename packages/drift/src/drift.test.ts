import { readBootSources } from '@apledger/capture';
import { decide } from '@apledger/driver';
import type { Command, Generation } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import { describe, expect, it } from 'vitest';
import { driftOf } from './drift.ts';
import { nowOfState } from './now.ts';

const A = '11111111-1111-4111-8111-111111111111';
const B = '22222222-2222-4222-8222-222222222222';
const C = '33333333-3333-4333-8333-333333333333';

/** Adapters 5 and 6, domains 4, 71, 171; card 05 given to vfio_ap as by `-5`. */
function host(commands: readonly Command[] = [], driver: Generation = '6.12'): HostState {
  const state = new HostState();
  const hardware = {
    qci: true,
    apxa: true,
    maxAdapter: 255,
    maxDomain: 255,
    adapters: [5, 6],
    domains: [4, 71, 171],
    controlDomains: [4],
    cards: [],
  };
  const boot = { apmask: null, aqmask: null };
  for (const command of [
    { type: 'RegisterHost', host: 'zlp1', driver, hardware, boot } as const,
    ...commands,
  ]) {
    const { facts, refusal } = decide(state, command);
    if (refusal !== undefined) throw new Error(`${command.type}: ${refusal.explanation}`);
    for (const fact of facts) evolve(state, fact);
  }
  return state;
}

const MASK = (bits: string): string => `0x${bits.padEnd(64, 'f')}`;
const rule = (masks: Readonly<Record<string, string>>): string =>
  `${Object.entries(masks)
    .map(([name, value]) => `ATTR{../../bus/ap/${name}}="${value}"`)
    .join('\n')}\nRUN{builtin}+="kmod load vfio_ap"\n`;
const definition = (start: string, ...attrs: (readonly [string, string])[]): string =>
  JSON.stringify({
    mdev_type: 'vfio_ap-passthrough',
    start,
    attrs: attrs.map(([name, value]) => ({ [name]: value })),
  });

const drift = (state: HostState, files: Readonly<Record<string, string>>) => {
  const { sources, notes } = readBootSources(
    new Map(Object.entries(files).map(([path, text]) => [path, { text }])),
  );
  const found = driftOf(nowOfState(state), sources);
  return { ...found, notes: [...notes, ...found.notes] };
};
const ADAPTER_5: Command = { type: 'WriteMask', mask: 'apmask', text: '-5' };
const mdev = (uuid: string, adapter: string, domain: string): Command[] => [
  { type: 'CreateMdev', text: uuid },
  { type: 'AssignAdapter', mdev: uuid, text: adapter },
  { type: 'AssignDomain', mdev: uuid, text: domain },
];
const RULE_5 = { 'etc/udev/rules.d/41-ap.rules': rule({ apmask: MASK('fb') }) };

describe('what a reboot would give', () => {
  it('is nothing else where all of it is kept', () => {
    const state = host([ADAPTER_5, ...mdev(A, '5', '4')]);
    const files = {
      ...RULE_5,
      [`etc/mdevctl.d/matrix/${A}`]: definition('auto', ['assign_adapter', '5'], ['assign_domain', '4']),
    };
    expect(drift(state, files)).toMatchObject({ differences: [], conflicts: [] });
  });

  it('are the masks of the boot where no file keeps those of now', () => {
    const { differences } = drift(host([ADAPTER_5]), { 'proc/cmdline': '\n' });
    expect(differences).toEqual([
      {
        what: 'apmask',
        now: MASK('fb'),
        afterReboot: MASK(''),
        why: 'no file keeps it: the kernel begins with all ones',
      },
      {
        what: '05.0004, 05.0047, 05.00ab',
        now: 'vfio_ap',
        afterReboot: 'cex4queue',
        why: 'follows from the masks',
      },
    ]);
  });

  it('are the masks of the rule, whatever the command line says', () => {
    const files = { ...RULE_5, 'proc/cmdline': `ap.apmask=${MASK('fd')}\n` };
    expect(drift(host([ADAPTER_5]), files).differences).toEqual([]);
  });

  it('are the options of modprobe.d, and those of the command line before them', () => {
    const state = host([{ type: 'WriteMask', mask: 'apmask', text: MASK('fd') }]);
    const modprobe = { 'etc/modprobe.d/ap.conf': `options ap apmask=${MASK('fb')} aqmask=${MASK('')}\n` };
    expect(drift(state, modprobe).differences[0]).toMatchObject({
      what: 'apmask',
      afterReboot: MASK('fb'),
      why: 'etc/modprobe.d/ap.conf',
    });
    const both = { ...modprobe, 'proc/cmdline': `ap.apmask=${MASK('fd')}\n` };
    expect(drift(state, both).differences).toEqual([]);
    const builtIn = { ...modprobe, 'boot.json': '{"builtIn":{"ap":true,"vfio_ap":false},"changed":{}}' };
    const told = drift(state, builtIn);
    expect(told.differences[0]).toMatchObject({ what: 'apmask', afterReboot: MASK('') });
    expect(told.notes).toContainEqual({
      where: 'etc/modprobe.d/ap.conf',
      what: expect.stringContaining('part of this kernel'),
    });
  });

  it('lacks mdevs that are transient, manual, or refused', () => {
    const state = host([ADAPTER_5, ...mdev(A, '5', '4'), ...mdev(B, '5', '71')]);
    const files = {
      ...RULE_5,
      [`etc/mdevctl.d/matrix/${B}`]: definition('manual', ['assign_adapter', '5'], ['assign_domain', '71']),
      [`etc/mdevctl.d/matrix/${C}`]: definition('auto', ['assign_adapter', '6'], ['assign_domain', '4']),
    };
    expect(drift(state, files).differences.map(({ what, why }) => [what, why])).toEqual([
      [`mdev ${A}`, 'mdevctl has no definition of it: no file keeps it'],
      [`mdev ${B}`, 'its definition says start: manual'],
      [`mdev ${C}`, expect.stringContaining('EADDRNOTAVAIL')],
    ]);
  });

  it('has the matrix of the definition, in the spelling of mdevctl', () => {
    const state = host([ADAPTER_5, ...mdev(A, '5', '4')]);
    const files = {
      ...RULE_5,
      [`etc/mdevctl.d/matrix/${A}`]: definition('auto', ['assign_adapter', '0x5'], ['assign_domain', '0107']),
    };
    expect(drift(state, files).differences).toEqual([
      {
        what: `mdev ${A}`,
        now: 'has adapters 05 domains 0004 control domains none',
        afterReboot: 'has adapters 05 domains 0047 control domains none',
        why: 'its definition of mdevctl',
      },
    ]);
  });

  it('shows both outcomes where two mdevs want one queue, and leaves others out of it', () => {
    const state = host([ADAPTER_5, ...mdev(A, '5', '4')]);
    const wants = (domain: string) => definition('auto', ['assign_adapter', '5'], ['assign_domain', domain]);
    const { conflicts, differences } = drift(state, {
      ...RULE_5,
      [`etc/mdevctl.d/matrix/${A}`]: wants('4'),
      [`etc/mdevctl.d/matrix/${B}`]: wants('0x4'),
      [`etc/mdevctl.d/matrix/${C}`]: wants('171'),
    });
    expect(conflicts).toEqual([
      {
        mdevs: [A, B],
        ordersTried: 2,
        isWhole: true,
        outcomes: [
          {
            order: [A, B],
            started: [A],
            refused: [expect.objectContaining({ mdev: B, errno: 'EADDRINUSE' })],
          },
          {
            order: [B, A],
            started: [B],
            refused: [expect.objectContaining({ mdev: A, errno: 'EADDRINUSE' })],
          },
        ],
      },
    ]);
    expect(differences.map(({ what }) => what)).toEqual([`mdev ${C}`]);
  });

  it('puts a chain of conflicts into one group, and gives each set that may come up', () => {
    const files = {
      ...RULE_5,
      [`etc/mdevctl.d/matrix/${A}`]: definition('auto', ['assign_adapter', '5'], ['assign_domain', '4']),
      [`etc/mdevctl.d/matrix/${B}`]: definition(
        'auto',
        ['assign_adapter', '5'],
        ['assign_domain', '4'],
        ['assign_domain', '71'],
      ),
      [`etc/mdevctl.d/matrix/${C}`]: definition('auto', ['assign_adapter', '5'], ['assign_domain', '71']),
    };
    const { conflicts } = drift(host([ADAPTER_5]), files);
    expect(conflicts.map(({ mdevs, ordersTried }) => [mdevs, ordersTried])).toEqual([[[A, B, C], 6]]);
    expect(conflicts[0]?.outcomes.map(({ started }) => started.toSorted())).toEqual([[A, C], [B]]);
  });

  it('starts no mdev where nothing loads vfio_ap', () => {
    const state = host([ADAPTER_5, ...mdev(A, '5', '4')]);
    const { differences } = drift(state, {
      'proc/cmdline': `ap.apmask=${MASK('fb')}\n`,
      'boot.json': '{"builtIn":{"ap":true,"vfio_ap":false},"changed":{}}',
      [`etc/mdevctl.d/matrix/${A}`]: definition('auto', ['assign_adapter', '5'], ['assign_domain', '4']),
    });
    expect(differences).toEqual([
      expect.objectContaining({ what: '05.0004, 05.0047, 05.00ab', why: 'no file loads vfio_ap' }),
      expect.objectContaining({ what: `mdev ${A}`, why: 'ENOENT: The module vfio_ap is not loaded.' }),
    ]);
  });

  it('says which guests come up, and which have lost their mdev', () => {
    const state = host([ADAPTER_5, ...mdev(A, '5', '4'), { type: 'StartGuest', mdev: A, guest: 'web' }]);
    const { differences } = drift(state, {
      ...RULE_5,
      [`etc/mdevctl.d/matrix/${A}`]: definition('auto', ['assign_adapter', '5'], ['assign_domain', '4']),
      'autostart.json': JSON.stringify([
        { name: 'db', mdevs: [B] },
        { name: 'plain', mdevs: [] },
      ]),
    });
    expect(differences).toEqual([
      {
        what: 'guest db',
        now: 'does not run',
        afterReboot: `is not started: mdev ${B} is not there`,
        why: 'libvirt starts it at boot',
      },
      {
        what: 'guest web',
        now: `runs with mdev ${A}`,
        afterReboot: 'does not run',
        why: 'libvirt does not start it at boot',
      },
    ]);
  });

  it('takes a guest that nothing named for the one that libvirt starts with its mdev', () => {
    const guest = `unnamed-${A}`;
    const state = host([ADAPTER_5, ...mdev(A, '5', '4'), { type: 'StartGuest', mdev: A, guest }]);
    const files = {
      ...RULE_5,
      [`etc/mdevctl.d/matrix/${A}`]: definition('auto', ['assign_adapter', '5'], ['assign_domain', '4']),
    };
    const started = (guests: object) => drift(state, { ...files, 'autostart.json': JSON.stringify(guests) });
    expect(started([{ name: 'web', mdevs: [A] }]).differences).toEqual([]);
    expect(started([]).differences.map(({ what }) => what)).toEqual([`guest ${guest}`]);
  });

  it('are the numbers of the bus that the kernel begins with, unless a parameter says others', () => {
    const state = host([
      { type: 'WriteBusAttribute', attribute: 'config_time', text: '60' },
      { type: 'WriteBusAttribute', attribute: 'ap_domain', text: '71' },
      { type: 'WriteBusAttribute', attribute: 'poll_thread', text: '1' },
    ]);
    expect(drift(state, {}).differences).toEqual([
      { what: 'ap_domain', now: '71', afterReboot: 'chosen by the kernel', why: 'no file keeps it' },
      { what: 'config_time', now: '60', afterReboot: '30', why: 'no file keeps it' },
      { what: 'poll_thread', now: '1', afterReboot: '0', why: 'no file keeps it' },
    ]);
    const kept = drift(state, { 'proc/cmdline': 'ap.domain=0x47 ap.poll_thread=0\n' });
    expect(kept.differences).toEqual([
      { what: 'config_time', now: '60', afterReboot: '30', why: 'no file keeps it' },
      { what: 'poll_thread', now: '1', afterReboot: '0', why: 'proc/cmdline' },
    ]);
    expect(kept.notes.map(({ what }) => what).join()).not.toContain('ap.');
  });

  it('is the same default domain where the kernel has chosen it', () => {
    const state = host([{ type: 'WriteBusAttribute', attribute: 'ap_domain', text: '4' }]);
    expect(drift(state, {}).differences).toEqual([]);
  });

  it('has cards and queues online again, those that the host has', () => {
    const off = (device: string): Command => ({ type: 'SetOnline', device, text: '0' });
    const { differences } = drift(host([off('05.0004'), off('05.0047'), off('card06')]), {});
    expect(differences).toEqual([
      { what: 'card06', now: 'offline', afterReboot: 'online', why: 'no file keeps it' },
      { what: '05.0004, 05.0047', now: 'offline', afterReboot: 'online', why: 'no file keeps it' },
    ]);
    const given = drift(host([off('05.0004')]), RULE_5);
    expect(given.differences.filter(({ now }) => now === 'offline')).toEqual([]);
  });

  it('keeps what driverctl overrides, and nothing else of it', () => {
    const override = (queue: string): Command[] => [
      { type: 'UnbindQueue', driver: 'cex4queue', text: queue },
      { type: 'OverrideDriver', queue, text: 'vfio_ap' },
      { type: 'BindQueue', driver: 'vfio_ap', text: queue },
    ];
    const state = host([...override('05.0004'), ...override('05.0047')], '7.3');
    const { differences } = drift(state, { 'etc/driverctl.d/ap-05.0004': 'vfio_ap\n' });
    expect(differences.map(({ what, now, afterReboot }) => [what, now, afterReboot])).toEqual([
      ['05.0047', 'vfio_ap', 'cex4queue'],
      ['driver_override of 05.0047', 'vfio_ap', 'none'],
    ]);
  });

  it('notes what it cannot follow: an old initrd, tmpfiles, rules below /run', () => {
    const { notes } = drift(host(), {
      ...RULE_5,
      'run/udev/rules.d/40-ap.rules': rule({ aqmask: MASK('0') }),
      'etc/udev/rules.d/42-own.rules': rule({ apmask: MASK('') }),
      'etc/tmpfiles.d/ap.conf': 'w /sys/bus/ap/aqmask - - - - 0x0\n',
      'boot.json': JSON.stringify({
        builtIn: {},
        changed: {
          'etc/udev/rules.d/41-ap.rules': '2026-02-02T00:00:00.000Z',
          'boot/initrd.img-6.12': '2026-01-01T00:00:00.000Z',
          'boot/initrd.img-6.13': '2026-03-03T00:00:00.000Z',
        },
      }),
    });
    expect(notes.map(({ where }) => where)).toEqual(
      expect.arrayContaining([
        'boot/initrd.img-6.12',
        'etc/tmpfiles.d/ap.conf',
        'run/udev/rules.d/40-ap.rules',
      ]),
    );
    expect(notes.map(({ where }) => where)).not.toContain('boot/initrd.img-6.13');
  });

  it('finds no drift of a host whose adapter is taken away: that is no setting of this host', () => {
    const state = host([{ type: 'ConfigureCard', adapter: 6, text: '0' }, { type: 'ScanBus' }]);
    expect(drift(state, {}).differences).toEqual([]);
  });
});
