/** The way back of a change while others work on the same mdevs: what the change has done is undone, and nothing else. */
import { idsOfMatrix } from '@apledger/ap';
import { planProcedure } from '@apledger/changes';
import { changeStreamOf, type PlanDocument, type Procedure } from '@apledger/events';
import { isOpen } from '@apledger/host';
import { describe, expect, it } from 'vitest';
import { hostsOf, type StepExecutor } from './executor.ts';
import { Mover } from './mover.ts';
import { A, B, HOST, type Scene, scene } from './test-support.ts';

const status = async ({ ledger }: Scene, change: string) =>
  (await ledger.ask('change', { change })).change.status;

async function back(made: Scene, change: string): Promise<void> {
  await made.ledger.ask('resume', { change, how: 'back', reason: 'test' });
  await made.mover.advance(change);
  expect(await status(made, change)).toBe('back');
}

async function mdevOf({ ledger }: Scene, uuid: string) {
  const mdev = (await ledger.state(HOST))?.mdevs.get(uuid);
  if (mdev === undefined) return undefined;
  return { ...idsOfMatrix(mdev.assigned), guest: isOpen(mdev) ? mdev.guest : null };
}

/** The commands that the host was given for the change. */
const given = async ({ facts }: Scene, change: string) =>
  (await facts())
    .filter(({ correlation, command }) => correlation === changeStreamOf(change) && command !== undefined)
    .map(({ command }) => command?.type);

async function procedureOf({ ledger }: Scene, procedure: Procedure): Promise<PlanDocument> {
  const state = await ledger.state(HOST);
  if (state === undefined) throw new Error('no host');
  const { plan } = planProcedure(state, procedure);
  if (plan === null) throw new Error('no plan');
  return plan;
}

describe('an mdev on which others have worked since', () => {
  /** The change takes adapter 6 from guest web and gives it control domain 4; others give it adapter 7, and the domains 9 and 6. */
  async function worked(): Promise<{ readonly made: Scene; readonly change: string }> {
    const made = await scene('6.12');
    await made.does(
      { type: 'WriteMask', mask: 'apmask', text: '-7' },
      { type: 'AssignAdapter', mdev: A, text: '6' },
    );
    const web = { uuid: A, guest: 'web', adapters: ['5'], domains: ['4'], controlDomains: ['4'] };
    const change = await made.begin(await made.plan({ mdevs: { web } }), { confirmWithin: '2m' });
    await made.mover.advance(change);
    expect(await status(made, change)).toBe('verifying');
    await made.does(
      { type: 'AssignAdapter', mdev: A, text: '7' },
      { type: 'AssignDomain', mdev: A, text: '9' },
      { type: 'AssignControlDomain', mdev: A, text: '6' },
    );
    return { made, change };
  }
  const BOTH = { adapters: [5, 6, 7], domains: [4, 9], controlDomains: [6], guest: 'web' };

  it('keeps what they gave it when somebody wants the change back', async () => {
    const { made, change } = await worked();
    await back(made, change);
    expect(await mdevOf(made, A)).toEqual(BOTH);
  });

  it('keeps it when nobody confirms the change in time', async () => {
    const { made, change } = await worked();
    made.now = new Date('2026-11-26T20:02:00.000Z');
    await made.mover.advance(change);
    expect(await status(made, change)).toBe('back');
    expect(await mdevOf(made, A)).toEqual(BOTH);
  });

  it('stays when the change has made it, without what the change gave it', async () => {
    const made = await scene('6.12');
    const uuid = 'cccccccc-0000-4000-8000-000000000003';
    const desired = { mdevs: { new: { uuid, guest: 'new', adapters: ['6'], domains: ['5'] } } };
    const change = await made.begin(await made.plan(desired), { confirmWithin: '2m' });
    await made.mover.advance(change);
    await made.does({ type: 'AssignDomain', mdev: uuid, text: '9' });
    await back(made, change);
    expect(await mdevOf(made, uuid)).toEqual({ adapters: [], domains: [9], controlDomains: [], guest: null });
  });

  it('goes when the change has made it, and nobody else has used it', async () => {
    const made = await scene('6.12');
    const uuid = 'cccccccc-0000-4000-8000-000000000003';
    const desired = { mdevs: { new: { uuid, guest: 'new', adapters: ['6'], domains: ['5'] } } };
    const change = await made.begin(await made.plan(desired), { confirmWithin: '2m' });
    await made.mover.advance(change);
    await back(made, change);
    expect(await mdevOf(made, uuid)).toBeUndefined();
  });

  it('is not made again when others have removed it', async () => {
    const { made, change } = await worked();
    await made.does({ type: 'StopGuest', mdev: A }, { type: 'RemoveMdev', mdev: A, text: '1' });
    await back(made, change);
    expect(await mdevOf(made, A)).toBeUndefined();
  });
});

describe('a guest', () => {
  it('that others have stopped, and an mdev that they have changed, stay when the change has only waited', async () => {
    const made = await scene('6.12');
    const change = await made.begin(await procedureOf(made, { procedure: 'retire-guest', guest: 'web' }));
    await made.mover.advance(change);
    await made.does({ type: 'StopGuest', mdev: A }, { type: 'UnassignAdapter', mdev: A, text: '5' });
    await made.mover.advance(change);
    expect(await status(made, change)).toBe('held');
    await back(made, change);
    expect(await mdevOf(made, A)).toEqual({ adapters: [], domains: [4], controlDomains: [], guest: null });
    expect(await given(made, change)).toEqual([]);
  });

  it('that others have stopped before the change removed its mdev gets the mdev back, and is not started', async () => {
    const made = await scene('6.12');
    const plan = await procedureOf(made, { procedure: 'retire-guest', guest: 'web' });
    const change = await made.begin(plan, { confirmWithin: '2m' });
    await made.mover.advance(change);
    await made.does({ type: 'StopGuest', mdev: A });
    await made.mover.advance(change);
    expect(await status(made, change)).toBe('verifying');
    await back(made, change);
    expect(await mdevOf(made, A)).toEqual({ adapters: [5], domains: [4], controlDomains: [], guest: null });
  });

  it('that the change has stopped is started again', async () => {
    const made = await scene('6.12');
    const plan = await procedureOf(made, { procedure: 'retire-guest', guest: 'web', stopsGuests: true });
    const change = await made.begin(plan, { confirmWithin: '2m' });
    await made.mover.advance(change);
    await back(made, change);
    expect(await mdevOf(made, A)).toEqual({ adapters: [5], domains: [4], controlDomains: [], guest: 'web' });
  });

  it('that the change was to stop, and others have stopped, stays so when the command never came', async () => {
    const made = await scene('6.12');
    const plan = await procedureOf(made, { procedure: 'retire-guest', guest: 'web', stopsGuests: true });
    const change = await made.begin(plan);
    const dead: StepExecutor = {
      ...hostsOf(made.ledger),
      give: async () => {
        throw new Error('the mover died');
      },
    };
    await expect(new Mover(made.ledger, dead).advance(change)).rejects.toThrow('died');
    await made.does({ type: 'StopGuest', mdev: A });
    await back(made, change);
    expect(await mdevOf(made, A)).toMatchObject({ guest: null });
  });
});

it('what was done before others changed the host, and after it by continue, is undone as well', async () => {
  const made = await scene('6.12');
  const change = await made.begin(await made.plan(), { confirmWithin: '2m' });
  const host = hostsOf(made.ledger);
  let steps = 0;
  const interrupted: StepExecutor = {
    ...host,
    give: async (step) => {
      await host.give(step);
      if (++steps === 1) await made.does({ type: 'AssignControlDomain', mdev: B, text: '4' });
    },
  };
  await new Mover(made.ledger, interrupted).advance(change);
  expect(await status(made, change)).toBe('held');
  await made.ledger.ask('resume', { change, how: 'continue', reason: 'test' });
  await made.mover.advance(change);
  expect(await status(made, change)).toBe('verifying');
  await back(made, change);
  expect(await mdevOf(made, A)).toEqual({ adapters: [5], domains: [4], controlDomains: [], guest: 'web' });
  expect(await mdevOf(made, B)).toEqual({ adapters: [], domains: [], controlDomains: [4], guest: null });
});
