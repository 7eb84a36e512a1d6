/** How much one address may ask for, where access is controlled. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { controlled } from './test-access.ts';

it('more requests a minute than the configuration allows are turned away, and others are not', async () => {
  const made = await controlled('limits: { requestsPerMinute: 5 }\n');
  const { authorization = '' } = await made.program('x', ['viewer', '*']);
  const from = (remoteAddress: string) =>
    made.send({ method: 'GET', url: '/access/me', headers: { authorization }, remoteAddress });
  const statuses: number[] = [];
  for (let n = 0; n < 7; n++) statuses.push((await from('192.0.2.1')).status);
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
  const { status, type, headers, body } = await from('192.0.2.1');
  expect([status, type]).toEqual([429, 'application/problem+json']);
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect(body).toMatchObject({
    code: 'too-many-requests',
    detail: expect.stringMatching(/^More than 5 requests a minute came from this address; come again in /),
  });
  expect((await from('192.0.2.2')).status).toBe(200);
  await made.server.close();
});

it('those who ask whether it lives and is ready are not counted', async () => {
  const made = await controlled('limits: { requestsPerMinute: 1 }\n');
  const statuses: number[] = [];
  for (const url of [
    '//healthz',
    '//readyz',
    '//readyz?for=reads',
    '//healthz',
    '//auth/config',
    '//auth/config',
  ])
    statuses.push((await made.get(url)).status);
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  await made.server.close();
});

it('more connections than the configuration allows are closed, and one that ends makes room', async () => {
  const { server } = await controlled('limits: { connections: 2 }\n');
  await server.listen({ host: '127.0.0.1', port: 0 });
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  /** What comes back on a connection; '' when it was closed without a word. */
  const answer = async (socket: Socket): Promise<string> => {
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [data = ''] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    return String(data);
  };
  const [first, second] = [await open(), await open()];
  for (const socket of [first, second]) expect(await answer(socket)).toMatch(/^HTTP\/1\.1 200 /);
  expect(await answer(await open())).not.toMatch(/^HTTP/);
  first.destroy();
  await once(first, 'close');
  // The server hears of it a moment later.
  let text = '';
  while (!text.startsWith('HTTP')) text = await answer(await open());
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  await server.close();
});
