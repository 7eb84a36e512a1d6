/** The mover dies at any append, before it or after it, again and again: in the end each step was done once. */
import { type EventLog, openMemoryLog } from '@apledger/event-log';
import { changeStreamOf, streamOf } from '@apledger/events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogLedger } from '../log-ledger.ts';
import { Mover } from './mover.ts';
import { A, B, HOST, type Scene, scene } from './test-support.ts';

const NUM_RUNS = process.env.APLEDGER_LONG === '1' ? 500 : 25;

interface Death {
  /** Appends that succeed before it. */
  readonly after: number;
  /** The append is durable, and nobody hears of it. */
  readonly isKept: boolean;
}

class Died extends Error {}

/** The log, for a process that dies at an append. */
function dyingAt(log: EventLog, { after, isKept }: Death): EventLog {
  let left = after;
  const append: EventLog['append'] = async (commit) => {
    if (left-- > 0) return log.append(commit);
    if (isKept) await log.append(commit);
    throw new Died();
  };
  return new Proxy(log, {
    get(target, name) {
      if (name === 'append') return append;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
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
            await dying.catch((error: unknown) => {
              if (!(error instanceof Died)) throw error;
            });
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
        examples: [
          ...[0, 1, 2, 3].flatMap((after) =>
            [true, false].map((isKept): [Death[], boolean] => [[{ after, isKept }], false]),
          ),
          [Array.from({ length: 12 }, () => ({ after: 0, isKept: true })), false],
        ],
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
          await moverOn(made, dyingAt(made.log, each))
            .advance(change)
            .catch((error: unknown) => {
              if (!(error instanceof Died)) throw error;
            });
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
