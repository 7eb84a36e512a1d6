/** What no library would send: bytes that are hardly HTTP. The service answers in one way, and goes on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { register } from '../ledger/support.ts';
import { scratch } from '../support/file.ts';
import { give, type HttpService, raw, startService } from './support.ts';

describe('on the wire', () => {
  let service: HttpService;
  beforeAll(async () => {
    service = await startService('--data', scratch());
    await give(service.api, 'lpar1', register('lpar1'));
  });
  afterAll(() => service.process.signal('SIGKILL'));

  const post = (length: number | string, body: string, headers = '') =>
    `POST /api/v1/hosts/lpar1/commands HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n${headers}\r\n${body}`;
  const get = (path: string, headers = '') =>
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n`;

  it.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'not-http'],
    [
      'another protocol',
      Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc]),
      400,
      'not-http',
    ],
    ['a header without a name', get('/healthz', ': x\r\n'), 400, 'not-http'],
    ['a NUL in a header', get('/healthz', 'x: a\0b\r\n'), 400, 'not-http'],
    ['a NUL in the address', get('/a\0b'), 400, 'not-http'],
    ['huge headers', get('/healthz', `x: ${'y'.repeat(20_000)}\r\n`), 431, 'headers-too-large'],
    ['a huge address', get(`/${'y'.repeat(20_000)}`), 431, 'headers-too-large'],
    ['two lengths', post('2\r\nContent-Length: 3', '{}'), 400, 'not-http'],
    ['a length that is none', post('x', '{}'), 400, 'not-http'],
    [
      'a chunk that is none',
      post('2', 'zz\r\n').replace('Content-Length: 2', 'Transfer-Encoding: chunked'),
      400,
    ],
    ['a huge body', post(1_000_000, 'x'.repeat(1000)), 413, 'request-too-large'],
    ['no host in HTTP/1.1', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'not-http'],
    ['an expectation', get('/healthz', 'Expect: foo\r\n'), 417, 'invalid-header'],
    ['no host', 'GET /healthz HTTP/1.0\r\n\r\n', 421, 'wrong-host'],
    ['an empty host', 'GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', 421, 'wrong-host'],
    ['a path that climbs', get('/../../../../etc/passwd'), 404, 'no-such-resource'],
    ['a path that climbs in disguise', get('/%2e%2e/%2e%2e/etc/passwd'), 404, 'no-such-resource'],
    ['a tunnel', 'CONNECT evil.example:80 HTTP/1.1\r\nHost: localhost\r\n\r\n', undefined],
    ['a request that ends early', post(100, '{'), 'gone'],
  ] as const)('%s', async (_, bytes, status, code?: string) => {
    const text = await raw(service.port, bytes, status === 'gone');
    if (typeof status === 'number') expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    if (code !== undefined) {
      expect(text).toContain(`"code":"${code}"`);
      expect(text).toMatch(/^content-type: application\/problem\+json/im);
    }
    expect(text).not.toMatch(/^HTTP\/1\.1 (5|2)/);
    expect(text).not.toMatch(/node_modules|\.ts:|\\n *at /);
    expect(text).not.toContain('root:');
    expect((await fetch(`${service.server}/readyz`)).status).toBe(200);
  });

  it('is no matter for an operator', async () => {
    service.process.signal('SIGTERM');
    expect(await service.process.ended()).toBe(0);
    expect(service.process.output()).not.toMatch(/ {4}at |internal/);
  });
});
