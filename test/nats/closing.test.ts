/** The end of a connection whose server goes away at the same time. */
import { closeNats, connectNats, Link } from '@apledger/nats';
import { describe, expect, test } from 'vitest';
import { atEndOfTest } from '../support/file.ts';
import { startProxy } from '../support/proxy.ts';
import { isMissing, serve, version } from './support.ts';

async function proxied() {
  const server = await serve();
  const proxy = await startProxy(server.port);
  atEndOfTest(() => proxy.close());
  return proxy;
}

describe.skipIf(isMissing)(`a connection that breaks while it is closed, ${version}`, () => {
  test('is closed all the same, and does not go on reconnecting', async () => {
    const proxy = await proxied();
    const nc = await connectNats({ servers: proxy.url }, 'test');
    atEndOfTest(() => nc.close());
    nc.subscribe('a', { callback: () => undefined });
    await nc.flush();
    proxy.mute(); // the server's answer, that it has all, does not come
    const closed = closeNats(nc);
    await proxy.close();
    await closed;
    expect(nc.isClosed()).toBe(true);
    await closeNats(nc);
  });

  test('is closed by its link too', async () => {
    const proxy = await proxied();
    const link = await Link.open({ servers: proxy.url }, 'test');
    atEndOfTest(() => link.nc.close());
    proxy.mute();
    const closed = link.close();
    await proxy.close();
    await closed;
    expect(link.nc.isClosed()).toBe(true);
    expect(() => link.check()).toThrow(/127\.0\.0\.1/);
    await link.close();
  });
});
