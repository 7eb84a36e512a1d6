/** The console's files: served as they are, kept by browsers where they never change, and no way out of the directory. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Scene, scene } from './test-support.ts';

const SECRET = 'not for anybody';
const html = { accept: 'text/html,application/xhtml+xml' };

describe('the console', () => {
  let root: string;
  let made: Scene;
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'apledger-console-'));
    const dist = join(root, 'dist');
    mkdirSync(join(dist, 'assets'), { recursive: true });
    for (const name of ['secret.txt', 'secret-12345678.txt']) writeFileSync(join(root, name), SECRET);
    writeFileSync(join(dist, 'index.html'), '<title>console</title>');
    writeFileSync(join(dist, 'favicon.svg'), '<svg/>');
    writeFileSync(join(dist, '.env'), SECRET);
    writeFileSync(join(dist, 'assets', 'index-B3xY_9aZ.js'), 'export {};');
    made = await scene({ console: dist });
  });
  afterAll(async () => {
    await made.server.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('is at /, and asked for again each time', async () => {
    expect(await made.get('//', html)).toMatchObject({
      status: 200,
      type: 'text/html',
      text: '<title>console</title>',
      headers: { 'cache-control': 'no-cache', etag: expect.any(String) },
    });
  });

  it('has files that never change, and others', async () => {
    expect(await made.get('//assets/index-B3xY_9aZ.js')).toMatchObject({
      status: 200,
      type: expect.stringMatching(/javascript$/),
      headers: { 'cache-control': 'public, max-age=31536000, immutable' },
    });
    expect(await made.get('//favicon.svg')).toMatchObject({
      status: 200,
      type: 'image/svg+xml',
      headers: { 'cache-control': 'no-cache' },
    });
  });

  it('that is built anew while the service runs is served at once', async () => {
    writeFileSync(join(root, 'dist', 'assets', 'index-N3wOne_1.js'), 'export const isNew = true;');
    const built = await made.get('//assets/index-N3wOne_1.js');
    expect(built).toMatchObject({ status: 200, text: 'export const isNew = true;' });
  });

  it.each(['//hosts/zlp1/grid', '//hosts/zlp1?at=37', '//hosts/a.b/guests/x.y'])(
    'is what a deep link shows: %s',
    async (path) => {
      expect(await made.get(path, html)).toMatchObject({ status: 200, text: '<title>console</title>' });
    },
  );

  it('is not what a script, an image or a caller of the API gets for what is not there', async () => {
    expect(await made.get('//assets/gone-12345678.js', { accept: '*/*' })).toMatchObject({ status: 404 });
    expect(await made.get('/nothing', html)).toMatchObject({ status: 404, type: 'application/problem+json' });
    expect(await made.post('//hosts/x', {}, html)).toMatchObject({ status: 404 });
  });

  it.each([
    '//../secret.txt',
    '//%2e%2e/secret.txt',
    '//%2e%2e%2fsecret.txt',
    '//assets/../../secret.txt',
    '//assets/..%2f..%2fsecret.txt',
    '//assets/..%2f..%2fsecret-12345678.txt',
    '//assets/%00-12345678.js',
    '//..%5csecret.txt',
    '////secret.txt',
    '//.env',
    '//%00',
    '//index.html%00.txt',
    '//%c0%ae%c0%ae/secret.txt',
    '//%',
  ])('never climbs: %s', async (path) => {
    for (const headers of [html, { accept: '*/*' }]) {
      const { status, text, reports } = { ...(await made.get(path, headers)), reports: made.reports };
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain(root);
      expect(status).toBeLessThan(500);
      expect(reports).toEqual([]);
    }
  });
});

it('without the console a page says how to build it', async () => {
  const { get } = await scene();
  expect(await get('//', html)).toMatchObject({
    status: 200,
    type: 'text/html',
    text: expect.stringContaining('npm run console'),
  });
});
