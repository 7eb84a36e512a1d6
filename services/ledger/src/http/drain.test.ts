/** The end of a server: it lasts as long as what is under way, not as long as a framework thinks. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, vi } from 'vitest';
import { scene } from './test-support.ts';

const FRAMEWORK_PATIENCE_MS = 15_000;

it('a request that comes to its end long after closing began is answered', async () => {
  const { server } = await scene();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    await server.listen({ host: '127.0.0.1', port: 0 });
    const address = server.server.address();
    const socket = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
    const arrived = once(server.server, 'request');
    const body = '{       }';
    socket.write(
      `POST /api/v1/recompute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    );
    await arrived;
    const closed = server.close();
    await vi.advanceTimersByTimeAsync(FRAMEWORK_PATIENCE_MS);
    socket.write(body.slice(5));
    expect(await text(socket)).toMatch(/^HTTP\/1.1 200 /);
    await closed;
  } finally {
    vi.useRealTimers();
  }
});
