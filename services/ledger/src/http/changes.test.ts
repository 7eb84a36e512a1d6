/** Four eyes: what gives somebody a queue is proposed by one and approved by another. */
import { hash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { A, create, register } from '@apledger/command-handler/testing';
import type { RecordedFact } from '@apledger/event-log';
import { describe, expect, it, vi } from 'vitest';
import { type Controlled, controlled } from './test-access.ts';
import type { Answer } from './test-support.ts';

const B = 'bbbbbbbb-0000-4000-8000-000000000002';
const start = { type: 'StartGuest', mdev: A, guest: 'web' };
const assign5 = { type: 'AssignAdapter', mdev: A, text: '5' };
const assign4 = { type: 'AssignDomain', mdev: A, text: '4' };
const unassign5 = { type: 'UnassignAdapter', mdev: A, text: '5' };
const GIVE_HOST = { type: 'WriteMask', mask: 'apmask', text: '+5' };

type Headers = Record<string, string>;
interface Office extends Controlled {
  readonly ops: Headers;
  readonly boss: Headers;
  give(host: string, body: unknown, headers?: Headers): Promise<Answer>;
  propose(host: string, commands: readonly unknown[], headers?: Headers, more?: object): Promise<Answer>;
  /** Approves what was proposed, as it was proposed. */
  approve(proposal: Answer, headers?: Headers, more?: object): Promise<Answer>;
}

async function office(): Promise<Office> {
  const made = await controlled();
  const ops = await made.program('ops', ['operator', '*']);
  const boss = await made.program('boss', ['approver', '*']);
  const give = (host: string, body: unknown, headers = ops) =>
    made.post(`/hosts/${host}/commands`, body, headers);
  return Object.assign(made, {
    ops,
    boss,
    give,
    propose: (host: string, commands: readonly unknown[], headers = ops, more = {}) =>
      made.post(`/hosts/${host}/changes`, { commands, reason: 'web needs it', ...more }, headers),
    approve: ({ body }: Answer, headers = boss, more = {}) =>
      made.post(
        `/changes/${body.change}/approve`,
        { work: body.work, effect: body.effect, ...more },
        headers,
      ),
  });
}

const types = (facts: readonly RecordedFact[]) => facts.map(({ type }) => type);

/** What happens between a decision and its append, the first being 0; an append to a host is not waited for, which keeps others waiting. */
function meanwhile({ log }: Office, at: number, happens: () => Promise<Answer>): Promise<Answer> {
  const append = log.append.bind(log);
  const answer = Promise.withResolvers<Answer>();
  let left = at;
  vi.spyOn(log, 'append').mockImplementation(async (commit) => {
    if (left-- === 0) {
      answer.resolve(happens());
      await (commit.stream.startsWith('host-') ? setTimeout(20) : answer.promise);
    }
    return append(commit);
  });
  return answer.promise;
}

describe('what needs a second person', () => {
  it('is read off the effect, not off the name of the command', async () => {
    const { give } = await office();
    // Nobody has the mdev open: what is assigned to it gives nobody a queue yet.
    expect((await give('prod1', assign5)).status).toBe(200);
    expect((await give('prod1', assign4)).status).toBe(200);
    expect(await give('prod1', start)).toMatchObject({
      status: 403,
      body: {
        code: 'needs-approval',
        detail: expect.stringMatching(/guest web 05\.0004.*apledger change propose/),
      },
    });
    const giveHost = { ...GIVE_HOST, text: '+6' };
    expect(await give('prod1', giveHost)).toMatchObject({ status: 403, body: { code: 'needs-approval' } });
    expect((await give('prod1', { type: 'WriteMask', mask: 'apmask', text: '-7' })).status).toBe(200);
  });

  it('is nothing, or everything, where the rule says so', async () => {
    const { give } = await office();
    for (const command of [assign5, assign4, start]) expect((await give('test1', command)).status).toBe(200);
    expect((await give('vault1', assign5)).status).toBe(403);
    // What changes nothing, and what the driver refuses, takes nobody's consent.
    expect((await give('vault1', unassign5)).status).toBe(200);
    expect((await give('vault1', { ...assign5, text: '99' })).status).toBe(422);
  });

  it('what takes a queue away needs one person only', async () => {
    const made = await office();
    for (const command of [assign5, assign4, start])
      await made.owner.submit({ host: 'prod1', command: command as never, actor: 'test' });
    expect((await made.give('prod1', unassign5)).status).toBe(200);
    expect(await made.give('prod1', assign5)).toMatchObject({
      status: 403,
      body: { code: 'needs-approval' },
    });
  });

  it('a control domain that a running guest gets is said to be what needs one', async () => {
    const made = await office();
    const host = 'prod9';
    const registered = register(host) as { readonly hardware: object };
    const withControl = { ...registered, hardware: { ...registered.hardware, controlDomains: [4] } };
    for (const command of [withControl, create(A), assign5, assign4, start])
      await made.owner.submit({ host, command: command as never, actor: 'test' });
    const { status, body } = await made.give(host, { ...assign4, type: 'AssignControlDomain' });
    expect(status).toBe(403);
    expect(body.detail).toContain(
      'it would give guest web control domain 0004, and on host prod9 that needs a second person',
    );
  });

  it('and is turned away in the log', async () => {
    const made = await office();
    await made.give('prod1', GIVE_HOST);
    expect((await made.facts()).at(-1)).toMatchObject({
      type: 'AccessDenied',
      data: { asked: 'WriteMask', host: 'prod1' },
    });
  });
});

describe('a change', () => {
  it.each([0, 1, 2, 3, 4])('is carried out once when it is approved again during append %i', async (at) => {
    const made = await office();
    for (const command of [assign5, assign4]) await made.give('prod1', command);
    const proposal = await made.propose('prod1', [assign5, start, { type: 'StopGuest', mdev: A }]);
    const again = meanwhile(made, at, () => made.approve(proposal));
    for (const { status, body } of [await made.approve(proposal), await again])
      expect(body).toMatchObject(status === 200 ? { status: 'carried-out' } : { code: 'not-now' });
    expect(made.reports).toEqual([]);
    const facts = types(await made.facts('host-prod1'));
    expect(facts.filter((type) => type === 'GuestStarted')).toHaveLength(1);
    expect(types(await made.facts(`change-${proposal.body.change}`))).toEqual([
      'ChangeProposed',
      'ChangeApproved',
      'ChangeCarriedOut',
    ]);
  });

  it('is refused or withdrawn with a reason, and then it is over', async () => {
    const made = await office();
    const one = await made.propose('prod1', [GIVE_HOST]);
    expect(
      (await made.post(`/changes/${one.body.change}/refuse`, { reason: 'no' }, made.boss)).body,
    ).toMatchObject({
      status: 'refused',
      ended: { by: { subject: 'boss' }, reason: 'no' },
    });
    expect((await made.approve(one)).status).toBe(409);
    const two = await made.propose('prod1', [GIVE_HOST]);
    expect(
      (await made.post(`/changes/${two.body.change}/withdraw`, { reason: 'oh' }, made.boss)).status,
    ).toBe(403);
    expect(
      (await made.post(`/changes/${two.body.change}/withdraw`, { reason: 'oh' }, made.ops)).body.status,
    ).toBe('withdrawn');
    expect((await made.approve(two)).status).toBe(409);
  });

  it('expires', async () => {
    const made = await office();
    const proposal = await made.propose('prod1', [GIVE_HOST], made.ops, { for: '1h' });
    made.now = new Date(made.now.getTime() + 2 * 3_600_000);
    expect((await made.approve(proposal)).body).toMatchObject({ code: 'not-now' });
  });

  it('is not proposed when the driver would refuse it, nor twice under one name', async () => {
    const made = await office();
    expect((await made.propose('prod1', [{ ...assign5, text: '99' }])).body).toMatchObject({
      code: 'not-now',
    });
    expect((await made.propose('prod1', [{ type: 'Reboot' }])).body).toMatchObject({
      code: 'invalid-request',
    });
    expect((await made.propose('prod1', [GIVE_HOST], made.ops, { change: 'CHG1' })).status).toBe(200);
    expect((await made.propose('prod1', [assign5], made.ops, { change: 'CHG1' })).status).toBe(409);
    const [only] = await made.facts('change-CHG1');
    expect(only?.data).toMatchObject({ content: { commands: [GIVE_HOST] } });
  });
});

describe('an approval', () => {
  it('is not one`s own, whatever session or token it comes with', async () => {
    const made = await office();
    await made.owner.ask('bindRole', { subject: 'apledger#ops', role: 'approver', hosts: '*' });
    const proposal = await made.propose('prod1', [GIVE_HOST]);
    const { secret } = await made.owner.ask('issueToken', { program: 'ops', until: '1h' });
    for (const headers of [made.ops, { authorization: `Bearer ${secret}` }])
      expect(await made.approve(proposal, headers)).toMatchObject({
        status: 403,
        body: { detail: expect.stringContaining('somebody else') },
      });
    expect((await made.facts()).at(-1)).toMatchObject({ type: 'AccessDenied', data: { verb: 'approve' } });
    expect(types(await made.facts(`change-${proposal.body.change}`))).toEqual(['ChangeProposed']);
  });

  it('is not by who made the other one`s token', async () => {
    const made = await office();
    const admin = await made.program('admin', ['access-admin', '*']);
    const { body } = await made.post('/access/tokens', { program: 'puppet', until: '1h' }, admin);
    await made.owner.ask('bindRole', { subject: 'apledger#puppet', role: 'operator', hosts: '*' });
    const proposal = await made.propose('prod1', [GIVE_HOST], { authorization: `Bearer ${body.secret}` });
    await made.owner.ask('unbindRole', { subject: 'apledger#admin', role: 'access-admin', hosts: '*' });
    await made.owner.ask('bindRole', { subject: 'apledger#admin', role: 'approver', hosts: '*' });
    expect(await made.approve(proposal, admin)).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('stands behind') },
    });
    expect((await made.approve(proposal)).body.status).toBe('carried-out');
  });

  it('is bound to the work and to its effect', async () => {
    const made = await office();
    const proposal = await made.propose('prod1', [GIVE_HOST]);
    const other = hash('sha256', 'other', 'hex');
    expect((await made.approve(proposal, made.boss, { work: other })).body).toMatchObject({
      code: 'effect-differs',
    });
    expect((await made.approve(proposal, made.boss, { effect: other })).body).toMatchObject({
      code: 'effect-differs',
    });
    // The host becomes another: the same mask would give other queues.
    await made.owner.submit({
      host: 'prod1',
      command: { type: 'ChangeHardware', domains: [0, 4] } as never,
      actor: 'test',
    });
    await made.owner.submit({ host: 'prod1', command: { type: 'ScanBus' }, actor: 'test' });
    expect((await made.get(`/changes/${proposal.body.change}`, made.boss)).body.now).toMatchObject({
      isAsProposed: false,
    });
    expect((await made.approve(proposal)).body).toMatchObject({ code: 'effect-differs' });
    expect(types(await made.facts(`change-${proposal.body.change}`))).toEqual(['ChangeProposed']);
  });

  it('counts when only the revision has moved', async () => {
    const made = await office();
    const proposal = await made.propose('prod1', [GIVE_HOST]);
    await made.give('prod1', { type: 'CreateMdev', text: 'not a uuid' });
    await made.give('prod1', { type: 'ScanBus' });
    await made.give('prod1', { type: 'CreateMdev', text: B });
    expect((await made.approve(proposal)).body).toMatchObject({ status: 'carried-out' });
  });

  it('takes the role at that moment, of both', async () => {
    const made = await office();
    const proposal = await made.propose('prod1', [GIVE_HOST]);
    await made.owner.ask('unbindRole', { subject: 'apledger#boss', role: 'approver', hosts: '*' });
    expect((await made.approve(proposal)).status).toBe(403);
    await made.owner.ask('bindRole', { subject: 'apledger#boss', role: 'approver', hosts: '*' });
    await made.owner.ask('unbindRole', { subject: 'apledger#ops', role: 'operator', hosts: '*' });
    expect((await made.approve(proposal)).body).toMatchObject({
      status: 'stopped',
      ended: { reason: expect.stringContaining('who proposed it may not any more') },
    });
    expect(
      (await made.facts('host-prod1')).some(
        ({ correlation }) => correlation === `change-${proposal.body.change}`,
      ),
    ).toBe(false);
  });

  it('of who has the log itself is none', async () => {
    const made = await office();
    const { change, work, effect } = (await made.propose('prod1', [GIVE_HOST])).body as Record<
      string,
      string
    >;
    const asked = { change: change ?? '', work: work ?? '', effect: effect ?? '' };
    await expect(made.owner.ask('approve', asked)).rejects.toMatchObject({ code: 'denied' });
  });
});
