/**
 * The disk of the log fails under a running service, and is mended: what was acknowledged is there, what was refused is repeated with
 * its id, and nothing is done twice.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProblemBody } from '@apledger/api';
import { describe, expect, it, type TestContext } from 'vitest';
import { apledger, objects } from '../cli/support.ts';
import { register, startIn } from '../ledger/support.ts';
import { scratch } from '../support/file.ts';
import { give, type HttpService, insist, serviceOf } from './support.ts';

const HOST = 'lpar1';
type Finally = TestContext['onTestFinished'];

async function start(
  end: Finally,
  data: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<HttpService> {
  const service = await serviceOf(startIn(variables, '--no-relay', '--data', data));
  end(async () => {
    service.process.signal('SIGKILL');
    await service.process.ended();
  });
  return service;
}

/** Commands one after the other, each with so much text, until one is not taken; their ids, and what was said of the last. */
async function untilRefused(
  { server }: HttpService,
  length: number,
): Promise<{ readonly taken: readonly string[]; readonly refused: string; readonly problem: ProblemBody }> {
  const taken: string[] = [];
  for (;;) {
    const id = crypto.randomUUID();
    const response = await command(server, id, length);
    if (response.ok) {
      await response.text();
      taken.push(id);
    } else return { taken, refused: id, problem: (await response.json()) as ProblemBody };
  }
}

/** `length` is that of a text which is recorded, so that each command fills some of the disk. */
const command = (server: string, id: string, length = 1): Promise<Response> =>
  fetch(`${server}/api/v1/hosts/${HOST}/commands`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': id,
      'apledger-correlation': 'c'.repeat(length),
    },
    body: JSON.stringify({ type: 'ScanBus' }),
  });

const ready = async (server: string): Promise<Record<string, unknown>> =>
  (await fetch(`${server}/readyz`)).json() as Promise<Record<string, unknown>>;

/** Every command is in the log once, and the log is as it was written. */
async function expectOnce(
  { api, process }: HttpService,
  data: string,
  ids: readonly string[],
): Promise<void> {
  for (const id of ids) await insist(() => [api], HOST, { type: 'ScanBus' }, id);
  process.signal('SIGTERM');
  await process.ended();
  const facts = objects((await apledger('events', '--json', '--type', 'BusScanned', '--data', data)).out);
  const causes = facts.map(({ cause }) => String(cause)).filter((cause) => ids.includes(cause));
  expect(causes.sort()).toEqual([...ids].sort());
  expect(await apledger('verify', '--data', data)).toMatchObject({ status: 0 });
}

/** A file system in memory of this size; undefined where nothing can be mounted. */
function smallDisk(end: Finally, path: string): { grow(): void } | undefined {
  mkdirSync(path);
  const tried = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]);
  if (tried.status !== 0) return undefined;
  end(() => void spawnSync('umount', ['-l', path]));
  return { grow: () => void spawnSync('mount', ['-o', 'remount,size=16m', path]) };
}

describe('while the disk of the log is full', () => {
  it('commands are refused and not recorded, questions are answered, and it goes on when there is room', async ({
    onTestFinished: end,
    skip,
  }) => {
    const data = join(scratch(), 'disk');
    const disk = smallDisk(end, data);
    if (disk === undefined) return skip('no right to mount a file system: run the tests as root');
    const service = await start(end, data);
    const { api, server } = service;
    await give(api, HOST, register(HOST));
    const { taken, refused, problem } = await untilRefused(service, 200);
    expect(taken.length).toBeGreaterThan(10);
    expect(problem).toMatchObject({ status: 503, code: 'log-disk-full', kept: 'no' });
    expect(await ready(server)).toMatchObject({ status: 503, reads: 'current', commands: false });
    const shown = await fetch(`${server}/api/v1/hosts/${HOST}`);
    expect([shown.status, shown.headers.get('apledger-current-to')]).toEqual([200, null]);
    expect(await shown.json()).toMatchObject({ host: HOST });
    expect((await fetch(`${server}/api/v1/hosts/${HOST}/custody?apqn=04.0004`)).status).toBe(200);
    disk.grow();
    while ((await ready(server)).commands === false);
    await expectOnce(service, data, [...taken, refused]);
  });
});

const library = join(scratch(), 'failing-disk.so');
const compiled = spawnSync('cc', [
  ...['-shared', '-fPIC', '-o', library],
  ...[new URL('../support/failing-disk.c', import.meta.url).pathname, '-ldl'],
]);
const needs = compiled.status === 0 ? '' : ' (skipped: needs a C compiler, apt-get install gcc libc6-dev)';

describe.skipIf(needs !== '')(`while the disk of the log answers EIO${needs}`, () => {
  it.for([
    ['writes', 'w'],
    ['syncs', 's'],
    ['reads, writes and syncs', 'rws'],
  ])(
    'to %s: no command is acknowledged that is not there afterwards',
    async ([, what], { onTestFinished: end }) => {
      const data = scratch();
      const control = join(scratch(), 'fails');
      const service = await start(end, data, { LD_PRELOAD: library, FAILING_DISK: control });
      const { api, server } = service;
      await give(api, HOST, register(HOST));
      const before: string[] = [];
      for (let n = 0; n < 10; n++) {
        before.push(crypto.randomUUID());
        await insist(() => [api], HOST, { type: 'ScanBus' }, before.at(-1));
      }
      writeFileSync(control, what ?? '');
      const { taken, refused, problem } = await untilRefused(service, 1);
      expect(problem).toMatchObject({ status: 503, code: 'log-io' });
      expect(['no', 'unknown']).toContain(problem.kept);
      expect(await ready(server)).toMatchObject({ status: 503, commands: false });
      // What is known is answered, from the log or from memory.
      const shown = await fetch(`${server}/api/v1/hosts/${HOST}`);
      expect([shown.status, await shown.json()]).toMatchObject([200, { host: HOST }]);
      expect(service.process.output()).not.toContain('corrupted');
      rmSync(control);
      while ((await fetch(`${server}/readyz`)).status !== 200);
      await expectOnce(service, data, [...before, ...taken, refused]);
    },
  );
});
