/** Procedures carried out on hosts of all generations: what an auditor finds afterwards of the queues that they took from a guest. */
import { planProcedure } from '@apledger/changes';
import { type Command, GENERATION_NAMES, type Generation, type Procedure } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import { A, B, HOST, type Scene, scene } from './test-support.ts';

const HOT_PLUGGING: readonly Generation[] = GENERATION_NAMES.filter((driver) => driver !== '5.10');
const MOVE: Procedure = { procedure: 'move-queue', queue: '05.0004', from: 'web', to: 'db' };
const DB: readonly Command[] = [
  { type: 'AssignDomain', mdev: B, text: '4' },
  { type: 'AssignAdapter', mdev: B, text: '6' },
  { type: 'StartGuest', mdev: B, guest: 'db' },
];

async function carriedOut(made: Scene, procedure: Procedure): Promise<void> {
  const state = await made.ledger.state(HOST);
  if (state === undefined) throw new Error('no host');
  const { plan, problems } = planProcedure(state, procedure);
  expect(problems).toEqual([]);
  if (plan === null) throw new Error('no plan');
  const change = await made.begin(plan);
  await made.mover.advance(change);
  if (plan.steps.some((step) => 'wait' in step && step.wait.for === 'guest-stopped')) {
    await made.does({ type: 'StopGuest', mdev: A });
    await made.mover.advance(change);
  }
  if (plan.steps.some((step) => 'wait' in step && step.wait.for === 'guest-migrated')) {
    await made.does({ type: 'MigrateGuest', mdev: A });
    await made.mover.advance(change);
  }
  expect((await made.ledger.ask('change', { change })).change.status).toBe('carried-out');
}

async function unresetHandovers({ ledger }: Scene) {
  const { exposures } = await ledger.ask('exposures', { host: HOST });
  return exposures.filter(({ kind }) => kind === 'unreset-handover');
}

describe.each(HOT_PLUGGING)('with %s', (driver) => {
  it('a queue that is moved to another guest is reset on its way', async () => {
    const made = await scene(driver);
    await made.does(...DB);
    await carriedOut(made, MOVE);
    expect((await made.ledger.state(HOST))?.mdevs.get(B)?.effective?.adapters).toMatchObject({
      0: expect.any(Number),
    });
    expect(await unresetHandovers(made)).toEqual([]);
  });

  it('so is one that its guest had lost already, as part of its adapter, when it is drained', async () => {
    const made = await scene(driver);
    await made.does(
      { type: 'AssignDomain', mdev: A, text: '5' },
      { type: 'UnbindQueue', driver: 'vfio_ap', text: '05.0005' },
    );
    await carriedOut(made, { procedure: 'drain', adapter: 5 });
    await made.does(...DB, { type: 'AssignAdapter', mdev: B, text: '5' });
    expect(await unresetHandovers(made)).toEqual([]);
  });
});

describe.each(GENERATION_NAMES)('with %s, what is taken from a guest is reset for the next one', (driver) => {
  const cases: readonly Procedure[] = [
    { procedure: 'drain', adapter: 5 },
    { procedure: 'drain', adapter: 5, stopsGuests: true },
    { procedure: 'retire-guest', guest: 'web' },
    { procedure: 'retire-guest', guest: 'web', stopsGuests: true },
    ...(HOT_PLUGGING.includes(driver) ? [{ procedure: 'prepare-migration', guest: 'web' } as const] : []),
  ];

  it.each(cases)('%j', async (procedure) => {
    const made = await scene(driver);
    await carriedOut(made, procedure);
    await made.does({ type: 'AssignAdapter', mdev: B, text: '5' }, ...DB);
    expect((await made.ledger.state(HOST))?.mdevs.get(B)?.effective).not.toBeNull();
    expect(await unresetHandovers(made)).toEqual([]);
  });

  it('drained to the host, too', async () => {
    const made = await scene(driver);
    await carriedOut(made, { procedure: 'drain', adapter: 5, end: 'host' });
    expect(await unresetHandovers(made)).toEqual([]);
  });
});

it('a queue whose reset fails does not go to the next guest before it is reset', async () => {
  const made = await scene('2019-v2');
  await made.does(...DB);
  const state = await made.ledger.state(HOST);
  if (state === undefined) throw new Error('no host');
  const { plan } = planProcedure(state, MOVE);
  if (plan === null) throw new Error('no plan');
  const change = await made.begin(plan);
  await made.does({ type: 'InjectResetFault', queue: '05.0004', responseCodes: [4, 4, 4] });
  const view = async () => (await made.ledger.ask('change', { change })).change;
  await made.mover.advance(change);
  const held = { because: 'other-effect', reason: expect.stringContaining('05.0004: reset answered 04') };
  for (const how of ['retry', 'continue', 'retry'] as const) {
    expect(await view()).toMatchObject({ status: 'held', held });
    await made.ledger.ask('resume', { change, how, reason: 'test' });
    await made.mover.advance(change);
  }
  expect((await view()).status).toBe('carried-out');
  expect(await unresetHandovers(made)).toEqual([]);
});
