/** The mover dies at any append, before it or after it, again and again: in the end each step was done once. */
import { type EventLog, openMemoryLog } from '@apledger/event-log';
import { changeStreamOf, streamOf } from '@apledger/events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogLedger } from '../log-ledger.ts';
import { Mover } from './mover.ts';
import { A, B, HOST, type Scene, scene } from './test-support.ts';

const NUM_RUNS = process.env.APLEDGER_LONG === '1' ? 500 : 10;

interface Death {
  /** Appends that succeed before it. */
  readonly after: number;
  /** The append is durable, and nobody hears of it. */
  readonly isKept: boolean;
}

class Died extends Error {}

/** The log, with other appends. */
const appendingBy = (log: EventLog, append: EventLog['append']): EventLog =>
  new Proxy(log, {
    get(target, name) {
      if (name === 'append') return append;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });

/** The log, for a process that dies at an append. */
function dyingAt(log: EventLog, { after, isKept }: Death): EventLog {
  let left = after;
  return appendingBy(log, async (commit) => {
    if (left-- > 0) return log.append(commit);
    if (isKept) await log.append(commit);
    throw new Died();
  });
}

/** The log, for a process that something happens to between a decision and its append. */
function meanwhileAt(log: EventLog, at: number, happens: () => Promise<unknown>): EventLog {
  let left = at;
  return appendingBy(log, async (commit) => {
    if (left-- === 0) await happens();
    return log.append(commit);
  });
}

const moverOn = ({ now }: Scene, log: EventLog): Mover => new Mover(new LogLedger({ log, now: () => now }));

/** The commands that the host was given for the change, by type, in order. */
async function commandsGiven({ facts }: Scene, change: string): Promise<(string | undefined)[]> {
  const all = await facts(streamOf(HOST));
  return all
    .filter(({ correlation, command }) => correlation === changeStreamOf(change) && command !== undefined)
    .map(({ command }) => command?.type);
}

const expectDeath = (error: unknown): void => {
  if (!(error instanceof Died)) throw error;
};

/** How many appends a change takes from here on when nothing is in the way. */
async function appendsOf(made: Scene, change: string): Promise<number> {
  let count = 0;
  const counting = appendingBy(made.log, (commit) => {
    count += 1;
    return made.log.append(commit);
  });
  await moverOn(made, counting).advance(change);
  return count;
}

/** Two steps: what goes for them at every append goes for more. */
const SMALL = { mdevs: { db: { uuid: B, adapters: ['6'], domains: ['4'] } } };

/** A change that has just begun, and one that has been done and shall go back. */
const BEGINNINGS = {
  there: async () => {
    const made = await scene('6.1', openMemoryLog());
    return { made, change: await made.begin(await made.plan(SMALL)) };
  },
  back: async () => {
    const made = await scene('6.1', openMemoryLog());
    const change = await made.begin(await made.plan(SMALL), { confirmWithin: '10m' });
    await made.mover.advance(change);
    await made.ledger.ask('resume', { change, how: 'back', reason: 'test' });
    return { made, change };
  },
} as const;
const ENDS = { there: 'carried-out', back: 'back' } as const;

describe.each(['there', 'back'] as const)('on the way %s', (way) => {
  /** What the host is given, and how many appends it takes, when nothing goes wrong. */
  async function undisturbed() {
    const { made, change } = await BEGINNINGS[way]();
    const appends = await appendsOf(made, change);
    return { appends, commands: await commandsGiven(made, change), types: await made.types(change) };
  }
  async function expectAsUndisturbed(
    { made, change }: { readonly made: Scene; readonly change: string },
    { commands, types }: Awaited<ReturnType<typeof undisturbed>>,
  ): Promise<void> {
    await moverOn(made, made.log).advance(change);
    expect((await made.ledger.ask('change', { change })).change.status).toBe(ENDS[way]);
    expect(await commandsGiven(made, change)).toEqual(commands);
    expect(await made.types(change)).toEqual(types);
  }

  it('a mover that dies at any append of the change, before or after it, is followed by one that goes on', async () => {
    const wanted = await undisturbed();
    expect(wanted.appends).toBeGreaterThanOrEqual(7);
    for (let after = 0; after < wanted.appends; after++)
      for (const isKept of [true, false]) {
        const begun = await BEGINNINGS[way]();
        const dying = dyingAt(begun.made.log, { after, isKept });
        await moverOn(begun.made, dying).advance(begun.change).then(neverHere, expectDeath);
        await expectAsUndisturbed(begun, wanted);
      }
  });

  it('two movers at once, the second one faster at any append of the first, do each step once', async () => {
    const wanted = await undisturbed();
    for (let at = 0; at < wanted.appends; at++) {
      const begun = await BEGINNINGS[way]();
      const { made, change } = begun;
      const log = meanwhileAt(made.log, at, () => moverOn(made, made.log).advance(change));
      await moverOn(made, log).advance(change);
      await expectAsUndisturbed(begun, wanted);
    }
  });
});

const neverHere = (): never => {
  throw new Error('it did not die');
};

const death: fc.Arbitrary<Death> = fc.record({ after: fc.integer({ min: 0, max: 4 }), isKept: fc.boolean() });

describe('a mover that dies', () => {
  it('at any append, and others beside it, do each step once, and end the change', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(death, { minLength: 1, maxLength: 12, size: 'max' }),
        fc.boolean(),
        async (deaths, isBeside) => {
          const made = await scene('6.1', openMemoryLog());
          const plan = await made.plan();
          const change = await made.begin(plan);
          for (const each of deaths) {
            const dying = moverOn(made, dyingAt(made.log, each)).advance(change);
            const beside = isBeside ? moverOn(made, made.log).advance(change) : undefined;
            await dying.catch(expectDeath);
            await beside;
          }
          await moverOn(made, made.log).advance(change);
          const shown = (await made.ledger.ask('change', { change })).change;
          expect(shown.status).toBe('carried-out');
          expect(await commandsGiven(made, change)).toEqual(
            plan.steps.map((step) => ('command' in step ? step.command.type : '')),
          );
        },
      ),
      {
        numRuns: NUM_RUNS,
        examples: [[Array.from({ length: 12 }, () => ({ after: 0, isKept: true })), false]],
      },
    );
  });

  it('on the way back does so, too, and ends at what was before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(death, { minLength: 1, maxLength: 12, size: 'max' }), async (deaths) => {
        const made = await scene('6.1', openMemoryLog());
        const before = await made.ledger.state(HOST);
        const change = await made.begin(await made.plan(), { confirmWithin: '10m' });
        await made.mover.advance(change);
        await made.ledger.ask('resume', { change, how: 'back', reason: 'test' });
        for (const each of deaths)
          await moverOn(made, dyingAt(made.log, each)).advance(change).catch(expectDeath);
        await moverOn(made, made.log).advance(change);
        expect((await made.ledger.ask('change', { change })).change.status).toBe('back');
        const after = await made.ledger.state(HOST);
        for (const mdev of [A, B])
          expect(after?.mdevs.get(mdev)?.assigned).toEqual(before?.mdevs.get(mdev)?.assigned);
        const types = await made.types(change);
        expect(types.filter((type) => type === 'ChangeGoesBack')).toHaveLength(1);
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it('between two steps, while somebody wants it back, leaves no command that comes later', async () => {
    const made = await scene();
    const change = await made.begin(await made.plan());
    // It has recorded that a step begins, and dies before the host gets the command.
    await moverOn(made, dyingAt(made.log, { after: 1, isKept: false }))
      .advance(change)
      .catch(() => undefined);
    const started = (await made.facts(changeStreamOf(change))).findLast(({ type }) => type === 'StepStarted');
    await made.ledger.ask('resume', { change, how: 'back', reason: 'test' });
    await made.mover.advance(change);
    expect((await made.ledger.ask('change', { change })).change.status).toBe('back');
    // The one that died comes back to life with its command in hand.
    const state = await made.ledger.state(HOST);
    const late = made.ledger.submit({
      host: HOST,
      command: { type: 'AssignAdapter', mdev: B, text: '6' },
      commandId: String(started?.data.command),
      actor: 'late',
    });
    await expect(late).rejects.toThrow();
    expect((await made.ledger.state(HOST))?.hasMatricesOf(state ?? (undefined as never))).toBe(true);
  });
});
