/** A service that answers to those it knows, each as far as his roles go; programs with tokens. */

import { A, assignAdapter } from '@apledger/command-handler/testing';
import type { RecordedFact } from '@apledger/event-log';
import { describe, expect, it } from 'vitest';
import { endpoints } from '../nats/endpoints.ts';
import { routes } from './routes.ts';
import { type Controlled, controlled } from './test-access.ts';
import { type Answer, scene } from './test-support.ts';

const command = (
  made: Controlled,
  host: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> => made.post(`/hosts/${host}/commands`, body, headers);

describe('without credentials', () => {
  it('nothing of the API answers, however its address is spelled', async () => {
    const made = await controlled();
    const before = await made.log.lastPosition();
    for (const { method, path, isEndless } of routes) {
      if (isEndless) continue;
      const url = path.replace(/\{host\}/, 'prod1').replaceAll(/\{\w+\}/g, 'x');
      const answer = await made.send({
        method,
        url,
        headers: { 'content-type': 'application/json' },
        payload: '{}',
      });
      expect([answer.status, answer.body.code], `${method} ${path}`).toEqual([401, 'no-identity']);
    }
    for (const url of [
      '//%61pi/v1/hosts',
      '//api//v1/hosts',
      '//api/v1/hosts/',
      '//api/v1/%68osts',
      '//api/v1/x/../hosts',
      '//API/v1/hosts',
    ])
      expect((await made.get(url)).status, url).toBeGreaterThanOrEqual(400);
    expect((await made.get('//metrics')).status).toBe(401);
    expect((await made.get('/events/stream')).status).toBe(401);
    expect(await made.log.lastPosition()).toBe(before);
  });

  it('every one is counted: one fact a source and minute', async () => {
    const made = await controlled();
    for (let i = 0; i < 50; i++)
      await made.get('/hosts', i % 2 ? {} : { authorization: `Bearer apl_${'x'.repeat(43)}` });
    await made.get('/hosts', { authorization: 'Basic YTpi' });
    await made.server.close();
    expect((await made.facts()).filter(({ type }) => type === 'AuthenticationFailed')).toMatchObject([
      { data: { source: '127.0.0.1', count: 51, reasons: { none: 25, unknown: 25, malformed: 1 } } },
    ]);
  });

  it('health and what says how to sign in answer', async () => {
    const made = await controlled();
    expect((await made.get('//healthz')).status).toBe(200);
    expect((await made.get('//auth/config')).body).toMatchObject({
      isControlled: true,
      clientId: 'apledger',
    });
    expect((await (await scene()).get('//auth/config')).body).toEqual({ isControlled: false });
  });
});

describe('a token', () => {
  it('is somebody, as far as his roles go; the log says who, and what he claimed', async () => {
    const made = await controlled();
    const nightly = await made.program('nightly', ['operator', 'test*']);
    const done = await command(made, 'test1', assignAdapter(A, 5), { ...nightly, 'apledger-actor': 'root' });
    expect(done.status).toBe(200);
    expect((await made.facts('host-test1')).at(-1)).toMatchObject({
      actor: 'program nightly',
      claimed: 'root',
      auth: { method: 'token', issuer: 'apledger', subject: 'nightly', session: expect.any(String) },
    });
    const denied = await command(made, 'prod1', assignAdapter(A, 5), nightly);
    expect(denied).toMatchObject({
      status: 403,
      body: { code: 'denied', detail: expect.stringContaining('role operator') },
    });
    expect((await made.facts()).at(-1)).toMatchObject({
      type: 'AccessDenied',
      auth: { subject: 'nightly' },
      data: { verb: 'command', host: 'prod1', asked: 'AssignAdapter' },
    });
  });

  it('leaves its secret nowhere in the log', async () => {
    const made = await controlled();
    const { authorization = '' } = await made.program('nightly', ['operator', 'test*']);
    const text = JSON.stringify(await made.facts());
    expect(text).not.toContain(authorization.slice('Bearer '.length));
    expect(text).not.toContain(authorization.slice('Bearer apl_'.length));
  });

  it('counts until its end, on its hosts, and no longer when it is revoked', async () => {
    const made = await controlled();
    await made.owner.ask('bindRole', { subject: 'apledger#x', role: 'viewer', hosts: '*' });
    const { secret, token } = await made.owner.ask('issueToken', {
      program: 'x',
      until: '1h',
      hosts: 'test*',
    });
    const headers = { authorization: `Bearer ${secret}` };
    expect((await made.get('/hosts/test1', headers)).status).toBe(200);
    expect((await made.get('/hosts/prod1', headers)).status).toBe(403);
    made.now = new Date(made.now.getTime() + 3_600_000);
    expect(await made.get('/hosts/test1', headers)).toMatchObject({
      status: 401,
      body: { detail: expect.stringContaining('expired') },
    });
    made.now = new Date(made.now.getTime() - 3_600_000);
    expect((await made.get('/hosts/test1', headers)).status).toBe(200);
    await made.owner.ask('revoke', { id: token });
    await made.ledger.access.sync();
    expect((await made.get('/hosts/test1', headers)).status).toBe(401);
  });

  it('makes no other token, and breaks no glass', async () => {
    const made = await controlled();
    const x = await made.program('x', ['break-glass', '*']);
    expect((await made.post('/access/tokens', { until: '1h' }, x)).status).toBe(403);
    expect((await made.post('/access/tokens', { program: 'y', until: '1h' }, x)).status).toBe(403);
    expect((await made.post('/access/break-glass', { hosts: 'prod1', reason: 'night' }, x)).status).toBe(403);
  });
});

describe('what somebody may read', () => {
  it('is what he is shown of hosts and facts', async () => {
    const made = await controlled();
    const viewer = await made.program('viewer', ['viewer', 'test*']);
    expect((await made.get('/hosts', viewer)).body.hosts).toMatchObject([{ host: 'test1' }]);
    const { events } = (await made.get('/events?limit=1000', viewer)).body as { events: RecordedFact[] };
    expect(new Set(events.map(({ stream }) => stream))).toEqual(new Set(['host-test1']));
    expect((await made.get('/events?host=prod1', viewer)).status).toBe(403);
    expect((await made.get('/report', viewer)).status).toBe(403);
    expect((await made.get('/hosts/test1/report', viewer)).status).toBe(403);
    const body = {
      heads: [
        { host: 'test1', revision: 0, hash: '0'.repeat(64) },
        { host: 'prod1', revision: 0, hash: '0'.repeat(64) },
      ],
    };
    expect((await made.post('/verify', body, viewer)).status).toBe(403);
  });

  it('is the trail of access, too, for an auditor, who changes nothing', async () => {
    const made = await controlled();
    const auditor = await made.program('auditor', ['auditor', '*']);
    const { events } = (await made.get('/events?types=RoleBound,TokenIssued', auditor)).body as {
      events: RecordedFact[];
    };
    expect(events.map(({ type }) => type)).toEqual(['RoleBound', 'TokenIssued']);
    expect((await made.get('/report?format=json', auditor)).status).toBe(200);
    const who = await made.get('/access/who-can?verb=report&host=prod1', auditor);
    expect(who.body.subjects).toMatchObject([{ subject: { subject: 'auditor' }, roles: ['auditor'] }]);
    for (const [path, body] of [
      ['/hosts/test1/commands', { type: 'ScanBus' }],
      ['/hosts/test1/changes', { commands: [{ type: 'ScanBus' }], reason: 'x' }],
      ['/access/bindings', { subject: 'apledger#auditor', role: 'operator', hosts: '*' }],
    ] as const)
      expect((await made.post(path, body, auditor)).status, path).toBe(403);
  });

  it('is said by who-am-i', async () => {
    const made = await controlled();
    const x = await made.program('x', ['operator', 'test*'], ['viewer', '*']);
    expect((await made.get('/access/me', x)).body).toMatchObject({
      isControlled: true,
      subject: { issuer: 'apledger', subject: 'x' },
      method: 'token',
      allowed: { read: ['test*', '*'], command: ['test*'], report: [] },
    });
  });
});

describe('who administers access', () => {
  it('binds others, never himself, and commands nothing', async () => {
    const made = await controlled();
    const admin = await made.program('admin', ['access-admin', '*']);
    const bind = (subject: string, role = 'operator') =>
      made.post('/access/bindings', { subject, role, hosts: 'test*' }, admin);
    expect((await bind('apledger#x')).status).toBe(200);
    expect((await made.facts()).at(-1)).toMatchObject({ type: 'RoleBound', auth: { subject: 'admin' } });
    expect((await bind('apledger#admin')).status).toBe(403);
    expect((await bind('apledger#x', 'auditor')).status).toBe(409);
    expect((await bind('https://elsewhere#x')).body).toMatchObject({ code: 'invalid-request' });
    expect((await command(made, 'test1', { type: 'ScanBus' }, admin)).status).toBe(403);
    expect((await made.get('/hosts/test1', admin)).status).toBe(403);
    const unbind = () =>
      made.post('/access/unbind', { subject: 'apledger#x', role: 'operator', hosts: 'test*' }, admin);
    expect((await unbind()).status).toBe(200);
    expect((await unbind()).status).toBe(409);
  });
});

describe('every operation', () => {
  it('is denied to somebody without any role, and the denial is a fact', async () => {
    const made = await controlled();
    const nobody = await made.program('nobody');
    const open = new Set([
      '/access/me',
      '/access/credentials',
      '/access/break-glass',
      '/schemas/desired-host',
    ]);
    for (const { method, path, description, isEndless } of routes) {
      if (method !== 'GET' || open.has(path) || isEndless) continue;
      const url = path
        .replace(/\{host\}/, 'prod1')
        .replace('{mdev}', A)
        .replace('{position}', '1')
        .replaceAll(/\{\w+\}/g, 'x');
      const query: Record<string, string> = {
        custody: '?apqn=05.0004',
        diff: '?from=0',
        'who-can': '?verb=read',
        proof: '?position=1',
        'rehearse-upgrade': '?driver=7.3',
        'agent-commands': `?agent=${A}&epoch=1`,
      };
      const before = (await made.facts()).length;
      const answer = await made.get(url + (query[description.operationId] ?? ''), nobody);
      expect([answer.status], `${path}: ${answer.text}`).toEqual([path === '/changes/{change}' ? 404 : 403]);
      if (answer.status === 403) expect(await made.facts(), path).toHaveLength(before + 1);
    }
    expect((await made.get('//metrics', nobody)).status).toBe(403);
    expect((await made.get('/events/stream', nobody)).status).toBe(403);
  });

  it('over NATS needs a caller as well', async () => {
    const digest = '0'.repeat(64);
    const commit = {
      sequence: 1,
      occurredAt: '2026-11-26T12:00:00.000Z',
      actor: 'x',
      facts: [{ type: 'HostBooted', data: {} }],
    };
    const requests: Readonly<Record<string, object>> = {
      mdev: { mdev: A },
      guest: { guest: 'web' },
      verify: { heads: [{ host: 'prod1', revision: 0, hash: '0'.repeat(64) }] },
      command: { type: 'ScanBus' },
      change: { change: 'x' },
      diff: { from: '0' },
      custody: { apqn: '05.0004' },
      'guest-history': { guest: 'web' },
      event: { position: 1 },
      proof: { position: 1 },
      plan: { procedure: { procedure: 'drain', adapter: 5 } },
      'rehearse-upgrade': { driver: '7.3' },
      'who-can': { verb: 'read' },
      'what-if': { steps: ['scan'] },
      'propose-change': { commands: [{ type: 'ScanBus' }], reason: 'x' },
      'approve-change': { change: 'x', work: digest, effect: digest },
      'refuse-change': { change: 'x', reason: 'x' },
      'withdraw-change': { change: 'x', reason: 'x' },
      'start-change': { change: 'x', planHash: digest },
      'confirm-change': { change: 'x' },
      'resume-change': { change: 'x', how: 'back', reason: 'x' },
      'agent-hello': { agent: A, epoch: 0, boot: 'b', kernel: '6.12', detected: [], missing: [] },
      'agent-observe': { agent: A, epoch: 1, commits: [commit] },
      'agent-commands': { agent: A, epoch: 1 },
    };
    const made = await controlled();
    // The schema of a file is no secret.
    for (const { answer, group, name, subject } of endpoints.filter(
      ({ name }) => name !== 'desired-schema',
    )) {
      const call = {
        subject: `${group}.${subject.replace('*', 'prod1')}`,
        headers: new Map(),
        maxReplyBytes: 1e6,
        trustsRequestInfo: false,
      };
      const body = new TextEncoder().encode(JSON.stringify(requests[name] ?? {}));
      await expect(answer(made.ledger, { ...call, body }), name).rejects.toMatchObject({ status: 401 });
    }
  });
});
