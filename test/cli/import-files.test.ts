/** `apledger import` of files of real programs, and of bad ones. */
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { apledger, file, inRepository } from './support.ts';
import { stateIn, viewOf } from './sysfs-tree.ts';

const [FIRST, SECOND] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
const fixture = (name: string): string => inRepository(`test/fixtures/real-hosts/${name}`);

describe('files of real programs', () => {
  it('make a host together: lszcrypt -V, 41-ap.rules, mdevctl', async () => {
    const data = scratch();
    const files = ['lszcrypt-V.txt', '41-ap.rules', 'mdevctl-list.json'].map(fixture);
    const imported = await apledger('import', ...files, '--host', 'zlp2', '--data', data);
    expect(imported.out).toContain(
      '3 cards, 6 queues, 2 mdevs, 0 guests; 11 commands, 0 refused, 0 differences',
    );
    expect(imported.status).toBe(0);
    expect(await viewOf(data, 'zlp2')).toMatchObject({
      apmask: `0xfbdf${'f'.repeat(60)}`,
      mdevs: [
        { mdev: FIRST, adapters: [5], domains: [4, 0x47], controlDomains: [4] },
        { mdev: SECOND, adapters: [10], domains: [0x47] },
      ],
    });
  });

  it('say what each of them alone does not know', async () => {
    const data = scratch();
    const alone = (name: string, host: string) =>
      apledger('import', fixture(name), '--host', host, '--data', data);
    expect((await alone('lszcrypt-V.txt', 'a')).err).toMatch(
      /apmask: no file says it[\s\S]*mdevs: no file says[\s\S]*differs: .*05\.0004.*has cex4queue, and had vfio_ap/,
    );
    const definitions = await alone('mdevctl-list.json', 'b');
    expect(definitions.err).toContain('no file says which adapters the host has');
    expect((await alone('41-ap.rules', 'c')).status).toBe(0);
  });

  it('include boot parameters as the kernel spells them', async () => {
    const data = scratch();
    const line = file('cmdline', 'root=/dev/dasda1 ap.apmask=0xffff ap.aqmask=0x40 quiet\n');
    await apledger('import', line, '--host', 'zlp3', '--data', data);
    expect((await stateIn(data, 'zlp3')).bootParameters).toEqual({ apmask: '0xffff', aqmask: '0x40' });
    expect(await viewOf(data, 'zlp3')).toMatchObject({ apmask: `0xffff${'0'.repeat(60)}` });
  });

  it('include node devices of libvirt', async () => {
    const data = scratch();
    const files = [fixture('node-devices.xml'), fixture('lszcrypt-V.txt'), fixture('41-ap.rules')];
    const imported = await apledger('import', ...files, '--host', 'zlp4', '--data', data);
    expect(imported.status).toBe(0);
    expect(await viewOf(data, 'zlp4')).toMatchObject({
      mdevs: [{ mdev: SECOND, adapters: [10], domains: [4] }],
    });
  });
});

describe('a bad file', () => {
  const cases: readonly (readonly [string, string | Buffer, string])[] = [
    ['nothing known', 'hello\n', 'is not understood'],
    ['broken JSON', '[{"matrix"', 'is not JSON'],
    ['another JSON', '{"matrix": 5}', 'has to be a list'],
    ['broken XML', '<device><name>x</device>', 'is not well-formed XML'],
    [
      'entities in XML',
      '<!DOCTYPE d [<!ENTITY a "aaaa">]><device><name>&a;</name></device>',
      'doctype declaration',
    ],
    ['another XML', '<domain/>', 'has no <device>'],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), 'is compressed'],
    ['no text', Buffer.from([0xff, 0xfe, 0, 1]), 'neither a tar nor UTF-8'],
  ];
  it.each(cases)('is refused: %s', async (_, content, reason) => {
    const data = scratch();
    const { status, err } = await apledger('import', file('bad', content), '--host', 'x', '--data', data);
    expect({ status, err }).toEqual({ status: 2, err: expect.stringContaining(reason) });
    expect((await apledger('events', '--data', data)).out).toBe('');
  });

  it('leaves a host that is there alone', async () => {
    const data = scratch();
    await apledger('run', file('host.sh', 'host zlp1 adapters=5 domains=4'), '--data', data);
    const before = (await apledger('events', '--data', data)).out;
    const again = await apledger('import', fixture('41-ap.rules'), '--host', 'zlp1', '--data', data);
    expect(again).toMatchObject({ status: 2, err: expect.stringContaining('There is a host zlp1 already') });
    expect((await apledger('events', '--data', data)).out).toBe(before);
  });

  it('shows nothing unseen of hostile names', async () => {
    const hostile = file(
      'm.json',
      JSON.stringify([{ matrix: [{ 'x\u001b[2J\nrm': { mdev_type: 'y' } }, { __proto__x: 1 }] }]),
    );
    const { err } = await apledger('import', hostile, '--host', 'x', '--data', scratch());
    expect(err).toContain('\\u{1b}[2J\\u{a}rm: it is no UUID');
    expect(err).not.toContain('\u001b');
  });
});
