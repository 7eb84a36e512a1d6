import { maskOf } from '@apledger/ap';
import type { ObservedHost } from '@apledger/capture';
import { describe, expect, it } from 'vitest';
import { type GuestSigns, guestsOf, type SeenProcess } from './guests.ts';

const MDEV = '11111111-1111-4111-8111-111111111111';
const QUEUE = 0x0504;
const NOTHING: ObservedHost = {
  files: {},
  boot: {},
  masks: {},
  kept: {},
  attributes: {},
  cards: [],
  queues: [],
  definitions: [],
};
const host = (status?: string): ObservedHost => ({
  ...NOTHING,
  mdevs: [{ uuid: MDEV, guestMatrix: { adapters: maskOf([5]), domains: maskOf([4]) } }],
  queues: status === undefined ? [] : [{ queue: QUEUE, driver: 'vfio_ap', status }],
});
const qemu = (change: Partial<SeenProcess> = {}): SeenProcess => ({
  pid: 4711,
  name: 'web',
  mdevs: [MDEV],
  devices: undefined,
  named: [],
  isYoung: false,
  isEnding: false,
  ...change,
});
const signs = (change: Partial<GuestSigns> = {}): GuestSigns => ({
  processes: [],
  domains: undefined,
  devices: [{ uuid: MDEV, devices: ['7', 'devices/vfio3'] }],
  ...change,
});
const useOf = (seen: ObservedHost, of: GuestSigns) => guestsOf(seen, of).uses.get(MDEV);

describe('who uses an mdev', () => {
  it('is told by an open descriptor, of its group, its device or by what the kernel names', () => {
    for (const open of [
      { devices: ['/dev/vfio/7'] },
      { devices: ['/dev/vfio/devices/vfio3'] },
      { devices: [], named: [MDEV] },
    ])
      expect(useOf(host(), signs({ processes: [qemu({ mdevs: [], ...open })] }))).toMatchObject({
        guest: 'web',
        source: 'process',
        fromStart: false,
      });
  });

  it('is told by libvirt when descriptors cannot be read, and by a command line after that', () => {
    const domains = [{ name: 'libvirts', pid: 4711, mdevs: [MDEV] }];
    expect(useOf(host(), signs({ processes: [qemu()], domains }))).toMatchObject({
      guest: 'libvirts',
      source: 'domain',
    });
    expect(useOf(host(), signs({ processes: [qemu()] }))).toMatchObject({ guest: 'web', source: 'qemu' });
  });

  it('is not told by a command line when the descriptors say that the device was given back', () => {
    expect(useOf(host(), signs({ processes: [qemu({ devices: ['/dev/kvm'] })] }))).toBeUndefined();
  });

  it('is not told by a command line or libvirt when the kernel says that no guest has it', () => {
    const domains = [{ name: 'web', pid: 4711, mdevs: [MDEV] }];
    expect(useOf(host('assigned'), signs({ processes: [qemu()], domains }))).toBeUndefined();
  });

  it('is somebody without a name when only a queue says so', () => {
    expect(useOf(host('in use'), signs())).toMatchObject({ guest: null, source: 'status' });
  });

  it('is not known when nothing can be read that would tell', () => {
    const seen = guestsOf(host(), signs({ processes: [qemu({ mdevs: [] })] }));
    expect([...seen.unknown]).toEqual([MDEV]);
    expect([...guestsOf(host(), signs({ processes: [qemu({ mdevs: [], devices: [] })] })).unknown]).toEqual(
      [],
    );
  });

  it('began with it when the process is young or names it, and got it later otherwise', () => {
    const open = { devices: ['/dev/vfio/7'] };
    const fromStart = (change: Partial<SeenProcess>): boolean | undefined =>
      useOf(host(), signs({ processes: [qemu({ ...open, ...change })] }))?.fromStart;
    expect(fromStart({ mdevs: [] })).toBe(false);
    expect(fromStart({ mdevs: [], isYoung: true })).toBe(true);
    expect(fromStart({})).toBe(true);
  });

  it('runs on until its process ends, whatever libvirt still keeps of it', () => {
    const domains = [{ name: 'web', pid: 4711, mdevs: [] }];
    const running = (isEnding: boolean) => [
      ...guestsOf(host(), signs({ processes: [qemu({ mdevs: [], isEnding })], domains })).running,
    ];
    expect(running(false)).toEqual(['web']);
    expect(running(true)).toEqual([]);
  });

  it('has a name of at most 255 characters', () => {
    const long = qemu({ name: 'x'.repeat(1000), devices: ['/dev/vfio/7'] });
    expect(useOf(host(), signs({ processes: [long] }))?.guest).toHaveLength(255);
  });
});
