/** Several processes on one log: nothing is lost, nothing done twice, no matter who is killed. */
import { openSqliteLog, type RecordedFact, verify } from '@apledger/event-log';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { all, create, holdWriteLock, register } from '../ledger/support.ts';
import { scratch } from '../support/file.ts';
import { give, type HttpService, insist, startService } from './support.ts';

const HOST = 'lpar1';
const mdev = (n: number): string => `aaaaaaaa-0000-4000-8000-${String(n).padStart(12, '0')}`;

let directory: string;
let running: HttpService[] = [];
const start = async (count: number): Promise<HttpService[]> => {
  const started = await Promise.all(Array.from({ length: count }, () => startService('--data', directory)));
  running.push(...started);
  return started;
};
beforeEach(() => {
  directory = scratch();
});
afterEach(async () => {
  for (const { process } of running) process.signal('SIGKILL');
  await Promise.all(running.map(({ process }) => process.ended()));
  running = [];
});

/** The facts of the log, whose chains must be whole. */
async function recorded(): Promise<RecordedFact[]> {
  const log = await openSqliteLog({ directory, readOnly: true });
  try {
    const walk = verify(log);
    let step = await walk.next();
    while (step.done !== true) step = await walk.next();
    expect(step.value.problems).toEqual([]);
    return await all(log.readAll());
  } finally {
    await log.close();
  }
}
const createdBy = (facts: readonly RecordedFact[]): string[] =>
  facts.filter(({ type }) => type === 'MdevCreated').map(({ cause }) => cause);

describe('instances on one log', () => {
  it('carry each command out once, and tell the same of the host', async () => {
    const apis = (await start(3)).map(({ api }) => api);
    await insist(() => apis, HOST, register(HOST));
    const ids = Array.from({ length: 30 }, () => crypto.randomUUID());
    await Promise.all(
      ids.flatMap((id, n) => apis.map((api) => insist(() => [api], HOST, create(mdev(n)), id))),
    );
    expect(createdBy(await recorded()).sort()).toEqual(ids.toSorted());
    const views = await Promise.all(apis.map((api) => api.get('/hosts/{host}', { host: HOST })));
    expect(views[0]?.mdevs).toHaveLength(ids.length);
    for (const view of views) expect(view).toEqual(views[0]);
  });

  it('let one of those through who decided on the same ETag', async () => {
    const apis = (await start(2)).map(({ api }) => api);
    const { revision } = await insist(() => apis, HOST, register(HOST));
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) =>
        give(apis[n % 2] ?? expect.fail(), HOST, create(mdev(n)), { expected: revision }),
      ),
    );
    const refused = answers.filter((each) => each.status === 'rejected');
    expect(refused).toHaveLength(9);
    for (const { reason } of refused) expect(reason).toMatchObject({ status: 412, code: 'wrong-revision' });
    expect(createdBy(await recorded())).toHaveLength(1);
  });

  it('lose no acknowledged command when they are killed under load', async () => {
    let alive = await start(3);
    await insist(() => alive.map(({ api }) => api), HOST, register(HOST));
    const ids = Array.from({ length: 60 }, () => crypto.randomUUID());
    let acknowledged = 0;
    const replies = await Promise.all(
      ids.map(async (id, n) => {
        const reply = await insist(() => alive.map(({ api }) => api), HOST, create(mdev(n)), id);
        acknowledged += 1;
        if (acknowledged === 10 || acknowledged === 25) {
          const [victim, ...rest] = alive;
          alive = rest;
          victim?.process.signal('SIGKILL');
        }
        return reply;
      }),
    );
    for (const reply of replies) expect(reply.facts).toMatchObject([{ type: 'MdevCreated' }]);
    expect(createdBy(await recorded()).sort()).toEqual(ids.toSorted());
  });

  it('answer what has come before they go, and take nothing new', async () => {
    const [service = expect.fail()] = await start(1);
    await give(service.api, HOST, register(HOST));
    const release = holdWriteLock(directory);
    const answers = Array.from({ length: 5 }, (_, n) => give(service.api, HOST, create(mdev(n))));
    const metrics = async () => (await fetch(`${service.server}/metrics`)).text();
    while (!/^apledger_commands_in_flight 5$/m.test(await metrics())) await metrics();
    service.process.signal('SIGTERM');
    await service.process.said(/SIGTERM/);
    release();
    for (const receipt of await Promise.all(answers))
      expect(receipt).toMatchObject({ facts: [{ type: 'MdevCreated' }] });
    expect(await service.process.ended()).toBe(0);
    await expect(fetch(`${service.server}/readyz`)).rejects.toThrow();
    expect(createdBy(await recorded())).toHaveLength(5);
  });
});
