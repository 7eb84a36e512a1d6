/** `apledger capture` and `apledger import`: a host, its files, and the same host again. */
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { packed, unpacked } from '@apledger/capture';
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { put } from '../support/sysfs-files.ts';
import { apledger, file, inRepository, objects } from './support.ts';
import { stateIn, viewOf, writeTree } from './sysfs-tree.ts';

const [FIRST, SECOND] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
const KERNELS = {
  '5.10': '5.10.226',
  '6.1': '6.1.192-1-s390x',
  '6.8': '6.8.0-100-generic',
  '6.12': '6.12.117+deb13-s390x',
  '7.3': '7.3.4',
};

/** Masks, three cards of which one is off, two mdevs, a guest. */
const SCRIPT = `
matrix=/sys/devices/vfio_ap/matrix
host zlp1 adapters=5,6,10 domains=4,0x47 control-domains=4,5 types=06:CEX7P driver=DRIVER apmask=0xffff
echo 0xfbdf0000000000000000 > /sys/bus/ap/apmask
echo ${FIRST} > $matrix/mdev_supported_types/vfio_ap-passthrough/create
echo ${SECOND} > $matrix/mdev_supported_types/vfio_ap-passthrough/create
echo 5 > $matrix/${FIRST}/assign_adapter
echo 4 > $matrix/${FIRST}/assign_domain
echo 0x47 > $matrix/${FIRST}/assign_domain
echo 5 > $matrix/${FIRST}/assign_control_domain
echo 10 > $matrix/${SECOND}/assign_adapter
echo 4 > $matrix/${SECOND}/assign_domain
echo 99 > $matrix/${SECOND}/assign_domain
echo 60 > /sys/bus/ap/config_time
echo 0 > /sys/devices/ap/card06/online
`;

async function play(text: string): Promise<string> {
  const data = scratch();
  const played = await apledger('run', file('host.sh', text), '--data', data);
  expect(played).toMatchObject({ status: 0, err: '' });
  return data;
}

async function captureOf(data: string, kernel: string, ...options: string[]): Promise<string> {
  const tar = join(scratch(), 'host.tar');
  const roots = writeTree(await stateIn(data, 'zlp1'), kernel, 'root=/dev/dasda1 secret=x ap.apmask=0xffff');
  const captured = await apledger('capture', ...roots, '-o', tar, ...options);
  expect(captured.status).toBe(0);
  return tar;
}

describe('a captured host, imported', () => {
  it.each(['6.12', '7.3'] as const)('is the same host (%s)', async (driver) => {
    const data = await play(SCRIPT.replace('DRIVER', driver));
    const tar = await captureOf(data, KERNELS[driver]);
    const imported = await apledger('import', tar, '--host', 'copy', '--data', data);
    expect(imported.err).toBe(
      [
        `import: mdev ${FIRST}: there, but mdevctl has no definition: a reboot loses it\n`,
        `import: mdev ${SECOND}: there, but mdevctl has no definition: a reboot loses it\n`,
        'import: guests: no file names any: none are started\n',
      ].join(''),
    );
    expect(imported.status).toBe(0);
    expect(imported.out).toMatch(
      /^3 cards, 6 queues, 2 mdevs, 0 guests; \d+ commands, 0 refused, 0 differences$/m,
    );
    expect(await viewOf(data, 'copy')).toEqual(await viewOf(data, 'zlp1'));
    const [was, is] = [await stateIn(data, 'zlp1'), await stateIn(data, 'copy')];
    expect(is.bootParameters).toEqual(was.bootParameters);
    expect(is.attributes).toEqual(was.attributes);
    expect(is.cards.get(6)?.online).toBe(false);
  });

  it.each(['5.10', '6.1', '6.8'] as const)('needs --unbounded before ap_config (%s)', async (driver) => {
    // 5.10 assigns no queue that is not there.
    const script = SCRIPT.replace('DRIVER', driver).replace(driver === '5.10' ? /^echo 99 .*\n/m : /$/, '');
    const data = await play(script);
    const without = await apledger(
      'import',
      await captureOf(data, KERNELS[driver]),
      '--host',
      'half',
      '--data',
      data,
    );
    expect(without.err).toContain(`${FIRST}: matrix and guest_matrix are not read`);
    const whole = await captureOf(data, KERNELS[driver], '--unbounded');
    const imported = await apledger('import', whole, '--host', 'copy', '--data', data);
    expect(imported).toMatchObject({
      status: 0,
      out: expect.stringContaining(`host copy: driver ${driver} (`),
    });
    expect(await viewOf(data, 'copy')).toEqual(await viewOf(data, 'zlp1'));
  });

  it('has its guests when they were captured', async () => {
    const data = await play(`${SCRIPT.replace('DRIVER', '6.12')}guest start web ${FIRST}\n`);
    const roots = writeTree(await stateIn(data, 'zlp1'), KERNELS['6.12']);
    const proc = roots[5] ?? '';
    put(
      join(proc, '4711/cmdline'),
      [
        'qemu-system-s390x',
        '-name',
        'guest=web,debug-threads=on',
        '-device',
        `{"driver":"vfio-ap","id":"hostdev0","sysfsdev":"/sys/bus/mdev/devices/${FIRST}"}`,
        '-object',
        'secret,id=s,data=geheim',
        '',
      ].join('\0'),
    );
    const unnamed = join(scratch(), 'unnamed.tar');
    await apledger('capture', ...roots, '-o', unnamed);
    const without = await apledger('import', unnamed, '--host', 'unnamed', '--data', data);
    expect(without.status).toBe(1);
    expect(without.err).toContain(`differs: mdev ${FIRST}: a guest uses it, and no file names the guest`);

    const named = join(scratch(), 'named.tar');
    await apledger('capture', ...roots, '-o', named, '--guests');
    expect(readFileSync(named, 'latin1')).not.toContain('geheim');
    const imported = await apledger('import', named, '--host', 'copy', '--data', data);
    expect(imported.status).toBe(0);
    expect(await viewOf(data, 'copy')).toEqual(await viewOf(data, 'zlp1'));
  });

  it('has overrides, and queues that somebody unbound', async () => {
    const data = await play(
      'host zlp1 adapters=5 domains=4,5 driver=7.3\necho 05.0005 > /sys/bus/ap/drivers/cex4queue/unbind\necho vfio_ap > /sys/devices/ap/card05/05.0004/driver_override\n',
    );
    const imported = await apledger(
      'import',
      await captureOf(data, '7.3.4'),
      '--host',
      'copy',
      '--data',
      data,
    );
    expect(imported.err).not.toContain('refused');
    const copy = await stateIn(data, 'copy');
    expect(copy.cards.get(5)?.queues.get(4)?.driverOverride).toBe('vfio_ap');
    expect(await viewOf(data, 'copy')).toMatchObject({ cards: [{ adapter: 5, zcrypt: [4], vfioAp: [] }] });
  });

  it('says what the rules do not explain', async () => {
    const data = await play(SCRIPT.replace('DRIVER', '6.12'));
    const files = new Map(await unpacked(readFileSync(await captureOf(data, KERNELS['6.12']))));
    const mdev = `sys/devices/vfio_ap/matrix/${SECOND}`;
    const first = files.get(`sys/devices/vfio_ap/matrix/${FIRST}/ap_config`);
    if (first !== undefined) files.set(`${mdev}/ap_config`, first);
    files.set(`${mdev}/guest_matrix`, { text: '05.0004\n' });
    const tar = file('odd.tar', Buffer.from(await packed(files, new Date(0))));
    const imported = await apledger('import', tar, '--host', 'odd', '--data', data);
    expect(imported.status).toBe(1);
    expect(imported.err).toContain(`refused: ConfigureMdev ${SECOND}`);
    expect(imported.err).toContain('EADDRINUSE');
    expect(imported.err).toContain(`differs: mdev ${SECOND}: is assigned adapters none`);
    const [refused] = objects(
      (await apledger('events', '--host', 'odd', '--type', 'CommandRejected', '--json', '--data', data)).out,
    );
    expect(JSON.stringify(refused)).toContain('import odd.tar');
  });
});

describe('capture', () => {
  it('takes of the command line the words of the AP bus only, and no more of sysfs than it needs', async () => {
    const tar = await captureOf(await play(SCRIPT.replace('DRIVER', '6.12')), KERNELS['6.12']);
    const files = await unpacked(readFileSync(tar));
    expect(files.get('proc/cmdline')).toEqual({ text: 'ap.apmask=0xffff\n' });
    expect(files.get('sys/devices/ap/card05/05.0004/driver')).toEqual({
      target: '../../../../bus/ap/drivers/vfio_ap',
    });
    const names = [...files.keys()].map((path) => path.split('/').at(-1));
    expect(names).not.toContain('mkvps');
    expect(names).not.toContain('interrupt');
    expect(files.has('sys/devices/ap/card05/05.0004/ap_functions')).toBe(false);
  });

  it('does not read the matrix of a large mdev where that may damage the host', async () => {
    const data = await play(
      `host zlp1 adapters=0-7 domains=0-63 driver=6.12 aqmask=0x0
echo ${FIRST} > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
echo 0xff,0xffffffffffffffff,0x0 > /sys/devices/vfio_ap/matrix/${FIRST}/ap_config
`,
    );
    const roots = writeTree(await stateIn(data, 'zlp1'), '');
    const read = async (kernel: string) => {
      put(join(roots[5] ?? '', 'sys/kernel/osrelease'), kernel);
      const tar = join(scratch(), 'host.tar');
      const { err } = await apledger('capture', ...roots, '-o', tar);
      const files = await unpacked(readFileSync(tar));
      return { isRead: files.has(`sys/devices/vfio_ap/matrix/${FIRST}/guest_matrix`), err };
    };
    expect(await read('6.12.117')).toEqual({
      isRead: false,
      err: expect.stringContaining('it has 512 queues'),
    });
    expect(await read('7.3.4')).toEqual({ isRead: true, err: '' });
  });

  it('keeps definitions and the rule of chzdev, and says where they differ from the host', async () => {
    const data = await play(SCRIPT.replace('DRIVER', '6.12'));
    const roots = writeTree(await stateIn(data, 'zlp1'), KERNELS['6.12']);
    const etc = roots[3] ?? '';
    put(
      join(etc, 'udev/rules.d/41-ap.rules'),
      readFileSync(inRepository('test/fixtures/real-hosts/41-ap.rules'), 'utf8'),
    );
    put(
      join(etc, `mdevctl.d/matrix/${FIRST}`),
      '{"mdev_type":"vfio_ap-passthrough","start":"auto","attrs":[]}',
    );
    put(
      join(etc, 'mdevctl.d/matrix/33333333-3333-4333-8333-333333333333'),
      '{"mdev_type":"vfio_ap-passthrough","start":"auto"}',
    );
    put(join(etc, 'mdevctl.d/matrix/44444444-4444-4444-8444-444444444444'), '{"mdev_type":');
    const tar = join(scratch(), 'host.tar');
    await apledger('capture', ...roots, '-o', tar);
    const { err, status } = await apledger('import', tar, '--host', 'copy', '--data', data);
    expect(status).toBe(0);
    expect(err).toContain('import: aqmask: 41-ap.rules keeps 0xf7ff');
    expect(err).toContain(
      'mdev 33333333-3333-4333-8333-333333333333: defined for mdevctl (start: auto), but not there',
    );
    expect(err).toContain('44444444-4444-4444-8444-444444444444 is not JSON');
    expect(await viewOf(data, 'copy')).toEqual(await viewOf(data, 'zlp1'));
  });

  it('says where there is no AP bus, and overwrites nothing', async () => {
    const nothing = await apledger('capture', '--sysfs', scratch(), '-o', join(scratch(), 'x.tar'));
    expect(nothing).toMatchObject({ status: 2, err: expect.stringContaining('this machine has no AP bus') });
    const data = await play(SCRIPT.replace('DRIVER', '6.12'));
    const there = file('there.tar', 'mine');
    const roots = writeTree(await stateIn(data, 'zlp1'), KERNELS['6.12']);
    expect((await apledger('capture', ...roots, '-o', there)).status).toBe(2);
    expect(readFileSync(there, 'utf8')).toBe('mine');
  });

  it('reads no folder, device or endless file that stands where a file should', async () => {
    const data = await play(SCRIPT.replace('DRIVER', '6.12'));
    const roots = writeTree(await stateIn(data, 'zlp1'), KERNELS['6.12']);
    const rule = join(roots[3] ?? '', 'udev/rules.d/41-ap.rules');
    mkdirSync(rule, { recursive: true });
    rmSync(join(roots[1] ?? '', 'bus/ap/config_time'));
    symlinkSync('/dev/zero', join(roots[1] ?? '', 'bus/ap/config_time'));
    const tar = join(scratch(), 'host.tar');
    const { err, status } = await apledger('capture', ...roots, '-o', tar);
    expect(status).toBe(0);
    expect(err).toContain('etc/udev/rules.d/41-ap.rules: cannot be read');
    expect(err).toContain('sys/bus/ap/config_time: cannot be read');
  });
});
