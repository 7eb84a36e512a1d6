/**
 * The log as c2sp.org/tlog-tiles: every path that the specification names is served, and a static server that holds a copy of them
 * serves the same. Both are checked here by a tree of our own, which shares no code with the service.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apledger, file } from '../cli/support.ts';
import { scratch } from '../support/file.ts';
import { type HttpService, startService } from './support.ts';

const data = join(scratch(), 'data');
let service: HttpService;
let checkpoint: { readonly size: number; readonly root: string };

beforeAll(async () => {
  // Two full tiles of level 0, a partial one, and so a partial one of level 1.
  const script = `host a adapters=5 domains=4\nhost b adapters=5 domains=4\n${'scan\n'.repeat(600)}`;
  expect(await apledger('run', file('s.sh', script), '--data', data)).toMatchObject({ status: 0 });
  service = await startService('--data', data);
  const { position } = await service.api.get('/hosts', {});
  for (;;) {
    const response = await fetch(`${service.server}/tlog/checkpoint`);
    const [, size, root = ''] = (await response.text()).split('\n');
    checkpoint = { size: Number(size), root };
    if (response.ok && checkpoint.size >= Number(position)) break;
  }
});
afterAll(async () => {
  service.process.signal('SIGTERM');
  await service.process.ended();
});

const sha256 = (...parts: (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** RFC 9162's tree hash of leaf hashes. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256('');
  if (leaves.length === 1) return only;
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return sha256('\x01', treeHash(leaves.slice(0, half)), treeHash(leaves.slice(half)));
}

const hashesIn = (tile: Buffer): Buffer[] =>
  Array.from({ length: tile.length / 32 }, (_, n) => tile.subarray(n * 32, (n + 1) * 32));

/** The entries of a bundle: each behind its length in two bytes. */
function entriesIn(bundle: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bundle.length; ) {
    const end = at + 2 + bundle.readUInt16BE(at);
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

/** The tiles of a level of a tree, as c2sp.org/tlog-tiles names them: full ones, then the partial one. */
function tilesOf(size: number, level: number): string[] {
  const width = Math.floor(size / 256 ** level);
  const name = (n: number): string => String(n).padStart(3, '0');
  const full = Array.from({ length: Math.floor(width / 256) }, (_, n) => name(n));
  return width % 256 === 0 ? full : [...full, `${name(full.length)}.p/${width % 256}`];
}

const levelsOf = (size: number): number[] => [0, 1, 2].filter((level) => size >= 256 ** level);

/** Every path of a tree of that size. */
const pathsOf = (size: number): string[] => [
  'checkpoint',
  ...levelsOf(size).flatMap((level) => tilesOf(size, level).map((tile) => `tile/${level}/${tile}`)),
  ...tilesOf(size, 0).map((tile) => `tile/entries/${tile}`),
];

type Fetched = { readonly body: Buffer; readonly headers: Headers };

async function fetched(server: string, path: string): Promise<Fetched> {
  const response = await fetch(`${server}/${path}`);
  expect([path, response.status]).toEqual([path, 200]);
  return { body: Buffer.from(await response.arrayBuffer()), headers: response.headers };
}

/** Reads a whole log from a server and holds it to its checkpoint. */
async function expectWholeLog(server: string): Promise<void> {
  const { size, root } = checkpoint;
  const bytes = async (path: string): Promise<Buffer> => (await fetched(server, path)).body;
  expect((await bytes('checkpoint')).toString()).toContain(`\n${size}\n${root}\n`);
  let hashes: Buffer[] = [];
  for (const tile of tilesOf(size, 0)) {
    const found = hashesIn(await bytes(`tile/0/${tile}`));
    const leaves = entriesIn(await bytes(`tile/entries/${tile}`)).map((entry) => sha256('\0', entry));
    expect(leaves).toEqual(found);
    hashes.push(...found);
  }
  expect([hashes.length, treeHash(hashes).toString('base64')]).toEqual([size, root]);
  for (const level of levelsOf(size).slice(1)) {
    const above: Buffer[] = [];
    for (const tile of tilesOf(size, level)) above.push(...hashesIn(await bytes(`tile/${level}/${tile}`)));
    const below = hashes;
    expect(above).toEqual(above.map((_, n) => treeHash(below.slice(n * 256, (n + 1) * 256))));
    hashes = above;
  }
}

describe('the paths of c2sp.org/tlog-tiles', () => {
  it('lead to a tree that is the one of the checkpoint, entries included', async () => {
    expect(levelsOf(checkpoint.size)).toEqual([0, 1]);
    await expectWholeLog(`${service.server}/tlog`);
  });

  it('say what may be kept: tiles for ever, the checkpoint never', async () => {
    for (const path of pathsOf(checkpoint.size)) {
      const { headers } = await fetched(`${service.server}/tlog`, path);
      const isTile = path.startsWith('tile/');
      expect([path, headers.get('content-type'), headers.get('cache-control')]).toEqual([
        path,
        isTile ? 'application/octet-stream' : 'text/plain; charset=utf-8',
        isTile ? 'public, max-age=31536000, immutable' : 'no-cache',
      ]);
    }
  });

  it('give a narrower partial tile as the beginning of the full one', async () => {
    const whole = await fetched(`${service.server}/tlog`, 'tile/0/000');
    const narrow = await fetched(`${service.server}/tlog`, 'tile/0/000.p/7');
    expect(narrow.body).toEqual(whole.body.subarray(0, 7 * 32));
  });

  it.each([
    'tile/0/999',
    'tile/0/x001/000',
    'tile/0/0',
    'tile/0/000.p/256',
    'tile/0/000.p/0',
    'tile/9/000',
    'tile/entries/999',
    'tile/0/..%2f..%2fpositions',
    '..%2flog.sqlite',
    'positions',
    'log.sqlite',
    '',
  ])('are no others: %s', async (path) => {
    const response = await fetch(`${service.server}/tlog/${path}`);
    expect(response.status).toBe(404);
  });

  it('take no writes', async () => {
    const response = await fetch(`${service.server}/tlog/checkpoint`, { method: 'PUT', body: 'x' });
    expect(response.status).toBeGreaterThanOrEqual(400);
  });
});

describe('a static mirror', () => {
  it('that holds what was fetched is a log as well', async () => {
    const mirror = scratch();
    for (const path of pathsOf(checkpoint.size)) {
      const { body } = await fetched(`${service.server}/tlog`, path);
      mkdirSync(dirname(join(mirror, path)), { recursive: true });
      writeFileSync(join(mirror, path), body);
    }
    const server = createServer((request, response) => {
      const body = readFileSync(join(mirror, decodeURIComponent(request.url ?? '')));
      response.end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      await expectWholeLog(`http://127.0.0.1:${port}`);
    } finally {
      server.close();
    }
  });

  it('can be a copy of the directory, whose files others may read and which tells no fact', async () => {
    const tlog = join(data, 'tlog');
    for (const path of pathsOf(checkpoint.size).filter((each) => !each.startsWith('tile/entries/'))) {
      expect(readFileSync(join(tlog, path))).toEqual((await fetched(`${service.server}/tlog`, path)).body);
      // Who serves them need not be the user of the service; what others must not read is 0600, and stands beside it.
      expect([path, statSync(join(tlog, path)).mode & 0o777]).toEqual([path, 0o644 & ~process.umask()]);
    }
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(statSync(join(data, 'log.sqlite')).mode & 0o777).toBe(0o600);
    expect(statSync(join(`${data}-signer`, 'key')).mode & 0o777).toBe(0o600);
  });
});
