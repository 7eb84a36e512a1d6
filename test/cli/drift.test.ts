/** `apledger drift` on the files of a host, as a support archive has them: `--live`, a capture, and what cannot be read. */
import { chmodSync, mkdirSync, readFileSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteLog } from '@apledger/event-log';
import { pack } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { put } from '../support/sysfs-files.ts';
import { apledger, file, objects } from './support.ts';
import { stateIn, writeTree } from './sysfs-tree.ts';

const FIRST = '11111111-1111-4111-8111-111111111111';
const SECOND = '22222222-2222-4222-8222-222222222222';
const SCRIPT = `
matrix=/sys/devices/vfio_ap/matrix
host zlp1 adapters=5,6 domains=4,0x47,0xab driver=6.12
echo -5 > /sys/bus/ap/apmask
echo ${FIRST} > $matrix/mdev_supported_types/vfio_ap-passthrough/create
echo 5 > $matrix/${FIRST}/assign_adapter
echo 4 > $matrix/${FIRST}/assign_domain
guest start web ${FIRST}
`;
const RULE = `ATTR{../../bus/ap/apmask}="0x${'fb'.padEnd(64, 'f')}"\nRUN{builtin}+="kmod load vfio_ap"\n`;
const definition = (...domains: string[]): string =>
  JSON.stringify({
    mdev_type: 'vfio_ap-passthrough',
    start: 'auto',
    attrs: [{ assign_adapter: '5' }, ...domains.map((domain) => ({ assign_domain: domain }))],
  });
const DOMAIN = `<?xml version="1.0"?>
<!-- made by virsh -->
<domain type='kvm'><name>web</name><devices>
  <graphics type='vnc' passwd='secret'/>
  <hostdev mode='subsystem' type='mdev' model='vfio-ap'><source><address uuid='${FIRST}'/></source></hostdev>
</devices></domain>
`;

/** The root of a host's files, and the log that it is played from. */
async function hostFiles(): Promise<{ readonly root: string; readonly data: string }> {
  const data = scratch();
  const { status, err } = await apledger('run', file('host.sh', SCRIPT), '--data', data);
  expect([status, err]).toEqual([0, '']);
  const [, sys = ''] = writeTree(await stateIn(data, 'zlp1'), '6.12.117', 'quiet secret=1');
  const root = join(sys, '..');
  put(
    join(root, 'proc/4711/cmdline'),
    [
      'qemu',
      '-name',
      'guest=web',
      '-device',
      `{"driver":"vfio-ap","sysfsdev":"/sys/bus/mdev/devices/${FIRST}"}`,
    ].join('\0'),
  );
  return { root, data };
}

/** Everything that brings the host back as it is. */
function keepAll(root: string): void {
  put(join(root, 'etc/udev/rules.d/41-ap.rules'), RULE);
  put(join(root, `etc/mdevctl.d/matrix/${FIRST}`), definition('4'));
  put(join(root, 'etc/libvirt/qemu/web.xml'), DOMAIN);
  mkdirSync(join(root, 'etc/libvirt/qemu/autostart'));
  symlinkSync('/etc/libvirt/qemu/web.xml', join(root, 'etc/libvirt/qemu/autostart/web.xml'));
}

describe('apledger drift', () => {
  it('finds nothing where everything is kept, and writes nothing', async () => {
    const { root } = await hostFiles();
    keepAll(root);
    const { status, out, err } = await apledger('drift', 'zlp1', '--live', root);
    expect([status, err]).toEqual([0, '']);
    expect(out).toContain('What a reboot of host zlp1 would change, driver 6.12');
    expect(out).toMatch(/^A reboot changes nothing\.$/m);
  });

  it('says what no file keeps', async () => {
    const { root } = await hostFiles();
    const { status, out } = await apledger('drift', '--live', root, '--json');
    expect(status).toBe(1);
    const [found] = objects(out) as unknown as [
      { differences: { what: string; why: string }[]; unknown: unknown[] },
    ];
    expect(found.unknown).toEqual([]);
    expect(found.differences.map(({ what, why }) => [what, why])).toEqual([
      ['apmask', 'no file keeps it: the kernel begins with all ones'],
      ['05.0004, 05.0047, 05.00ab', 'follows from the masks'],
      [`mdev ${FIRST}`, 'mdevctl has no definition of it: no file keeps it'],
      ['guest web', 'libvirt does not start it at boot'],
    ]);
  });

  it('shows every outcome of mdevs in conflict', async () => {
    const { root } = await hostFiles();
    keepAll(root);
    put(join(root, `etc/mdevctl.d/matrix/${SECOND}`), definition('4', '0x47'));
    const { status, out } = await apledger('drift', '--live', root);
    expect(status).toBe(1);
    expect(out).toContain(
      [
        `conflict: 2 mdevs in each other's way; mdevctl starts them in an order that nothing defines`,
        `  ${FIRST}, then ${SECOND}:`,
        `    ${FIRST} comes up`,
        `    ${SECOND} does not: EADDRINUSE 05.0004 would be in the matrix, but mdev ${FIRST} has it.`,
        `  ${SECOND}, then ${FIRST}:`,
        `    ${SECOND} comes up`,
        `    ${FIRST} does not: EADDRINUSE 05.0004 would be in the matrix, but mdev ${SECOND} has it.`,
        '  all 2 orders tried',
      ].join('\n'),
    );
    expect(out).toContain('guest web\n  now:          runs\n  after reboot: depends on which of the mdevs');
  });

  it('says that the copy of the rule in an older initrd may be stale', async () => {
    const { root } = await hostFiles();
    keepAll(root);
    const initrd = join(root, 'boot/initrd.img-6.12.117');
    put(initrd, '');
    put(join(root, 'boot/initrd.img-6.1.0'), '');
    utimesSync(initrd, 1_000_000, 1_000_000);
    const { status, out } = await apledger('drift', '--live', root);
    expect(status).toBe(0);
    expect(out).toContain('note: boot/initrd.img-6.12.117: is older than 41-ap.rules');
    expect(out).not.toContain('6.1.0');
  });

  it('looks at a capture, which has none of the secrets', async () => {
    const { root } = await hostFiles();
    keepAll(root);
    put(join(root, 'etc/modprobe.d/ap.conf'), 'options ap apmask=0x0\noptions other password=secret\n');
    const tar = join(scratch(), 'host.tar');
    const roots = ['sysfs', 'etc', 'proc'].map((name) => [
      `--${name}`,
      join(root, name.replace('sysfs', 'sys')),
    ]);
    await apledger('capture', ...roots.flat(), '--guests', '-o', tar);
    expect(readFileSync(tar, 'utf8')).not.toContain('secret');
    const { status, out } = await apledger('drift', 'zlp1', '--capture', tar);
    expect([status, out]).toEqual([0, expect.stringContaining('A reboot changes nothing.')]);
  });

  it('has status 2 where it cannot look: no AP bus, no capture, no host, nothing seen by an agent', async () => {
    const { data } = await hostFiles();
    for (const [args, message] of [
      [['--live', scratch()], 'has no AP bus'],
      [['--capture', file('x.tar', 'nonsense')], 'x.tar: '],
      [['--capture', '/none'], 'ENOENT'],
      [['--live', '/', '--capture', 'x'], 'either --live or --capture'],
      [['--data', data], 'Name a host'],
      [['nobody', '--data', data], 'There is no host nobody. There are zlp1.'],
      [['zlp1', '--data', data], 'No agent has seen what host zlp1 keeps'],
    ] as const)
      expect(await apledger('drift', ...args)).toMatchObject({
        status: 2,
        err: expect.stringContaining(message),
      });
  });

  it('has status 2 where a file that decides cannot be read, and shows what it has', async () => {
    const { root } = await hostFiles();
    keepAll(root);
    // A folder in its place: root may read everything else.
    put(join(root, `etc/mdevctl.d/matrix/${SECOND}/x`), '');
    chmodSync(join(root, 'etc'), 0o755);
    const { status, out, err } = await apledger('drift', '--live', root);
    expect([status, out]).toEqual([2, expect.stringContaining('A reboot changes nothing.')]);
    expect(err).toContain(`${SECOND}: cannot be read`);
  });

  it('is asked of the ledger where an agent has seen the files', async () => {
    const { data } = await hostFiles();
    const log = await openSqliteLog({ directory: data });
    const files = [
      { file: 'etc/udev/rules.d/41-ap.rules', text: RULE },
      { file: `etc/mdevctl.d/matrix/${FIRST}`, text: definition('4') },
    ];
    const fact = { type: 'BootFilesSeen' as const, data: { files, unread: [] } };
    const id = crypto.randomUUID();
    await log.append({
      stream: 'host-zlp1',
      expected: 'any',
      commandId: id,
      correlation: id,
      actor: 'unattributed',
      facts: [{ ...fact, version: 1, occurredAt: '2027-01-01T00:00:00.000Z', packed: pack(fact) }],
    });
    await log.close();
    const { status, out } = await apledger('drift', 'zlp1', '--data', data);
    expect([status, out]).toEqual([0, expect.stringContaining('A reboot changes nothing.')]);
    expect(out).toContain('note: guests: no file says which guests libvirt starts: not compared');
  });
});
