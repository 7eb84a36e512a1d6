/** What the mount does that only a file system can do: opens, offsets, sizes, and many at a time. */
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandHandler } from '@apledger/command-handler';
import { openSqliteLog } from '@apledger/event-log';
import { nodeAt } from '@apledger/sysfs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apledger, objects } from '../cli/support.ts';
import { scratch } from '../support/file.ts';
import { sized } from '../support/long.ts';
import { type LabProcess, mountLab, startProgram } from './process.ts';
import { noMount } from './support.ts';

const TYPE = 'devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough';
const uuid = (n: number): string => `aaaaaaaa-0000-4000-8000-${String(n).padStart(12, '0')}`;
const SETTINGS = ['adapters=5,6', 'domains=4,0x47,0xab,0xff', 'driver=7.3'];
/** Each is made by a write through the mount. */
const MDEVS = sized(200, 1000);

describe.skipIf(noMount !== undefined)('a mounted host', () => {
  const at = join(scratch(), 'sys');
  const data = scratch();
  let lab: LabProcess;
  beforeAll(async () => {
    lab = await mountLab('zlp1', ...SETTINGS, '--at', at, '--data', data);
    write('bus/ap/apmask', '-5,-6');
    write(`${TYPE}/create`, uuid(0));
  });
  afterAll(async () => {
    lab?.signal('SIGTERM');
    await lab?.ended();
  });

  const write = (path: string, text: string | Uint8Array): void => writeFileSync(join(at, path), text);
  const read = (path: string): string => readFileSync(join(at, path), 'latin1');
  const mdev = (n: number): string => `devices/vfio_ap/matrix/${uuid(n)}`;

  it('is the tree of the model: every name, mode, link and content', async () => {
    const log = await openSqliteLog({ directory: data, readOnly: true });
    const state = await new CommandHandler(log).state('zlp1');
    await log.close();
    if (state === undefined) expect.fail();
    let seen = 0;
    const compare = (path: string): void => {
      seen++;
      const node = nodeAt(state, path);
      const found = join(at, path);
      if (node?.kind === 'directory') {
        expect(readdirSync(found)).toEqual(node.list());
        for (const name of node.list()) compare(path === '' ? name : `${path}/${name}`);
      } else if (node?.kind === 'link') {
        expect(readlinkSync(found)).toBe(node.target);
        expect(existsSync(found), `${path} -> ${node.target}`).toBe(nodeAt(state, `${path}/`) !== undefined);
      } else {
        const stat = statSync(found);
        expect({ path, mode: stat.mode & 0o777, size: stat.size }).toEqual({
          path,
          mode: node?.mode,
          size: 4096,
        });
        const content = node?.read();
        if (typeof content === 'string') expect(read(path)).toBe(content);
        else expect(() => read(path)).toThrow(content?.errno);
      }
    };
    compare('');
    expect(seen).toBeGreaterThan(250);
  });

  it.each([
    ['a file for reading', 'bus/ap/ap_max_domain_id', '1', 'EACCES'],
    ['a UUID that is taken', `${TYPE}/create`, uuid(0), 'EEXIST'],
    ['an adapter beyond the bus', `${mdev(0)}/assign_adapter`, '256', 'ENODEV'],
    ['a number beyond 64 bits', `${mdev(0)}/assign_adapter`, '18446744073709551616', 'ERANGE'],
    ['a newline', `${mdev(0)}/assign_domain`, '\n', 'EINVAL'],
    ['a page that ends with blanks', `${mdev(0)}/assign_domain`, `4${' '.repeat(4095)}`, 'EINVAL'],
    ['more than a page', 'bus/ap/apmask', '0'.repeat(5000), 'EINVAL'],
    ['a page of bytes', 'bus/ap/apmask', new Uint8Array(4096).fill(0xff), 'EINVAL'],
    ['a file that is not there', 'bus/ap/new', 'x', 'EACCES'],
    ['a directory', 'bus/ap', 'x', 'EISDIR'],
    ['a name of odd bytes', `devices/ap/card05/\u{1f511}`, 'x', 'EACCES'],
  ])('refuses to write: %s', (_, path, text, errno) => {
    const before = read('bus/ap/apmask') + read(`${mdev(0)}/ap_config`);
    expect(() => write(path, text)).toThrow(errno);
    expect(read('bus/ap/apmask') + read(`${mdev(0)}/ap_config`)).toBe(before);
  });

  it('does nothing for a write of no bytes', async () => {
    const before = await apledger('events', '--data', data);
    for (const path of ['bus/ap/scans', `${mdev(0)}/assign_domain`, `${mdev(0)}/remove`]) {
      write(path, '');
      const handle = openSync(join(at, path), 'w');
      expect(writeSync(handle, new Uint8Array(0))).toBe(0);
      closeSync(handle);
    }
    expect(await apledger('events', '--data', data)).toEqual(before);
  });

  it('takes a page at a time: a longer write is as many stores as it has pages', () => {
    const before = Number(read('bus/ap/scans'));
    write('bus/ap/scans', new Uint8Array(10_000)); // the writer goes on with what was not taken
    expect(Number(read('bus/ap/scans'))).toBe(before + 3);
  });

  it('records a refused write with its errno, and who made it', async () => {
    const shell = startProgram('bash', ['-c', `echo 300 > ${join(at, mdev(0), 'assign_domain')}`]);
    expect(await shell.ended()).toBe(1);
    const { out } = await apledger('events', '--type', 'CommandRejected', '--json', '--data', data);
    const actor = `uid=${process.getuid?.()} pid=${shell.pid} comm=bash`;
    expect(objects(out).at(-1)).toMatchObject({ actor, data: { errno: 'ENODEV' } });
  });

  it.each(['nowhere', 'bus/ap/apmask/x', '\xff', `${'x'.repeat(255)}`, 'bus/ap/\n', 'bus/./\\'])(
    'has nothing at %#',
    (path) => {
      expect(() => readFileSync(Buffer.from(`${at}/${path}`, 'latin1'))).toThrow(/ENOENT|ENOTDIR/);
    },
  );

  it('answers ENODEV on what is gone, also when one of the same name has come', () => {
    write(`${TYPE}/create`, uuid(1));
    const reading = openSync(join(at, mdev(1), 'matrix'), 'r');
    const writing = openSync(join(at, mdev(1), 'assign_adapter'), 'w');
    write(`${mdev(1)}/remove`, '1');
    expect(existsSync(join(at, 'bus/mdev/devices', uuid(1)))).toBe(false);
    write(`${TYPE}/create`, uuid(1));
    expect(() => readSync(reading, Buffer.alloc(10))).toThrow('ENODEV');
    expect(() => writeSync(writing, '5')).toThrow('ENODEV');
    closeSync(reading);
    closeSync(writing);
    expect(read(`${mdev(1)}/matrix`)).toBe('');
    write(`${mdev(1)}/remove`, '1');
  });

  it('shows a reader one moment: what he began to read, he reads to its end', () => {
    write(`${mdev(0)}/assign_adapter`, '5');
    write(`${mdev(0)}/assign_domain`, '4');
    const handle = openSync(join(at, mdev(0), 'matrix'), 'r');
    const next = (bytes: number): string => {
      const buffer = Buffer.alloc(bytes);
      return buffer.toString('latin1', 0, readSync(handle, buffer, 0, bytes, null));
    };
    expect(next(3)).toBe('05.');
    write(`${mdev(0)}/assign_adapter`, '6');
    expect(next(100)).toBe('0004\n');
    const again = Buffer.alloc(100);
    expect(again.toString('latin1', 0, readSync(handle, again, 0, 100, 0))).toBe('05.0004\n06.0004\n');
    closeSync(handle);
  });

  it('never shows a mix of before and after to readers beside a writer', async () => {
    const zero = '0'.repeat(64);
    const mask = (...ids: number[]): string =>
      ids
        .reduce((bits, id) => bits | (1n << BigInt(255 - id)), 0n)
        .toString(16)
        .padStart(64, '0');
    const configs = [
      [mask(5), mask(4, 0x47)],
      [mask(6), mask(0xab, 0xff)],
    ].map(([apm, aqm]) => `0x${apm},0x${aqm},0x${zero}`);
    const shown = ['05.0004\n05.0047\n', '06.00ab\n06.00ff\n'];
    write(`${mdev(0)}/ap_config`, configs[0] ?? '');
    const path = join(at, mdev(0));
    const writer = startProgram('bash', [
      '-c',
      `for n in {1..150}; do for mask in ${configs.join(' ')}; do echo $mask > ${path}/ap_config || exit; done; done`,
    ]);
    const slow = openSync(join(path, 'matrix'), 'r'); // reads nothing while the others go on
    let isWriting = true;
    const ended = writer.ended().finally(() => {
      isWriting = false;
    });
    const seen = new Set<string>();
    const reader = async (): Promise<void> => {
      while (isWriting) seen.add(await readFile(join(path, 'matrix'), 'latin1'));
    };
    await Promise.all([1, 2, 3, 4, 5, 6].map(reader));
    expect({ status: await ended, said: writer.output() }).toEqual({ status: 0, said: '' });
    expect([...seen].sort()).toEqual(shown);
    closeSync(slow);
  });

  it('names a program that calls itself by a line of the audit trail in one line', async () => {
    const script = `printf 'x\\r7  by anna\\033' > /proc/self/comm; echo 5 > ${join(at, mdev(0), 'assign_adapter')}`;
    expect(await startProgram('bash', ['-c', script]).ended()).toBe(0);
    const [fact] = objects((await apledger('events', '--json', '--data', data)).out).slice(-1);
    expect(fact?.actor).toMatch(/ comm=x\\u\{d\}7 {2}by anna\\u\{1b\}$/);
  });

  it(`holds ${MDEVS} mdevs`, async () => {
    const create = join(at, TYPE, 'create');
    const ids = Array.from({ length: MDEVS }, (_, n) => uuid(1000 + n));
    const shell = startProgram('bash', ['-c', `while read -r uuid; do echo $uuid > ${create} || exit; done`]);
    shell.type(`${ids.join('\n')}\n`);
    shell.close();
    expect(await shell.ended()).toBe(0);
    expect(readdirSync(join(at, 'bus/mdev/devices'))).toEqual([uuid(0), ...ids]);
    expect(read(`${TYPE}/available_instances`)).toBe(`${65_535 - MDEVS}\n`);
    for (const id of ids) expect(statSync(join(at, 'bus/mdev/devices', id, 'matrix')).size).toBe(4096);
  });
});
