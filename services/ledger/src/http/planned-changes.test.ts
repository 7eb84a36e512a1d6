/** Planned changes over HTTP where access is controlled: who may start, approve, confirm and take back what. */
import { A } from '@apledger/command-handler/testing';
import type { Command } from '@apledger/events';
import { Mover } from '@apledger/ledger';
import { describe, expect, it } from 'vitest';
import { controlled } from './test-access.ts';
import type { Answer } from './test-support.ts';

const desired = (host: string): string => `
apledger: v1
host: ${host}
mdevs:
  web: { uuid: ${A}, guest: web, adapters: [5], domains: [4] }
`;

async function office() {
  const made = await controlled();
  const ops = await made.program('ops', ['operator', '*']);
  const boss = await made.program('boss', ['approver', '*']);
  const viewer = await made.program('viewer', ['viewer', '*']);
  const mover = new Mover(made.ledger);
  return Object.assign(made, {
    ops,
    boss,
    viewer,
    mover,
    plan: (host: string, headers = ops) =>
      made.post(`/hosts/${host}/plan`, { desired: desired(host) }, headers),
    async propose(host: string, more: object = {}): Promise<Answer> {
      const { body } = await made.post(`/hosts/${host}/plan`, { desired: desired(host) }, ops);
      return made.post(`/hosts/${host}/changes`, { plan: body.plan, reason: 'web needs it', ...more }, ops);
    },
    act: (change: unknown, what: string, body: object, headers = ops) =>
      made.post(`/changes/${change}/${what}`, body, headers),
    show: async (change: unknown, headers = ops) =>
      (await made.get(`/changes/${change}`, headers)).body.change as Record<string, unknown>,
  });
}

const planHash = ({ body }: Answer) => (body.plan as { readonly planHash: string }).planHash;

describe('a plan', () => {
  it('is asked for by who may read, as YAML or as a procedure', async () => {
    const { plan, viewer, post, ops } = await office();
    expect(await plan('test1', viewer)).toMatchObject({
      status: 200,
      body: {
        problems: [],
        steps: [{ step: 1 }, { step: 2, text: `guest start web ${A}` }],
        gained: [{ guest: 'web', queues: ['05.0004'] }],
        plan: { host: 'test1', planHash: expect.any(String) },
      },
    });
    expect(await post('/hosts/test1/plan', { desired: 'apledger: v1\nhost: *x\n' }, ops)).toMatchObject({
      status: 400,
      body: { code: 'bad-desired-state', problems: [expect.stringMatching(/^2:7: /)] },
    });
    const procedure = { procedure: 'drain', adapter: 5 };
    expect(await post('/hosts/test1/plan', { procedure }, ops)).toMatchObject({ status: 200 });
    for (const body of [{}, { desired: 'x', procedure }])
      expect((await post('/hosts/test1/plan', body, ops)).status).toBe(400);
    expect((await post('/hosts/nowhere/plan', { procedure }, ops)).status).toBe(404);
  });

  it('has a schema that can be asked for', async () => {
    const { get, viewer } = await office();
    expect((await get('/schemas/desired-host', viewer)).body).toMatchObject({
      $id: 'urn:apledger:desired-host:v1',
    });
  });

  it('of another generation is rehearsed', async () => {
    const { get, viewer } = await office();
    expect((await get('/hosts/test1/upgrade?driver=5.10', viewer)).body).toMatchObject({
      to: '5.10',
      refused: [],
    });
    expect((await get('/hosts/test1/upgrade?driver=9.9', viewer)).status).toBe(400);
  });
});

describe('a planned change', () => {
  it('of a host without four eyes is started by an operator, and by nobody else', async () => {
    const made = await office();
    const proposal = await made.propose('test1');
    const { change } = proposal.body;
    expect(proposal.body).toMatchObject({ status: 'proposed', actions: ['withdraw', 'start'] });
    const start = { planHash: planHash(proposal) };
    expect((await made.act(change, 'start', start, made.viewer)).status).toBe(403);
    expect(await made.act(change, 'start', { planHash: '0'.repeat(64) })).toMatchObject({
      status: 409,
      body: { code: 'effect-differs' },
    });
    expect(await made.act(change, 'start', start)).toMatchObject({
      status: 200,
      body: { status: 'running' },
    });
    await made.mover.advance(String(change));
    expect(await made.show(change)).toMatchObject({ status: 'carried-out' });
    const given = (await made.facts('host-test1')).filter(
      ({ correlation }) => correlation === `change-${change}`,
    );
    expect(new Set(given.map(({ auth }) => auth?.subject))).toEqual(new Set(['ops']));
  });

  it('that gives a queue takes a second person, whose approval begins it', async () => {
    const made = await office();
    const proposal = await made.propose('prod1');
    const { change, work, effect } = proposal.body;
    expect(proposal.body).toMatchObject({ actions: ['withdraw'], waitsFor: ['somebody else to approve it'] });
    expect(await made.act(change, 'start', { planHash: planHash(proposal) })).toMatchObject({
      status: 403,
      body: { code: 'needs-approval' },
    });
    expect((await made.act(change, 'approve', { work, effect })).status).toBe(403);
    expect((await made.show(change, made.boss)).actions).toEqual(['approve', 'refuse']);
    expect(await made.act(change, 'approve', { work, effect }, made.boss)).toMatchObject({
      status: 200,
      body: { status: 'approved' },
    });
    await made.mover.advance(String(change));
    expect(await made.show(change)).toMatchObject({ status: 'carried-out' });
  });

  it('is held when the right of its proposer is taken away meanwhile', async () => {
    const made = await office();
    const proposal = await made.propose('test1', { confirmWithin: '10m' });
    const { change } = proposal.body;
    await made.act(change, 'start', { planHash: planHash(proposal) });
    await made.owner.ask('unbindRole', { subject: 'apledger#ops', role: 'operator', hosts: '*' });
    await made.mover.advance(String(change));
    expect(await made.show(change, made.viewer)).toMatchObject({
      status: 'held',
      held: { because: 'not-permitted', reason: expect.stringContaining('may not any more') },
      actions: [],
    });
  });

  it('is held when its host asks for a second person only after it was started', async () => {
    const made = await office();
    const proposal = await made.propose('test1');
    const { change } = proposal.body;
    await made.act(change, 'start', { planHash: planHash(proposal) });
    await made.owner.access.append(
      [
        {
          type: 'AccessConfigured',
          data: {
            hash: '0'.repeat(64),
            issuers: [],
            binders: [],
            rules: [{ hosts: '*', fourEyes: 'all' }],
          } as never,
        },
      ],
      { actor: 'test' },
    );
    await made.mover.advance(String(change));
    expect(await made.show(change)).toMatchObject({ status: 'held', held: { because: 'not-permitted' } });
  });

  it('goes back where confirmations are missing, also what an approval was needed for', async () => {
    const made = await office();
    const proposal = await made.propose('prod1', { confirmWithin: '10m' });
    const { change, work, effect } = proposal.body;
    await made.act(change, 'approve', { work, effect }, made.boss);
    await made.mover.advance(String(change));
    expect(await made.show(change)).toMatchObject({ status: 'verifying', actions: ['confirm', 'back'] });
    expect((await made.act(change, 'confirm', {}, made.viewer)).status).toBe(403);
    expect((await made.act(change, 'resume', { how: 'leave', reason: 'x' })).status).toBe(409);
    made.now = new Date(made.now.getTime() + 11 * 60_000);
    await made.mover.advance(String(change));
    expect(await made.show(change)).toMatchObject({ status: 'back' });
  });

  it.each([
    ['goes back', 'back', []],
    ['is held when its way back would give a guest what it never had', 'held', ['5']],
  ] as const)('that takes an adapter %s', async (_, status, domains) => {
    const made = await office();
    const give = async (...commands: readonly Command[]) => {
      for (const command of commands) await made.owner.submit({ host: 'prod1', command, actor: 'root' });
    };
    await give(
      { type: 'AssignAdapter', mdev: A, text: '5' },
      { type: 'AssignAdapter', mdev: A, text: '6' },
      { type: 'AssignDomain', mdev: A, text: '4' },
      { type: 'StartGuest', mdev: A, guest: 'web' },
    );
    const proposal = await made.propose('prod1', { confirmWithin: '10m' });
    const { change } = proposal.body;
    const started = await made.act(change, 'start', { planHash: planHash(proposal) });
    expect(started.status).toBe(200);
    await made.mover.advance(String(change));
    expect(await made.show(change)).toMatchObject({ status: 'verifying' });
    await give(...domains.map((text): Command => ({ type: 'AssignDomain', mdev: A, text })));
    made.now = new Date(made.now.getTime() + 11 * 60_000);
    await made.mover.advance(String(change));
    const shown = await made.show(change);
    expect(shown).toMatchObject({ status });
    if (status === 'held')
      expect(shown.held).toMatchObject({
        because: 'not-permitted',
        reason: expect.stringContaining('it would give guest web 06.0005'),
      });
  });

  it('is either commands or a plan, for the host of the address, and only of some size', async () => {
    const { plan, post, ops } = await office();
    const { body } = await plan('test1');
    const propose = (host: string, more: object) =>
      post(`/hosts/${host}/changes`, { reason: 'x', ...more }, ops);
    expect((await propose('test1', {})).status).toBe(400);
    expect((await propose('test1', { plan: body.plan, commands: [{ type: 'ScanBus' }] })).status).toBe(400);
    expect(await propose('prod1', { plan: body.plan })).toMatchObject({
      status: 409,
      body: { code: 'stale-plan', detail: expect.stringContaining('for host test1') },
    });
    expect(await propose('test1', { plan: { ...(body.plan as object), purpose: 'mine' } })).toMatchObject({
      status: 400,
      body: { code: 'bad-plan' },
    });
    expect((await propose('nowhere', { plan: body.plan })).status).toBe(404);
    expect((await propose('test1', { commands: [{ type: 'ScanBus' }], confirmWithin: '1h' })).status).toBe(
      400,
    );
  });
});
