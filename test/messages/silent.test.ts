/** A subscriber whose consumer lives and brings nothing, as one on a replica that lags for ever: see test/nats/silent-consumer.test.ts. */
import { subscribe } from '@apledger/messages/nats';
import { describe, expect, it } from 'vitest';
import { atEnd } from '../support/file.ts';
import { newestNats, startNats } from '../support/nats.ts';
import { client, managerOf } from './stream.ts';
import { append, openLog, scans, startRelay } from './support.ts';

const HOUR_MS = 3_600_000;
const program = newestNats();

describe.skipIf('missing' in program)('a subscriber of a consumer that brings nothing', () => {
  it.concurrent.each([{}, { host: 'zlp1' }])('gets the next facts all the same, once: %j', async (wanted) => {
    const server = await startNats({ program });
    atEnd(() => server.dispose());
    const log = await openLog();
    await append(log, 'host-zlp1', scans(10));
    const relaying = startRelay({ log, url: server.url });
    await relaying.acknowledged(10);
    const connection = await client(server.url);
    const manager = await managerOf(connection);
    const facts = await subscribe({ connection, from: 'start', ...wanted });
    const positions: number[] = [];
    for await (const { recorded } of facts) {
      positions.push(recorded.position);
      if (positions.length === 10) {
        for await (const { name } of manager.consumers.list('APLEDGER'))
          await manager.consumers.pause('APLEDGER', name, new Date(Date.now() + HOUR_MS));
        await append(log, 'host-zlp1', scans(5));
      }
      if (positions.length === 15) void facts.drain();
    }
    expect(positions).toEqual(Array.from({ length: 15 }, (_, n) => n + 1));
    await relaying.stop();
  });
});
