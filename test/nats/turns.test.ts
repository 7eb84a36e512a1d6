/** Processes that write to one stream from different places: nobody is kept waiting for ever. */
import { commit, fact } from '@apledger/event-log/contract/support';
import { describe, expect, test } from 'vitest';
import { atEndOfTest } from '../support/file.ts';
import { startProxy } from '../support/proxy.ts';
import { isMissing, open, serve, version } from './support.ts';

/** One way. Finding out where the stream ends takes several times there and back: longer than the others wait for one that is silent. */
const DELAY_MS = 100;
const APPENDS = 3;

describe.skipIf(isMissing)(`writers of one stream, ${version}`, () => {
  test('far from the server, among others that are close and never stop: each append gets its turn', {
    timeout: 120_000,
  }, async () => {
    const server = await serve();
    const proxy = await startProxy(server.port, DELAY_MS);
    atEndOfTest(() => proxy.close());
    const far = await open({ servers: proxy.url });
    const close = [await open({ servers: server.url }), await open({ servers: server.url })];
    let isOver = false;
    const writing = close.map(async (log) => {
      while (!isOver) await log.append(commit('host-a', 'any', [fact(0)]));
    });
    const done: number[] = [];
    for (let n = 0; n < APPENDS; n++)
      done.push((await far.append(commit('host-a', 'any', [fact(n)]))).lastRevision);
    isOver = true;
    await Promise.all(writing);
    expect(done).toEqual([...new Set(done)].sort((a, b) => a - b));
    expect(done).toHaveLength(APPENDS);
  });
});
