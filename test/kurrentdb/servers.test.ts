/** Servers that cannot be used, that restart, hang, or are deposed: each a clear error, or a clean way on. */

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { all, commit, deliveries, fact, fill, verified, write } from '@apledger/event-log/contract/support';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { selfSigned } from '../fakes/kurrentdb/certificate.ts';
import { errors } from '../fakes/kurrentdb/wire.ts';
import { closeAfterEach, onFake, openFast, openOn, startFake } from './support.ts';

closeAfterEach();

describe('a server that cannot be used', () => {
  onFake('nobody listens at the address', async () => {
    const fake = await startFake();
    const connectionString = fake.connectionString();
    fake.stop();
    const opening = openFast({ connectionString });
    await expect(opening).rejects.toMatchObject({
      name: 'LogError',
      code: 'unreachable',
      path: expect.stringContaining('127.0.0.1'),
    });
  });

  onFake('the cluster has no node that answers', async () => {
    const fake = await startFake();
    const { port } = fake;
    fake.stop();
    const connectionString = `kurrentdb+discover://127.0.0.1:${port}?tls=false`;
    await expect(openFast({ connectionString })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('no leader was found'),
    });
  });

  onFake('it accepts calls and never answers', async () => {
    const fake = await startFake({ fault: () => 'hang' });
    const opening = openFast({ connectionString: fake.connectionString(), deadlineMs: 50, patienceMs: 100 });
    await expect(opening).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('in time'),
    });
  });

  onFake('it is overloaded for a while: appends and reads go on afterwards', async () => {
    const fake = await startFake();
    const log = await openOn(fake, { patienceMs: 20_000 });
    let left = 5;
    fake.fault = () => (left-- > 0 ? errors.notReady() : undefined);
    await log.append(commit('host-a', 'none'));
    left = 5;
    expect(await all(log.readAll())).toHaveLength(1);
    left = 5;
    expect(await all(log.readStream('host-a'))).toHaveLength(1);
  });

  onFake(
    'an append that it never answers: nobody knows whether it was kept, and its command may be repeated',
    async () => {
      const fake = await startFake();
      const log = await openOn(fake, { deadlineMs: 200, patienceMs: 400 });
      fake.fault = (method) => (method === 'append' ? 'hang' : undefined);
      const given = commit('host-a', 'none');
      await expect(log.append(given)).rejects.toMatchObject({
        code: 'unreachable',
        message: expect.stringMatching(/not known whether .* kept.*same command id/),
      });
      fake.fault = undefined;
      expect(await log.append(given)).toMatchObject({ firstRevision: 0, duplicate: false });
    },
  );

  onFake(
    'an append that was kept although it failed is a duplicate when its command is repeated',
    async () => {
      const fake = await startFake();
      const log = await openOn(fake, { patienceMs: 100 });
      fake.fault = (method) => (method === 'append' ? 'lose-answer' : undefined);
      const given = commit('host-a', 'none', [fact(0), fact(1)]);
      await expect(log.append(given)).rejects.toMatchObject({ code: 'unreachable' });
      fake.fault = undefined;
      expect(await log.append(given)).toMatchObject({ lastRevision: 1, duplicate: true });
      expect(await verified(log)).toMatchObject({ facts: 2, problems: [] });
    },
  );
});

describe('who may', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'apledger-tls-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  onFake('the right password opens the log over TLS; a wrong one, and none, are refused', async () => {
    const tls = selfSigned();
    const ca = join(directory, 'ca.pem');
    await writeFile(ca, tls.certificate);
    const password = 'ch@nge/it: 100% #ü?';
    const fake = await startFake({ tls, users: { admin: password } });
    // By name: Node warns of an address in place of a server's name.
    const address = (user?: string) => fake.connectionString(user).replace('127.0.0.1', 'localhost');
    const as = (user?: string) => `${address(user)}&tlsCAFile=${encodeURIComponent(ca)}`;
    const log = await openOn(fake, { connectionString: as(`admin:${encodeURIComponent(password)}`) });
    await log.append(commit('host-a', 'none'));
    for (const user of ['admin:guess', 'nobody:changeit', undefined]) {
      const opening = openFast({ connectionString: as(user) });
      await expect(opening).rejects.toMatchObject({
        code: 'denied',
        remedy: expect.stringContaining('password'),
      });
    }
  });

  onFake('TLS that does not come about is told with its reason, at once', async () => {
    const secure = await startFake({ tls: selfSigned() });
    const open = await startFake();
    const at = (fake: { port: number }, tls: boolean) => `kurrentdb://localhost:${fake.port}?tls=${tls}`;
    const cases = [
      [at(secure, true), /certificate that is not trusted.*tlsCAFile/],
      [at(secure, false), /speaks TLS.*tls=false/],
      [at(open, true), /does not speak TLS/],
    ] as const;
    for (const [connectionString, message] of cases) {
      const opening = openFast({ connectionString, patienceMs: 60_000 });
      await expect(opening).rejects.toMatchObject({
        code: 'unreachable',
        message: expect.stringMatching(message),
      });
    }
  });

  onFake('a certificate need not be verified where the connection string says so', async () => {
    const fake = await startFake({ tls: selfSigned() });
    const connectionString = `kurrentdb://localhost:${fake.port}?tls=true&tlsVerifyCert=false`;
    const log = await openOn(fake, { connectionString });
    expect(await log.lastPosition()).toBe(0);
  });
});

describe('a server that restarts', () => {
  onFake('in the middle of a subscription: no fact is lost or given twice', async () => {
    const fake = await startFake();
    const retries: unknown[] = [];
    const log = await openOn(fake, { patienceMs: 10_000, onRetry: (retry: unknown) => retries.push(retry) });
    await fill(log);
    const total = 60 + 200;
    let restarting = Promise.resolve();
    const live = deliveries(
      log,
      0,
      (facts) => facts.length >= total,
      (delivery) => {
        if ('fact' in delivery && delivery.fact.data.adapter === 25) restarting = fake.restart();
      },
    );
    for (let round = 0; round < 4; round++) {
      await write(log, `host-${round}`, 50);
      await fake.restart();
    }
    const { facts, caughtUp } = await live;
    await restarting;
    expect(facts).toEqual(await all(log.readAll()));
    expect(caughtUp).toHaveLength(1);
    expect(retries.length).toBeGreaterThan(0);
    expect(await verified(log)).toMatchObject({ facts: total, problems: [] });
  });

  onFake('with less than it had: history that is not there any more is an error, not an end', async () => {
    const fake = await startFake();
    const log = await openOn(fake);
    const { lastPosition } = await log.append(commit('host-a', 'none', [fact(0), fact(1)]));
    expect(await all(log.readAll())).toHaveLength(2);
    fake.stop();
    await startFake({ port: fake.port });
    await expect(all(log.readAll({ upTo: lastPosition }))).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(`does not reach position ${lastPosition}`),
    });
  });

  onFake('while it is down a subscription waits without an end, and ends on abort', async () => {
    const fake = await startFake();
    const ended = new AbortController();
    let tries = 0;
    const onRetry = (): void => {
      tries += 1;
      if (tries === 6) ended.abort();
    };
    const log = await openOn(fake, { patienceMs: 1, onRetry });
    const received: object[] = [];
    for await (const delivery of log.subscribe({ after: 0, signal: ended.signal })) {
      received.push(delivery);
      fake.stop();
    }
    expect(received).toEqual([{ caughtUp: 0 }]);
  });

  onFake('while it is down an append waits for it', async () => {
    const fake = await startFake();
    let back: Promise<unknown> | undefined;
    const onRetry = (): void => {
      back ??= fake.start();
    };
    const log = await openOn(fake, { patienceMs: 10_000, onRetry });
    fake.stop();
    expect(await log.append(commit('host-a', 'none', [fact(0)]))).toMatchObject({ firstRevision: 0 });
    await back;
    expect(await log.readCommand('host-a', randomUUID())).toEqual([]);
  });

  onFake('a server of 22.10, which says nothing when a subscription has caught up', async () => {
    const fake = await startFake({ saysCaughtUp: false });
    const log = await openOn(fake);
    await fill(log);
    const { facts, caughtUp } = await deliveries(log, 0, (_, ups) => ups.length === 1);
    expect(facts).toEqual(await all(log.readAll()));
    expect(caughtUp).toEqual([await log.lastPosition()]);
  });
});
