/**
 * A planned change of an observed host from end to end: proposed by one, approved by another, moved on by the ledger, written by the
 * agent's writer into a mounted host, and read back. All of them show certificates to the ledger's own listener.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { idsOf } from '@apledger/ap';
import { main } from '@apledger/cli';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authority, type Pair, signed } from '../access/certificates.ts';
import { inRepository } from '../cli/support.ts';
import { stateIn } from '../cli/sysfs-tree.ts';
import { type LabProcess, mountLab, startProgram } from '../lab/process.ts';
import { noMount } from '../lab/support.ts';
import { type LedgerProcess, startProcess } from '../ledger/support.ts';
import { scratch } from '../support/file.ts';
import { freePorts } from '../support/nats.ts';

const HOST = 'real1';
const MDEV = '11111111-1111-4111-8111-111111111111';
const uri = (name: string): string => `urn:bank:${name}`;

const root = scratch();
const [sys, run, data, labData] = ['sys', 'run', 'ledger', 'lab'].map((name) => join(root, name)) as [
  string,
  string,
  string,
  string,
];
const people: Record<string, Pair> = {};
let ca: Pair;
let port: number;
let service: LedgerProcess;
let agent: LabProcess;

/** What the writer does with the next request: carries it out, says that the kernel refused it or that it did not begin, or is never heard of again. */
let writer: 'writes' | 'refuses' | 'does not begin' | 'is lost' = 'writes';

/** As apledger-writer.socket with Accept=yes: a writer for each connection. */
const socket = createServer({ allowHalfOpen: true }, (connection: Socket) => {
  if (writer === 'is lost') return void connection.destroy();
  if (writer === 'refuses') return void connection.end('{"outcome":"failed","errno":"EBUSY"}\n');
  if (writer === 'does not begin') return void connection.end('{"outcome":"not-begun","reason":"no lock"}\n');
  const program = inRepository('services/agent/bin/writer.mjs');
  const child = spawn(process.execPath, [program, '--sysfs', sys, '--run', run], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  connection.pipe(child.stdin);
  child.stdout.pipe(connection);
});

async function ask(who: string, method: string, path: string, body?: object) {
  const { cert, key } = people[who] as Pair;
  const options = { host: '127.0.0.1', port, path: `/api/v1${path}`, method, agent: false };
  const tls = { ca: readFileSync(ca.cert), cert: readFileSync(cert), key: readFileSync(key) };
  const headers = { 'content-type': 'application/json' };
  const answer = await new Promise<string>((resolve, reject) => {
    request({ ...options, ...tls, headers }, (response) => text(response).then(resolve, reject))
      .on('error', reject)
      .end(body === undefined ? undefined : JSON.stringify(body));
  });
  return JSON.parse(answer) as Record<string, unknown>;
}

function startAgent(certificate: Pair): LabProcess {
  return startProgram(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    inRepository('services/agent/bin/agent.mjs'),
    ...[
      '--host',
      HOST,
      '--ledger',
      `https://127.0.0.1:${port}`,
      '--spool',
      join(root, `spool-${certificate.cert.split('/').at(-1)}`),
    ],
    ...['--cert', certificate.cert, '--key', certificate.key, '--ca', ca.cert],
    ...['--sysfs', sys, '--run', run],
  ]);
}

const desired = (domains: readonly number[]): string => `
apledger: v1
host: ${HOST}
masks: { adapters: [0-4, 6-255], domains: 0-255 }
mdevs:
  web: { uuid: ${MDEV}, adapters: [5], domains: [${domains}] }
`;

/** Proposed by ops, approved by the boss. */
async function approved(domains: readonly number[]): Promise<string> {
  const planned = await ask('ops', 'POST', `/hosts/${HOST}/plan`, { desired: desired(domains) });
  expect(planned).toMatchObject({ problems: [] });
  const proposal = await ask('ops', 'POST', `/hosts/${HOST}/changes`, {
    plan: planned.plan,
    reason: 'web needs it',
  });
  expect(proposal).toMatchObject({ status: 'proposed', waitsFor: ['somebody else to approve it'] });
  const { change, work, effect } = proposal;
  expect(await ask('boss', 'POST', `/changes/${change}/approve`, { work, effect })).toMatchObject({
    status: 'approved',
  });
  return String(change);
}

const statusOf = async (change: string) =>
  (await ask('ops', 'GET', `/changes/${change}`)).change as Record<string, unknown>;
const becomes = (change: string, status: object) =>
  expect.poll(() => statusOf(change), { interval: 200 }).toMatchObject(status);

async function domainsOf(): Promise<readonly number[]> {
  const mdev = (await stateIn(labData, 'zlp1')).mdevs.get(MDEV);
  return mdev === undefined ? [] : idsOf(mdev.assigned.domains);
}

describe.skipIf(noMount !== undefined)('a planned change of an observed host', () => {
  beforeAll(async () => {
    for (const folder of [sys, join(run, 'lock')]) mkdirSync(folder, { recursive: true });
    ca = authority(root, 'ca');
    const server = signed(root, 'server', ca, 'IP:127.0.0.1');
    for (const name of ['agent', 'ops', 'boss']) people[name] = signed(root, name, ca, `URI:${uri(name)}`);
    const access = join(root, 'access.yaml');
    writeFileSync(access, `certificates: { ca: ca.pem }\nrules: [{ hosts: "real*", fourEyes: all }]\n`);
    for (const [name, role, hosts] of [
      ['agent', 'agent', HOST],
      ['ops', 'operator', '*'],
      ['boss', 'approver', '*'],
    ] as const)
      await main(['access', 'bind', `x509#${uri(name)}`, role, '--hosts', hosts, '--data', data], {
        out: () => {},
        err: () => {},
        isInteractive: false,
      } as never);
    const [browsers = 0, programs = 0] = await freePorts(2);
    port = programs;
    service = startProcess(
      ...['--data', data, '--port', String(browsers), '--mtls-port', String(port), '--access', access],
      ...['--tls-cert', server.cert, '--tls-key', server.key],
    );
    await service.said(/ready .*at https:/);
    await mountLab('zlp1', 'adapters=5,6', 'domains=4,5', 'driver=6.12', '--at', sys, '--data', labData);
    await new Promise<void>((resolve) => socket.listen(join(run, 'apledger-writer.sock'), resolve));
    agent = startAgent(people.agent as Pair);
  });
  afterAll(async () => {
    socket.close();
    agent?.signal('SIGTERM');
    await agent?.ended();
    service?.signal('SIGKILL');
  });

  it('takes another certificate than that of an operator to watch it', async () => {
    const stranger = startAgent(people.ops as Pair);
    expect([await stranger.ended(), stranger.output()]).toEqual([2, expect.stringMatching(/agent/)]);
  });

  it('is carried out step by step, and read back', async () => {
    await expect.poll(() => ask('ops', 'GET', `/hosts/${HOST}`)).toMatchObject({ host: HOST });
    const change = await approved([4]);
    await becomes(change, { status: 'carried-out' });
    expect(await domainsOf()).toEqual([4]);
    const { events } = await ask('ops', 'GET', `/events?host=${HOST}&after=0&limit=500`);
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'ObservationBegan',
        auth: expect.objectContaining({ issuer: 'x509', subject: uri('agent') }),
      }),
    );
  });

  it('is of one agent on its spool: the second names the first, and ends', async () => {
    const second = startAgent(people.agent as Pair);
    const said = `lock is held by process ${agent.pid}: another agent works on this spool`;
    expect([await second.ended(), second.output()]).toEqual([2, expect.stringContaining(said)]);
  });

  it('is held where the kernel refuses a step, and goes on when it is tried again', async () => {
    writer = 'refuses';
    const change = await approved([4, 5]);
    await becomes(change, { status: 'held', held: { because: 'refused', errno: 'EBUSY' } });
    expect(await domainsOf()).toEqual([4]);
    writer = 'writes';
    await ask('ops', 'POST', `/changes/${change}/resume`, { how: 'retry', reason: 'it is free now' });
    await becomes(change, { status: 'carried-out' });
    expect(await domainsOf()).toEqual([4, 5]);
  });

  it('is held where the writer did not begin a step, which is known', async () => {
    writer = 'does not begin';
    const change = await approved([4]);
    await becomes(change, {
      status: 'held',
      held: { because: 'not-begun', reason: expect.stringContaining('no lock') },
    });
    expect(await domainsOf()).toEqual([4, 5]);
    writer = 'writes';
    await ask('ops', 'POST', `/changes/${change}/resume`, { how: 'back', reason: 'not today' });
    await becomes(change, { status: 'back' });
    expect(await domainsOf()).toEqual([4, 5]);
  });

  it('is held where the answer of the writer is lost: nobody takes the step for done', async () => {
    writer = 'is lost';
    const change = await approved([4]);
    await becomes(change, {
      status: 'held',
      held: { because: 'unconfirmed', reason: expect.stringContaining('There is now: mdev') },
    });
    expect(await domainsOf()).toEqual([4, 5]);
    writer = 'writes';
    await ask('ops', 'POST', `/changes/${change}/resume`, { how: 'retry', reason: 'the writer is back' });
    await becomes(change, { status: 'carried-out' });
    expect(await domainsOf()).toEqual([4]);
  });
});
