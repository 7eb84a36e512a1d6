import { packTar, type TarHeader } from 'modern-tar';
import { describe, expect, it } from 'vitest';
import { MAX_FILE_BYTES, packed, unpacked } from './archive.ts';
import { readImport } from './read-file.ts';

const tarOf = (...headers: (Partial<TarHeader> & { readonly name: string })[]): Promise<Uint8Array> =>
  packTar(
    headers.map((header) => ({ header: { size: 0, ...header }, body: new Uint8Array(header.size ?? 0) })),
  );

describe('the tar of a capture', () => {
  it('gives back what was put in', async () => {
    const files = new Map([
      ['sys/bus/ap/apmask', { text: '0xff\n' }],
      [`sys/devices/ap/card05/${'x'.repeat(120)}/driver`, { target: '../../../../bus/ap/drivers/vfio_ap' }],
    ]);
    expect(await unpacked(await packed(files, new Date(0)))).toEqual(files);
  });

  it('takes what tar itself makes of sysfs: ./ before paths, folders, and NUL up to the size of a page', async () => {
    const text = new Uint8Array(4096);
    text.set(new TextEncoder().encode('0xff\n'));
    const tar = await packTar([
      { header: { name: './sys/', size: 0, type: 'directory' } },
      { header: { name: './sys/bus/ap/apmask', size: text.length }, body: text },
    ]);
    expect(await unpacked(tar)).toEqual(new Map([['sys/bus/ap/apmask', { text: '0xff\n' }]]));
  });

  it.each<[string, Partial<TarHeader> & { readonly name: string }]>([
    ['climbs', { name: '../etc/passwd' }],
    ['climbs from within', { name: 'sys/../../etc/passwd' }],
    ['is absolute', { name: '/etc/passwd' }],
    ['is a folder that climbs', { name: 'sys/../..', type: 'directory' }],
    ['has an empty name in it', { name: 'sys//bus' }],
    ['links out', { name: 'sys/x', type: 'symlink', linkname: '../../etc' }],
    ['links to the root', { name: 'sys/x', type: 'symlink', linkname: '/etc' }],
    ['is a hard link', { name: 'sys/x', type: 'link', linkname: 'sys/y' }],
    ['is a device', { name: 'sys/x', type: 'block-device' }],
    ['is a pipe', { name: 'sys/x', type: 'fifo' }],
    ['is too long', { name: 'sys/x', size: MAX_FILE_BYTES + 1 }],
    ['has too long a path', { name: `sys/${'x/'.repeat(140)}y` }],
  ])('is refused when an entry %s', async (_, header) => {
    await expect(unpacked(await tarOf({ name: 'sys/bus/ap/apmask' }, header))).rejects.toThrow(/tar/);
  });

  it('is refused when a path is there twice, when it is cut off or damaged, and when it is no text', async () => {
    await expect(unpacked(await tarOf({ name: 'a' }, { name: './a' }))).rejects.toThrow('twice');
    const whole = await tarOf({ name: 'a', size: 600 });
    await expect(unpacked(whole.subarray(0, 1000))).rejects.toThrow('no whole tar');
    const damaged = whole.slice();
    damaged[0] = 0x62;
    await expect(unpacked(damaged)).rejects.toThrow('no whole tar');
    const binary = await packTar([{ header: { name: 'a', size: 2 }, body: new Uint8Array([0xff, 0xfe]) }]);
    await expect(unpacked(binary)).rejects.toThrow('not UTF-8');
  });

  it('is no capture without an AP bus', async () => {
    await expect(readImport(await tarOf({ name: 'sys/bus/pci/x' }), 'host.tar')).rejects.toThrow(
      'no capture of a host with an AP bus',
    );
  });
});
