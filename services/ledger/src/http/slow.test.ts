/** Clients that never come to the end of a request. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Scene, scene } from './test-support.ts';

const REQUEST_MS = 200;
let made: Scene;
let port = 0;

beforeAll(async () => {
  made = await scene({ requestMs: REQUEST_MS });
  await made.server.listen({ host: '127.0.0.1', port: 0 });
  const address = made.server.server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => made.server.close());

it.each([
  ['a line of the header', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: '],
  ['the header', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n'],
  [
    'the body',
    'POST /api/v1/recompute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  ],
])('who stops in %s is told so, and let go', async (_, bytes) => {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  expect(await text(socket)).toMatch(
    /^HTTP\/1\.1 408 Request Timeout\r\n(.*\r\n)+\r\n\{.*within 0\.2 s.*"code":"too-slow"/,
  );
});

it('waits for 30 s where nothing else is said', async () => {
  const { server } = await scene();
  expect([server.server.requestTimeout, server.server.headersTimeout]).toEqual([30_000, 30_000]);
  await server.close();
});
