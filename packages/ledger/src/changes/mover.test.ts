/** Planned changes, moved on: each step once, held where the host is not as planned, and back. */
import type { Request } from '@apledger/api';
import { register } from '@apledger/command-handler/testing';
import { changeStreamOf } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import { LogLedger } from '../log-ledger.ts';
import { Mover } from './mover.ts';
import { A, B, HOST, type Scene, scene } from './test-support.ts';

const view = async ({ ledger }: Scene, change: string) => (await ledger.ask('change', { change })).change;
/** The commands of a change that the host was given. */
const given = async ({ facts }: Scene, change: string) =>
  (await facts()).filter(
    ({ correlation, command }) => correlation === changeStreamOf(change) && command !== undefined,
  );

describe('a planned change', () => {
  it('is carried out step by step, each held against the plan, and is done', async () => {
    const made = await scene();
    const plan = await made.plan();
    expect(plan.steps.length).toBeGreaterThan(3);
    const change = await made.begin(plan);
    await made.mover.advance(change);
    expect(await view(made, change)).toMatchObject({
      status: 'carried-out',
      state: 'done',
      progress: { done: plan.steps.length, of: plan.steps.length, way: 'there' },
      waitsFor: [],
    });
    expect(await made.types(change)).toEqual([
      'ChangeProposed',
      'ChangePlanned',
      'ChangeStarted',
      ...plan.steps.flatMap(() => ['StepStarted', 'StepDone']),
      'ChangeDone',
    ]);
    expect((await given(made, change)).length).toBe(plan.steps.length);
    expect((await made.plan()).steps).toEqual([]);
  });

  it('goes on when only the revision has moved, and is held when the matrices have', async () => {
    const made = await scene();
    const change = await made.begin(await made.plan());
    await made.does({ type: 'WriteBusAttribute', attribute: 'poll_thread', text: '1' });
    await made.does({ type: 'AssignControlDomain', mdev: B, text: '4' });
    await made.mover.advance(change);
    expect(await view(made, change)).toMatchObject({
      status: 'held',
      held: {
        because: 'other-matrices',
        differences: [expect.stringContaining('control domain')],
      },
      actions: ['retry', 'continue', 'back', 'leave'],
    });
    expect(await given(made, change)).toEqual([]);
    await made.does({ type: 'UnassignControlDomain', mdev: B, text: '4' });
    await made.ledger.ask('resume', { change, how: 'retry', reason: 'taken away again' });
    await made.mover.advance(change);
    expect((await view(made, change)).status).toBe('carried-out');
  });

  it('is not proposed from a stale or an edited plan, nor for another host', async () => {
    const made = await scene();
    const plan = await made.plan();
    const propose = (given: object, host = HOST) =>
      made.ledger.ask('propose', { host, plan: given, reason: 'test' } as never);
    await expect(propose({ ...plan, purpose: 'other' })).rejects.toMatchObject({
      code: 'bad-plan',
      message: expect.stringContaining('edited'),
    });
    await made.does({ type: 'AssignControlDomain', mdev: B, text: '4' });
    await expect(propose(plan)).rejects.toMatchObject({ code: 'stale-plan' });
    await made.ledger.submit({ host: 'other', command: register('other'), actor: 'test' });
    await expect(propose(plan, 'other')).rejects.toMatchObject({
      code: 'stale-plan',
      message: expect.stringContaining(`for host ${HOST}`),
    });
  });

  it('goes on after a hold with what is left, from the host as it is', async () => {
    const made = await scene();
    const change = await made.begin(await made.plan());
    await made.does({ type: 'AssignControlDomain', mdev: B, text: '4' });
    await made.mover.advance(change);
    await made.ledger.ask('resume', { change, how: 'continue', reason: 'let it be' });
    await made.mover.advance(change);
    expect((await view(made, change)).status).toBe('carried-out');
    const state = await made.ledger.state(HOST);
    expect(state?.mdevs.get(B)?.assigned.controlDomains).not.toEqual(
      state?.mdevs.get(A)?.assigned.controlDomains,
    );
  });

  it('goes back to what it has touched, and leaves what others have done', async () => {
    const made = await scene();
    const before = await made.ledger.state(HOST);
    const change = await made.begin(await made.plan(), { confirmWithin: '10m' });
    await made.mover.advance(change);
    expect(await view(made, change)).toMatchObject({
      status: 'verifying',
      waitsFor: ['somebody to confirm it'],
      deadline: { for: 'confirmation', until: '2026-11-26T20:10:00.000Z' },
      actions: ['confirm', 'back'],
    });
    await made.does({ type: 'CreateMdev', text: 'cccccccc-0000-4000-8000-000000000003' });
    made.now = new Date('2026-11-26T20:10:00.000Z');
    await expect(made.ledger.ask('confirm', { change })).rejects.toMatchObject({ code: 'not-now' });
    await made.mover.advance(change);
    expect((await view(made, change)).status).toBe('back');
    const after = await made.ledger.state(HOST);
    for (const mdev of [A, B])
      expect(after?.mdevs.get(mdev)?.assigned).toEqual(before?.mdevs.get(mdev)?.assigned);
    expect(after?.mdevs.size).toBe(3);
  });

  it('stays when it is confirmed in time', async () => {
    const made = await scene();
    const change = await made.begin(await made.plan(), { confirmWithin: '10m' });
    await made.mover.advance(change);
    expect((await made.ledger.ask('confirm', { change })).status).toBe('carried-out');
    made.now = new Date('2026-11-26T21:00:00.000Z');
    await made.mover.advance(change);
    expect((await view(made, change)).status).toBe('carried-out');
    await expect(made.ledger.ask('resume', { change, how: 'back', reason: 'late' })).rejects.toMatchObject({
      code: 'not-now',
    });
  });

  it('expires when nobody starts it', async () => {
    const made = await scene();
    const plan = await made.plan();
    const { change } = await made.ledger.ask('propose', {
      host: HOST,
      plan,
      reason: 'test',
      for: '1h',
    } as never);
    made.now = new Date('2026-11-26T21:00:00.000Z');
    await made.mover.advance(change);
    expect(await made.types(change)).toEqual(['ChangeProposed', 'ChangePlanned', 'DeadlinePassed']);
    expect((await view(made, change)).status).toBe('expired');
  });
});

describe('the list of changes', () => {
  it('is reached whole, page by page, the newest first', async () => {
    const made = await scene();
    const plan = await made.plan();
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const [index, change] of names.entries()) {
      // Two at the same moment.
      made.now = new Date(Date.UTC(2026, 10, 26, 20, Math.floor(index / 2)));
      await made.ledger.ask('propose', { host: HOST, plan, change, reason: 'test' });
    }
    await made.ledger.ask('withdraw', { change: 'c', reason: 'test' });
    expect(await pagesOf(made, {})).toEqual([['e', 'c'], ['d', 'a'], ['b']]);
    expect(await pagesOf(made, { status: 'proposed' })).toEqual([
      ['e', 'd'],
      ['a', 'b'],
    ]);
    expect(await pagesOf(made, { status: 'left' })).toEqual([[]]);
    await expect(made.ledger.ask('changes', { after: 'nosuch' })).rejects.toMatchObject({
      code: 'unknown-change',
    });
  });
});

async function pagesOf({ ledger }: Scene, asked: Request<'changes'>): Promise<string[][]> {
  const pages: string[][] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page = await ledger.ask('changes', { ...asked, limit: 2, ...(after !== undefined && { after }) });
    pages.push(page.changes.map(({ change }) => change));
    after = page.next;
  }
  return pages;
}

describe('two movers', () => {
  it('at once do each step once', async () => {
    const made = await scene();
    const plan = await made.plan();
    const change = await made.begin(plan);
    const others = [made.mover, new Mover(made.ledger), new Mover(another(made))];
    await Promise.all(others.map((mover) => mover.advance(change)));
    expect((await view(made, change)).status).toBe('carried-out');
    expect((await given(made, change)).length).toBe(plan.steps.length);
  });
});

/** Another process on the same log. */
const another = ({ log, now }: Scene): LogLedger => new LogLedger({ log, now: () => now });
