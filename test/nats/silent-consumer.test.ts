/**
 * A consumer that lives and brings nothing: a cluster puts one on a replica that never catches up, with heartbeats and
 * all (seen with nats-server 2.9 after a death of the leader). Provoked here by a pause, which servers know since 2.11.
 */

import { all, commit, fill } from '@apledger/event-log/contract/support';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { atEndOfTest } from '../support/file.ts';
import { newestNats } from '../support/nats.ts';
import { open, serve } from './support.ts';

const HOUR_MS = 3_600_000;
/** More than a reader is sent ahead of what it has taken. */
const MANY = 6000;
const program = newestNats();
const isMissing = 'missing' in program;
const version = isMissing ? program.missing : `nats-server ${program.version}`;

describe.skipIf(isMissing)(`a consumer that brings nothing, ${version}`, () => {
  async function scene() {
    const server = await serve({ program });
    const log = await open({ servers: server.url });
    const nc = await connect({ servers: server.url });
    atEndOfTest(() => nc.close());
    const manager = await jetstreamManager(nc);
    /** Pauses all consumers there are, at least one. */
    const pauseAll = async (): Promise<void> => {
      const names: string[] = [];
      while (names.length === 0)
        for await (const { name } of manager.consumers.list('apledger-log')) names.push(name);
      for (const name of names)
        await manager.consumers.pause('apledger-log', name, new Date(Date.now() + HOUR_MS));
    };
    return { log, pauseAll };
  }

  test('a subscriber gets the next fact all the same', async () => {
    const { log, pauseAll } = await scene();
    await fill(log, 20);
    const last = await log.lastPosition();
    const received: number[] = [];
    const ended = new AbortController();
    for await (const delivery of log.subscribe({ after: 0, signal: ended.signal })) {
      if ('fact' in delivery) received.push(delivery.fact.position);
      else {
        await pauseAll();
        await log.append(commit('host-late', 'none'));
      }
      if ((received.at(-1) ?? 0) > last) ended.abort();
    }
    expect(received).toEqual((await all(log.readAll())).map(({ position }) => position));
  });

  test('a reader gets the rest all the same', async () => {
    const { log, pauseAll } = await scene();
    const streams = Array.from({ length: 200 }, (_, n) => `host-${n}`);
    await Promise.all(
      streams.map(async (stream) => {
        for (let n = 0; n < MANY / streams.length; n++) await log.append(commit(stream, 'any'));
      }),
    );
    let count = 0;
    for await (const _ of log.readAll()) {
      count += 1;
      if (count === 100) await pauseAll();
    }
    expect(count).toBe(MANY);
  });
});
