/** A change that is held: by a refused step, by one of which nobody knows what became, by a wait that took too long; and each way on from there. */
import { documentOf, planProcedure, type StepOutcome } from '@apledger/changes';
import { type Command, changeStreamOf, type PlanDocument, type ResumeWay } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import { hostsOf, type StepExecutor } from './executor.ts';
import { Mover } from './mover.ts';
import { A, B, HOST, type Scene, scene } from './test-support.ts';

const view = async ({ ledger }: Scene, change: string) => (await ledger.ask('change', { change })).change;
const outcomes = async ({ ledger }: Scene, change: string) =>
  (await ledger.ask('change', { change })).run?.earlier.map(({ step, outcome }) => `${step} ${outcome}`);

async function goOn(made: Scene, change: string, how: ResumeWay) {
  await made.ledger.ask('resume', { change, how, reason: 'test' });
  await made.mover.advance(change);
  return view(made, change);
}

/** The commands that the host was given for the change. */
const given = async ({ facts }: Scene, change: string) =>
  (await facts())
    .filter(({ correlation, command }) => correlation === changeStreamOf(change) && command !== undefined)
    .map(({ command }) => command?.type);

async function matrixOf({ ledger }: Scene, mdev: string) {
  const state = await ledger.state(HOST);
  return state?.mdevs.get(mdev)?.assigned;
}

describe('a refused step', () => {
  const steps: readonly Command[] = [
    { type: 'AssignDomain', mdev: B, text: '4' },
    { type: 'SetOnline', device: 'card04', text: '1' },
    { type: 'AssignAdapter', mdev: B, text: '6' },
  ];

  /** Held at the second step: the card has stopped since the plan was made, which changes no matrix. */
  async function refused(): Promise<{ readonly made: Scene; readonly change: string }> {
    const made = await scene();
    const change = await made.begin(await planOf(made, steps));
    await made.does({ type: 'SetCheckStop', adapter: 4, checkStopped: true }, { type: 'ScanBus' });
    await made.mover.advance(change);
    expect(await view(made, change)).toMatchObject({
      status: 'held',
      held: { because: 'refused', errno: 'ENODEV', reason: expect.stringContaining('check-stopped') },
      progress: { done: 1, of: 3 },
      actions: ['retry', 'continue', 'back', 'leave'],
    });
    expect(await outcomes(made, change)).toEqual(['1 done', '2 refused']);
    return { made, change };
  }

  it('is given again by retry: refused again, and done when the reason has gone', async () => {
    const { made, change } = await refused();
    expect(await goOn(made, change, 'retry')).toMatchObject({ status: 'held', held: { errno: 'ENODEV' } });
    await made.does({ type: 'SetCheckStop', adapter: 4, checkStopped: false }, { type: 'ScanBus' });
    expect((await goOn(made, change, 'retry')).status).toBe('carried-out');
    expect(await outcomes(made, change)).toEqual(['1 done', '2 refused', '2 refused', '2 done', '3 done']);
  });

  it('is left out by continue', async () => {
    const { made, change } = await refused();
    expect((await goOn(made, change, 'continue')).status).toBe('carried-out');
    expect(await given(made, change)).toEqual(['AssignDomain', 'SetOnline', 'AssignAdapter']);
  });

  it('is followed by the way back of what was done, or by nothing', async () => {
    const back = await refused();
    expect((await goOn(back.made, back.change, 'back')).status).toBe('back');
    expect(await given(back.made, back.change)).toEqual(['AssignDomain', 'SetOnline', 'UnassignDomain']);
    const left = await refused();
    expect((await goOn(left.made, left.change, 'leave')).status).toBe('left');
    expect(await given(left.made, left.change)).toEqual(['AssignDomain', 'SetOnline']);
    for (const how of ['retry', 'continue', 'back', 'leave'] as const)
      await expect(goOn(left.made, left.change, how)).rejects.toMatchObject({ code: 'not-now' });
  });
});

describe('a step of which nobody knows what became', () => {
  const UNKNOWN: StepOutcome = { is: 'unknown', reason: 'the agent fell silent' };

  /** Held at the first step, which was done or has not come, as the host of an agent that fell silent. */
  async function unconfirmed(wasDone: boolean): Promise<{ readonly made: Scene; readonly change: string }> {
    const made = await scene();
    const change = await made.begin(await made.plan());
    const host = hostsOf(made.ledger);
    let isGiven = false;
    const silent: StepExecutor = {
      ...host,
      give: async (step) => {
        isGiven = true;
        if (wasDone) await host.give(step);
      },
      outcome: async () => (isGiven ? UNKNOWN : undefined),
    };
    await new Mover(made.ledger, silent).advance(change);
    expect(await view(made, change)).toMatchObject({
      status: 'held',
      held: { because: 'unconfirmed', reason: 'the agent fell silent' },
      progress: { done: 0 },
      actions: ['retry', 'continue', 'back', 'leave'],
    });
    return { made, change };
  }
  const planned = async (made: Scene) => (await made.plan()).steps.length;

  it('counts as done for continue, when the host says so', async () => {
    const { made, change } = await unconfirmed(true);
    expect((await goOn(made, change, 'continue')).status).toBe('carried-out');
    expect(await planned(made)).toBe(0);
    expect(new Set(await given(made, change)).size).toBeGreaterThan(0);
  });

  it('is given again by retry when it has not come; when it has, the host is not as planned', async () => {
    const never = await unconfirmed(false);
    expect((await goOn(never.made, never.change, 'retry')).status).toBe('carried-out');
    expect(await planned(never.made)).toBe(0);
    const done = await unconfirmed(true);
    expect(await goOn(done.made, done.change, 'retry')).toMatchObject({
      status: 'held',
      held: { because: 'other-matrices' },
    });
    expect((await goOn(done.made, done.change, 'back')).status).toBe('back');
  });

  it.each([true, false])('goes back to what was, whether it was done (%s), or is left', async (wasDone) => {
    const { made, change } = await unconfirmed(wasDone);
    expect((await goOn(made, change, 'back')).status).toBe('back');
    const fresh = await scene();
    for (const mdev of [A, B]) expect(await matrixOf(made, mdev)).toEqual(await matrixOf(fresh, mdev));
    const left = await unconfirmed(wasDone);
    expect((await goOn(left.made, left.change, 'leave')).status).toBe('left');
  });
});

describe('a step that nobody began', () => {
  it('is held as not begun, and is given again by retry', async () => {
    const made = await scene();
    const change = await made.begin(await made.plan());
    const reason = 'The agent heard of the command too late, and did not begin it.';
    const late: StepExecutor = {
      ...hostsOf(made.ledger),
      give: async () => undefined,
      outcome: async () => ({ is: 'not-begun', reason }),
    };
    await new Mover(made.ledger, late).advance(change);
    expect(await view(made, change)).toMatchObject({
      status: 'held',
      held: { because: 'not-begun', reason },
      progress: { done: 0 },
      actions: ['retry', 'continue', 'back', 'leave'],
    });
    expect((await goOn(made, change, 'retry')).status).toBe('carried-out');
  });
});

describe('a wait that takes too long', () => {
  /** Held: guest web has not stopped within ten minutes. */
  async function late(): Promise<{ readonly made: Scene; readonly change: string }> {
    const made = await scene();
    const state = await made.ledger.state(HOST);
    if (state === undefined) throw new Error('no host');
    const { plan } = planProcedure(state, { procedure: 'retire-guest', guest: 'web', withinMs: 600_000 });
    if (plan === null) throw new Error('no plan');
    const change = await made.begin(plan);
    expect(await made.mover.advance(change)).toMatchObject({ until: '2026-11-26T20:10:00.000Z' });
    expect(await view(made, change)).toMatchObject({
      status: 'running',
      deadline: { for: 'wait', until: '2026-11-26T20:10:00.000Z' },
    });
    made.now = new Date('2026-11-26T20:09:59.999Z');
    await made.mover.advance(change);
    expect((await view(made, change)).status).toBe('running');
    made.now = new Date('2026-11-26T20:10:00.000Z');
    await made.mover.advance(change);
    expect(await view(made, change)).toMatchObject({
      status: 'held',
      held: { because: 'late', reason: expect.stringContaining('guest web has stopped') },
    });
    expect((await made.types(change)).at(-1)).toBe('DeadlinePassed');
    return { made, change };
  }

  it('begins anew by retry, with a new deadline', async () => {
    const { made, change } = await late();
    expect(await goOn(made, change, 'retry')).toMatchObject({
      status: 'running',
      deadline: { until: '2026-11-26T20:20:00.000Z' },
    });
    await made.does({ type: 'StopGuest', mdev: A });
    await made.mover.advance(change);
    expect((await view(made, change)).status).toBe('carried-out');
  });

  it('is left out by continue, which is refused as long as the next step cannot be done', async () => {
    const { made, change } = await late();
    await expect(goOn(made, change, 'continue')).rejects.toMatchObject({
      code: 'not-now',
      message: expect.stringMatching(/cannot continue: step \d of what is left/),
    });
    await made.does({ type: 'StopGuest', mdev: A });
    expect((await goOn(made, change, 'continue')).status).toBe('carried-out');
    expect((await made.ledger.state(HOST))?.mdevs.has(A)).toBe(false);
  });

  it('goes back without a step, or is left', async () => {
    const back = await late();
    expect((await goOn(back.made, back.change, 'back')).status).toBe('back');
    expect(await given(back.made, back.change)).toEqual([]);
    const left = await late();
    expect((await goOn(left.made, left.change, 'leave')).status).toBe('left');
  });
});

/** The plan of exactly these commands. */
async function planOf({ ledger }: Scene, commands: readonly Command[]): Promise<PlanDocument> {
  const state = await ledger.state(HOST);
  if (state === undefined) throw new Error('no host');
  const steps = commands.map((command) => ({ text: command.type, command }));
  const made = documentOf(state, steps, { purpose: 'test', desired: null });
  if ('obstacle' in made) throw new Error(JSON.stringify(made.obstacle));
  return made.plan;
}
