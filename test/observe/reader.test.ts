/** The reader on files that tests make: what it reads, what it leaves alone, and what it makes of strange ones. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Reader } from '@apledger/agent/observer';
import { formatMask } from '@apledger/ap';
import { decide } from '@apledger/driver';
import type { Command, Generation } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import { describe, expect, it } from 'vitest';
import { writeTree } from '../cli/sysfs-tree.ts';
import { put } from '../support/sysfs-files.ts';

const BIG = '11111111-1111-4111-8111-111111111111';
const SMALL = '22222222-2222-4222-8222-222222222222';
const MATRIX = 'devices/vfio_ap/matrix';

function host(driver: Generation, ...commands: Command[]): HostState {
  const state = new HostState();
  const hardware = {
    qci: true,
    apxa: true,
    maxAdapter: 255,
    maxDomain: 255,
    adapters: [5, 6],
    domains: [4, 5],
    controlDomains: [],
    cards: [],
  };
  const first: Command = {
    type: 'RegisterHost',
    host: 'h',
    driver,
    hardware,
    boot: { apmask: `0x${'0'.repeat(64)}`, aqmask: null },
  };
  for (const command of [first, ...commands])
    for (const fact of decide(state, command).facts) evolve(state, fact);
  return state;
}

const all = (mdev: string, count: number): Command => {
  const mask = `0x${((2n ** BigInt(count) - 1n) << BigInt(256 - count)).toString(16).padStart(64, '0')}`;
  return { type: 'ConfigureMdev', mdev, text: `${mask},${mask},0x0` };
};

/** The tree in a directory, and a reader of it that tells what it reads. */
function readerOf(state: HostState, kernel: string) {
  const [, sysfs = '', , etc = '', , proc = ''] = writeTree(state, kernel);
  put(join(proc, 'sys/kernel/random/boot_id'), 'boot-1\n');
  const read: string[] = [];
  const roots = { sysfs, proc, etc, dev: join(proc, 'dev'), run: join(proc, 'run') };
  return {
    sysfs,
    proc,
    read,
    reader: new Reader({ roots, readsUnbounded: false }, (path) => read.push(path)),
  };
}

function replaced(path: string, make: () => unknown): void {
  rmSync(path);
  make();
}

describe('the reader', () => {
  it('does not read matrix and guest_matrix of a large mdev on a kernel that would write behind its page', () => {
    const made: Command[] = [
      { type: 'CreateMdev', text: BIG },
      { type: 'CreateMdev', text: SMALL },
      all(BIG, 23),
    ];
    const { reader, read } = readerOf(host('6.12', ...made), '6.12.0-test');
    const { problems } = reader.read('whole');
    expect(read).not.toContain(`sys/${MATRIX}/${BIG}/guest_matrix`);
    expect(read).toContain(`sys/${MATRIX}/${SMALL}/guest_matrix`);
    expect(problems.map(({ what }) => what).join()).toContain('it has 529 queues');
    const repaired = readerOf(host('7.3', ...made), '7.3.0');
    repaired.reader.read('whole');
    expect(repaired.read).toContain(`sys/${MATRIX}/${BIG}/guest_matrix`);
  });

  it('never reads files for which the kernel asks an adapter, or that are about keys', () => {
    const { reader, read } = readerOf(host('7.3', { type: 'CreateMdev', text: SMALL }), '7.3.0');
    reader.read('whole');
    const queues = read.filter((path) => /\/[0-9a-f]{2}\.[0-9a-f]{4}\//.test(path));
    expect(queues.length).toBeGreaterThan(10);
    expect(queues.filter((path) => /\/(?:interrupt|ap_functions|mkvps)$/.test(path))).toEqual([]);
  });

  it('reads little when nothing changed, and says so', () => {
    const { reader, read } = readerOf(host('7.3', { type: 'CreateMdev', text: SMALL }), '7.3.0');
    expect(reader.read('quick').host).toBeDefined();
    read.length = 0;
    expect(reader.read('quick').host).toBeUndefined();
    expect(read.length).toBeLessThan(60);
  });

  it('sees another binding in the folders of drivers, without reading each queue', () => {
    const { reader, read, sysfs } = readerOf(host('7.3'), '7.3.0');
    reader.read('quick');
    read.length = 0;
    rmSync(join(sysfs, 'bus/ap/drivers/vfio_ap/05.0004'));
    const { host: seen } = reader.read('quick');
    expect(seen?.queues.find(({ queue }) => queue === 0x0504)?.driver).toBeNull();
    expect(seen?.queues.find(({ queue }) => queue === 0x0505)?.driver).toBe('vfio_ap');
    expect(read.length).toBeLessThan(60);
  });

  it('does not take the status of queues for news that was read when all queues were', () => {
    const mdev: Command[] = [
      { type: 'CreateMdev', text: SMALL },
      { type: 'AssignAdapter', mdev: SMALL, text: '5' },
      { type: 'AssignDomain', mdev: SMALL, text: '4' },
      { type: 'AssignDomain', mdev: SMALL, text: '5' },
    ];
    const { reader, sysfs } = readerOf(host('7.3', ...mdev), '7.3.0');
    const become = (text: string): void => {
      for (const queue of ['05.0004', '05.0005'])
        writeFileSync(join(sysfs, `devices/ap/card05/${queue}/status`), `${text}\n`);
    };
    const seen = (scope: 'quick' | 'whole') =>
      new Set(reader.read(scope).host?.queues.flatMap(({ status }) => status ?? []));
    become('in use');
    expect(seen('whole')).toContain('in use');
    become('assigned');
    expect(seen('quick')).not.toContain('in use');
  });

  it('after a scan without uevents reads of queues only what changes silently', () => {
    const { reader, read, sysfs } = readerOf(host('7.3'), '7.3.0');
    put(join(sysfs, 'kernel/uevent_seqnum'), '1\n');
    reader.read('whole');
    read.length = 0;
    writeFileSync(join(sysfs, 'bus/ap/scans'), '7\n');
    expect(reader.read('quick').host).toBeUndefined();
    const ofQueues = (): Set<string | undefined> =>
      new Set(read.flatMap((path) => (/\/05\.0004\//.test(path) ? [path.split('/').at(-1)] : [])));
    expect(ofQueues()).toEqual(new Set(['chkstop', 'driver_override']));
    writeFileSync(join(sysfs, 'bus/ap/scans'), '8\n');
    writeFileSync(join(sysfs, 'devices/ap/card05/05.0004/driver_override'), 'vfio_ap\n');
    expect(reader.read('quick').host?.queues[0]?.driverOverride).toBe('vfio_ap');
  });

  it('reads the cards anew when a look lay between the uevents of a scan and its count', () => {
    const { reader, sysfs } = readerOf(host('7.3'), '7.3.0');
    put(join(sysfs, 'kernel/uevent_seqnum'), '1\n');
    reader.read('whole');
    put(join(sysfs, 'kernel/uevent_seqnum'), '2\n');
    writeFileSync(join(sysfs, 'devices/ap/card05/config'), '0\n');
    reader.read('quick');
    writeFileSync(join(sysfs, 'bus/ap/scans'), '7\n');
    expect(reader.read('quick').host?.cards[0]?.configured).toBe(false);
  });

  it.each([
    [
      'a pipe instead of a file',
      (path: string) => replaced(path, () => spawnSync('mkfifo', [path])),
      'it is no file',
    ],
    ['a folder instead of a file', (path: string) => replaced(path, () => mkdirSync(path)), 'it is no file'],
    ['a mask of another length', (path: string) => writeFileSync(path, '0xff\n'), 'not understood'],
    ['no text at all', (path: string) => writeFileSync(path, ''), 'not understood'],
    ['megabytes', (path: string) => writeFileSync(path, 'f'.repeat(1_000_000)), 'longer than'],
  ])('says of %s what is wrong, and reads the rest', (_, change, told) => {
    const { reader, sysfs } = readerOf(host('7.3'), '7.3.0');
    change(join(sysfs, 'bus/ap/apmask'));
    const { host: seen, problems } = reader.read('whole');
    expect(problems).toContainEqual({ where: 'sys/bus/ap/apmask', what: expect.stringContaining(told) });
    expect(seen?.masks.apmask).toBeUndefined();
    expect(formatMask(seen?.masks.aqmask ?? [])).toBe(`0x${'f'.repeat(64)}`);
  });

  it.skipIf(process.getuid?.() === 0)('says of a file that may not be read that it may not', () => {
    const { reader, sysfs } = readerOf(host('7.3'), '7.3.0');
    chmodSync(join(sysfs, 'bus/ap/apmask'), 0);
    expect(reader.read('whole').problems).toContainEqual({
      where: 'sys/bus/ap/apmask',
      what: 'cannot be read: EACCES',
    });
  });

  it('finds guests by their descriptors and command lines, whatever they are called', () => {
    const { reader, proc } = readerOf(host('7.3', { type: 'CreateMdev', text: SMALL }), '7.3.0');
    put(join(proc, 'stat'), 'btime 1000\n');
    put(
      join(proc, '7/cmdline'),
      ['/usr/bin/qemu-system-s390x', '-name', 'a) S 1,,\u001b[31m', ''].join('\0'),
    );
    put(join(proc, '7/stat'), `7 (a) S 1) R${' 0'.repeat(18)} 250 0\n`);
    put(join(proc, '7/fd/0'), '');
    put(join(proc, '8/cmdline'), 'bash\0');
    put(join(proc, 'run/libvirt/qemu/broken.xml'), '<domstatus');
    const { guests } = reader.read('whole');
    expect(guests.processes).toEqual([
      {
        pid: 7,
        name: 'a) S 1,\u001b[31m',
        mdevs: [],
        devices: [],
        named: [],
        startedAt: 1_002_500,
        isEnding: false,
      },
    ]);
    expect(guests.missing.join()).toContain('not well-formed');
  });

  it('writes nothing', () => {
    const { reader, sysfs } = readerOf(host('7.3', { type: 'CreateMdev', text: SMALL }), '7.3.0');
    const times = () =>
      ['bus/ap/scans', 'bus/ap/apmask', `${MATRIX}/${SMALL}/ap_config`].map(
        (name) => statSync(join(sysfs, name)).mtimeMs,
      );
    const before = times();
    reader.read('whole');
    expect(times()).toEqual(before);
  });
});
