/** What goes wrong between an open log and its NATS server, each provoked on a real one: what is said, and what is kept. */

import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { all, commit, deliveries, fact, fill, verified, write } from '@apledger/event-log/contract/support';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { atEndOfTest } from '../support/file.ts';
import type { NatsServer } from '../support/nats.ts';
import { startProxy } from '../support/proxy.ts';
import { isMissing, open, refusal, serve, version } from './support.ts';

describe.skipIf(isMissing)(`messages of others on our subjects, ${version}`, () => {
  const raw = async (server: NatsServer, subject: string, data: Uint8Array | string): Promise<void> => {
    const nc = await connect({ servers: server.url });
    const manager = await jetstreamManager(nc);
    await manager.jetstream().publish(subject, data);
    await nc.close();
  };

  test('a stray message is passed over, wherever it is, and hinders nobody', async () => {
    const warnings: string[] = [];
    const note = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', note);
    atEndOfTest(async () => process.off('warning', note));
    const server = await serve();
    const log = await open({ servers: server.url });
    await raw(server, 'apledger.log.host-0', 'hello');
    expect(await log.lastPosition()).toBe(0);
    expect(await log.head('host-0')).toBeUndefined();
    await fill(log);
    await raw(server, 'apledger.log.host-1', '');
    await raw(server, 'apledger.log.%zz', 'APL');
    await fill(log);
    await raw(server, 'apledger.log.host-2', 'bye');
    const fresh = await open({ servers: server.url });
    for (const each of [log, fresh]) {
      expect(await verified(each)).toMatchObject({ facts: 120, streams: 3, problems: [] });
      expect((await each.heads()).map(({ stream, revision }) => [stream, revision])).toEqual([
        ['host-0', 19],
        ['host-1', 39],
        ['host-2', 59],
      ]);
      const { facts, caughtUp } = await deliveries(each, 0, (_, ups) => ups.length === 1);
      expect(facts).toHaveLength(120);
      expect(caughtUp).toEqual([await each.lastPosition()]);
    }
    expect(await fresh.append(commit('host-2', 59))).toMatchObject({ firstRevision: 60 });
    expect(warnings.some((text) => text.includes('apledger.log.host-1 is no commit'))).toBe(true);
  });

  test('a commit that cannot have been written so is reported; reading goes on after it, other hosts go on', async () => {
    const server = await serve();
    const log = await open({ servers: server.url });
    await fill(log, 6);
    await raw(server, 'apledger.log.host-0', Buffer.from('APL\u0001 and nothing of what should follow here'));
    await fill(log, 1).catch(() => undefined);
    await log.append(commit('host-1', 'any'));
    const error = await all(log.readAll()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ ...refusal('corrupted', 'message 7'), position: 700_000 });
    const report = await verified(log);
    expect(report).toMatchObject({ facts: 13 });
    expect(report.problems).toHaveLength(1);
    await expect(log.append(commit('host-0', 'any'))).rejects.toMatchObject(refusal('corrupted', 'host-0'));
    await expect(log.append(commit('host-2', 'any'))).resolves.toMatchObject({ duplicate: false });
  });

  test('an event that is missing in its stream is reported with its place; reading goes on behind it', async () => {
    const server = await serve();
    const log = await open({ servers: server.url });
    const other = await open({ servers: server.url, name: 'other' });
    await write(other, 'host-0', 4);
    const nc = await connect({ servers: server.url });
    const manager = await jetstreamManager(nc);
    for (const seq of [1, 2, 4]) {
      const message = await manager.streams.getMessage('other-log', { seq });
      await raw(server, 'apledger.log.host-0', message?.data ?? '');
    }
    await nc.close();
    await write(log, 'host-1', 1);
    const gap = refusal('corrupted', /message 3 .*host-0.* position 300000: revision 2 is missing/);
    const place = { ...gap, position: 299_999, lastPosition: 299_999 };
    const never = new AbortController().signal;
    await expect(all(log.readAll())).rejects.toMatchObject(place);
    await expect(all(log.readPacked())).rejects.toMatchObject(place);
    await expect(all(log.subscribe({ after: 0, signal: never }))).rejects.toMatchObject(place);
    expect(await all(log.readAll({ after: 299_999 }))).toHaveLength(2);
    expect((await verified(log)).problems.map(({ problem }) => problem)).toContainEqual(gap.message);
  });

  test('a commit of a newer format says so', async () => {
    const server = await serve();
    const log = await open({ servers: server.url });
    await raw(server, 'apledger.log.host-0', Buffer.from('APL\u0002'));
    await expect(all(log.readAll())).rejects.toMatchObject(refusal('newer-version', 'format 2'));
  });
});

describe.skipIf(isMissing)(`appends that take turns, ${version}`, () => {
  test('wait only a moment for one that says nothing more, and not for nonsense', async () => {
    const server = await serve();
    const log = await open({ servers: server.url });
    await log.append(commit('host-a', 'none'));
    const nc = await connect({ servers: server.url });
    atEndOfTest(() => nc.close());
    for (const text of ['gone 60000', 'x', '', 'gone late', 'a b c'])
      nc.publish('apledger.waiting.host-a', text);
    await nc.flush();
    const before = performance.now();
    await log.append(commit('host-a', 0));
    // The one that is gone asked for a minute; its word is taken for a moment.
    expect(performance.now() - before).toBeLessThan(30_000);
    expect(await verified(log)).toMatchObject({ facts: 2, problems: [] });
  });

  test('are appended also for a user who may not say that he waits', async () => {
    const publish = ['apledger.log.*', '$JS.API.>'];
    const permissions = JSON.stringify({ publish, subscribe: ['_INBOX.writer.>'] });
    const server = await serve({
      configuration: `authorization { users: [ { user: writer, password: w, permissions: ${permissions} } ] }`,
    });
    const login = { servers: server.url, user: 'writer', password: 'w' };
    const logs = [await open(login), await open(login), await open(login)];
    await Promise.all(logs.map((log) => write(log, 'host-a', 20)));
    expect(await verified(await open(login))).toMatchObject({ facts: 60, problems: [] });
  });
});

describe.skipIf(isMissing)(`a server that refuses, ${version}`, () => {
  test('a commit larger than a message may be', async () => {
    const server = await serve();
    const log = await open({ servers: server.url });
    const big = commit('host-a', 'none', [fact(0, { text: 'x'.repeat(9_000_000) })]);
    await expect(log.append(big)).rejects.toMatchObject({
      ...refusal('too-large', 'bytes'),
      remedy: expect.stringContaining('max_payload'),
    });
    expect(await log.append(commit('host-a', 'none'))).toMatchObject({ firstRevision: 0 });
  });

  test('a full store: appends are refused, nothing is lost, and it serves again with more room', async () => {
    const server = await serve({ maxFileStoreBytes: 2_000_000 });
    const log = await open({ servers: server.url });
    const text = 'x'.repeat(100_000);
    let kept = 0;
    const fillUp = async (): Promise<void> => {
      for (;;) {
        await log.append(commit('host-a', kept === 0 ? 'none' : kept - 1, [fact(kept, { text })]));
        kept += 1;
      }
    };
    await expect(fillUp()).rejects.toMatchObject(refusal('disk-full', 'JetStream'));
    expect(kept).toBeGreaterThan(5);
    expect(await verified(log)).toMatchObject({ facts: kept, problems: [] });
    await expect(log.append(commit('host-b', 'none', [fact(0, { text })]))).rejects.toMatchObject(
      refusal('disk-full', 'JetStream'),
    );
    await server.kill();
    const roomy = await serve({ folder: server.folder });
    const again = await open({ servers: roomy.url });
    await again.append(commit('host-a', kept - 1, [fact(kept, { text })]));
    expect(await verified(again)).toMatchObject({ facts: kept + 1, problems: [] });
  });
});

/** Mounts a disk of so many megabytes, which only root may; undone after the test. */
function mountDisk(megabytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'apledger-disk-'));
  atEndOfTest(async () => rmSync(folder, { recursive: true }));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'pipe' });
  atEndOfTest(async () => execFileSync('umount', ['--lazy', folder]));
  return folder;
}

const canMount = await (async () => {
  try {
    mountDisk(1);
    return true;
  } catch {
    return false;
  }
})();

// A disk that is really full needs one that can be filled: without the right to mount, this is reported as skipped.
describe.skipIf(isMissing || !canMount)(
  `a disk that is full before the server expects it, ${version}`,
  () => {
    test('stops JetStream: appends fail and say where to look; with room and a restart all is there', async () => {
      const folder = mountDisk(8);
      const server = await serve({ folder, maxFileStoreBytes: 100_000_000 });
      const log = await open({ servers: server.url, timeoutMs: 500 });
      const text = 'x'.repeat(50_000);
      const acknowledged: number[] = [];
      const given = () => commit('host-a', 'any', [fact(acknowledged.length, { text })]);
      let last = given();
      const fillUp = async (): Promise<void> => {
        for (;;) {
          last = given();
          acknowledged.push((await log.append(last)).lastPosition);
        }
      };
      await expect(fillUp()).rejects.toMatchObject({
        ...refusal('unreachable', 'connected, but'),
        remedy: expect.stringContaining('disk is full'),
      });
      await server.kill();
      execFileSync('mount', ['-o', 'remount,size=64m', folder]);
      await server.start();
      const again = await open({ servers: server.url });
      const before = (await all(again.readAll())).map((recorded) => recorded.position);
      expect(before.slice(0, acknowledged.length)).toEqual(acknowledged);
      const appended = await again.append(last);
      expect(appended.firstRevision).toBe(acknowledged.length);
      expect(await verified(again)).toMatchObject({ facts: acknowledged.length + 1, problems: [] });
    });
  },
);

describe.skipIf(isMissing)(`a server that goes away, ${version}`, () => {
  test('and comes back in time: appends and subscriptions go on as if nothing had been', async () => {
    const server = await serve();
    const log = await open({ servers: server.url });
    await write(log, 'host-a', 5);
    const live = deliveries(log, 0, (facts) => facts.length === 45);
    await server.kill();
    const appends = Array.from({ length: 10 }, (_, n) => log.append(commit(`host-${n}`, 'none')));
    await server.start();
    for (const appended of await Promise.all(appends)) expect(appended.duplicate).toBe(false);
    await server.kill('SIGTERM');
    await server.start();
    await write(log, 'host-a', 30);
    const { facts, caughtUp } = await live;
    expect(facts).toEqual(await all(log.readAll()));
    expect(caughtUp).toHaveLength(1);
    expect(await verified(log)).toMatchObject({ facts: 45, problems: [] });
  });

  test('for too long: the append fails, and the same command is then appended once', async () => {
    const server = await serve();
    const log = await open({ servers: server.url, timeoutMs: 300 });
    await write(log, 'host-a', 3);
    await server.kill();
    const given = commit('host-a', 2, [fact(3), fact(4)]);
    await expect(log.append(given)).rejects.toMatchObject(refusal('unreachable', 'no acknowledgement'));
    await expect(log.head('host-a')).rejects.toMatchObject(refusal('unreachable', /./));
    await expect(all(log.readAll())).rejects.toMatchObject(refusal('unreachable', /./));
    await server.start();
    const patient = await open({ servers: server.url });
    const appended = await patient.append(given);
    expect(appended).toMatchObject({ firstRevision: 3, lastRevision: 4 });
    expect(await patient.append(given)).toEqual({ ...appended, duplicate: true });
    expect(await verified(patient)).toMatchObject({ facts: 5, problems: [] });
  });

  test('an acknowledgement that is lost on the way: the commit is there once, and not called a duplicate', async () => {
    const server = await serve();
    const proxy = await startProxy(server.port);
    atEndOfTest(() => proxy.close());
    const log = await open({ servers: proxy.url });
    const witness = await open({ servers: server.url });
    await write(log, 'host-a', 3);
    proxy.mute();
    const given = commit('host-a', 2, [fact(3), fact(4)]);
    const append = log.append(given);
    await deliveries(witness, 0, (facts) => facts.length === 5); // it is stored, and nobody was told
    proxy.reset();
    expect(await append).toMatchObject({ firstRevision: 3, lastRevision: 4, duplicate: false });
    expect(await log.append(given)).toMatchObject({ firstRevision: 3, duplicate: true });
    expect(await verified(log)).toMatchObject({ facts: 5, problems: [] });
  });

  test('kill -9 again and again while many write: what was acknowledged is there once, the rest not or whole', async () => {
    const server = await serve();
    const log = await open({ servers: server.url, timeoutMs: 60_000 });
    const acknowledged = new Map<string, number>();
    let isOver = false;
    const writer = async (stream: string): Promise<void> => {
      while (!isOver) {
        const commandId = randomUUID();
        const given = { ...commit(stream, 'any', [fact(0), fact(1), fact(2)]), commandId };
        acknowledged.set(commandId, (await log.append(given)).lastPosition);
      }
    };
    const writers = Array.from({ length: 8 }, (_, n) => writer(`host-${n}`));
    for (let round = 0; round < 6; round++) {
      const enough = acknowledged.size + 50 * (round + 1);
      await deliveries(log, await log.lastPosition(), () => acknowledged.size >= enough);
      await server.kill();
      await server.start();
    }
    isOver = true;
    await Promise.all(writers);
    const facts = await all(log.readAll());
    const found = Map.groupBy(facts, (recorded) => recorded.cause);
    expect([...found.values()].every((each) => each.length === 3)).toBe(true);
    expect([...found].map(([cause, each]) => [cause, each.at(-1)?.position]).sort()).toEqual(
      [...acknowledged].sort(),
    );
    expect((await verified(log)).problems).toEqual([]);
  });
});
