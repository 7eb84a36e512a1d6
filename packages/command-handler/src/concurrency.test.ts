/** Several handlers on one log: nothing is lost, nobody decides on what is no longer so. */
import { count, idsOf, matricesOverlap } from '@apledger/ap';
import { type EventLog, verify, WrongExpectedRevision } from '@apledger/event-log';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandHandler } from './index.ts';
import { A, assignAdapter, assignDomain, B, HOST, operator, remove, scene, start } from './test-support.ts';

/** The log, for somebody who gets to read the streams only then. */
const readingAfter = (log: EventLog, then: Promise<unknown>): EventLog =>
  new Proxy(log, {
    get(target, name) {
      if (name === 'head') return (stream: string) => then.then(() => target.head(stream));
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });

describe('two handlers on one log', () => {
  it('see each other`s facts', async () => {
    const { submit, another } = await scene(assignDomain(A, 4), assignDomain(B, 4));
    const other = another();
    await other.submit(operator(assignAdapter(A, 5)));
    expect((await submit(assignAdapter(B, 5))).refusal?.errno).toBe('EADDRINUSE');
    await submit(assignAdapter(B, 6));
    expect((await other.submit(operator(assignAdapter(A, 6)))).refusal?.conflicts).toEqual([
      { queue: '06.0004', holder: `mdev ${B}` },
    ]);
  });

  it('cannot both give the same queue away: one wins, the other is told who', async () => {
    const { handler, another } = await scene(assignDomain(A, 4), assignDomain(B, 4));
    const receipts = await Promise.all([
      handler.submit(operator(assignAdapter(A, 5))),
      another().submit(operator(assignAdapter(B, 5))),
    ]);
    expect(receipts.map(({ refusal }) => refusal?.errno).sort()).toEqual(['EADDRINUSE', undefined]);
    const state = await handler.state(HOST);
    const [a, b] = [state?.mdevs.get(A), state?.mdevs.get(B)];
    expect(a && b && matricesOverlap(a.assigned, b.assigned)).toBe(false);
  });

  it('lose nothing of what they submit at once, each command in one piece and the chain unbroken', async () => {
    const { handler, another, recorded, log } = await scene(start(A));
    const handlers = [handler, another(), another()];
    const receipts = await Promise.all(
      Array.from({ length: 30 }, (_, i) => handlers[i % 3]?.submit(operator(assignAdapter(A, 100 + i)))),
    );
    // Above the maximum: each is refused, and each refusal recorded.
    expect(receipts.map((receipt) => receipt?.refusal?.errno)).toEqual(
      Array.from({ length: 30 }, () => 'ENODEV'),
    );
    const facts = await recorded();
    expect(new Set(receipts.map((receipt) => receipt?.revision)).size).toBe(30);
    expect(
      facts
        .slice(-30)
        .map(({ cause }) => cause)
        .sort(),
    ).toEqual(receipts.map((receipt) => receipt?.commandId).sort());
    const walk = verify(log);
    let step = await walk.next();
    while (step.done !== true) step = await walk.next();
    expect(step.value.problems).toEqual([]);
  });

  it('give a command that another one has just carried out its receipt, though there is nothing to do any more', async () => {
    const { log, submit } = await scene();
    const commandId = crypto.randomUUID();
    const first = Promise.withResolvers<unknown>();
    const late = new CommandHandler(readingAfter(log, first.promise));
    const again = late.submit(operator(assignAdapter(A, 5), { commandId }));
    const receipt = await submit(assignAdapter(A, 5), { commandId });
    first.resolve(undefined);
    expect(await again).toEqual({ ...receipt, isDuplicate: true });
  });

  it('keep the facts of a command together', async () => {
    const { handler, another, recorded } = await scene(assignDomain(A, 4), assignDomain(B, 5), start(A));
    const other = another();
    await Promise.all([
      handler.submit(operator(assignAdapter(A, 5))),
      other.submit(operator(assignAdapter(B, 6))),
      handler.submit(operator(assignAdapter(A, 6))),
      other.submit(operator(remove(B))),
    ]);
    const causes = (await recorded()).map(({ cause }) => cause);
    const runs = causes.filter((cause, i) => cause !== causes[i - 1]);
    expect(new Set(runs).size).toBe(runs.length);
  });

  it('agree on the state after any interleaving, with what each receipt said', async () => {
    const step = fc.record({
      who: fc.nat(2),
      mdev: fc.constantFrom(A, B),
      adapter: fc.constantFrom(5, 6),
      assigns: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.scheduler(), async (steps, scheduler) => {
        const { handler, another, recorded } = await scene(assignDomain(A, 4), assignDomain(B, 4));
        const handlers = [handler, another(), another()];
        const submissions = steps.map(({ who, mdev, adapter, assigns }) =>
          scheduler.schedule(Promise.resolve()).then(() =>
            handlers[who]?.submit(
              operator({
                type: assigns ? 'AssignAdapter' : 'UnassignAdapter',
                mdev,
                text: String(adapter),
              }),
            ),
          ),
        );
        await scheduler.waitAll();
        const receipts = await Promise.all(submissions);
        const states = await Promise.all(handlers.map((one) => one.state(HOST)));
        const [first] = states;
        for (const state of states) expect(first !== undefined && state?.equals(first)).toBe(true);
        const [a, b] = [states[0]?.mdevs.get(A), states[0]?.mdevs.get(B)];
        expect(a && b && matricesOverlap(a.assigned, b.assigned)).toBe(false);
        const done = (type: string): number =>
          receipts.filter((receipt) => receipt?.facts.at(0)?.type === type).length;
        const left = [a, b].reduce(
          (sum, mdev) => sum + (mdev === undefined ? 0 : count(mdev.assigned.adapters)),
          0,
        );
        expect(done('AdapterAssigned') - done('AdapterUnassigned')).toBe(left);
        const revisions = (await recorded()).map(({ revision }) => revision);
        expect(revisions).toEqual(revisions.map((_, i) => i));
      }),
      { numRuns: 20 },
    );
  });
});

describe('a command for a revision', () => {
  it('is carried out when the stream ends there', async () => {
    const { submit, recorded } = await scene();
    const expected = (await recorded()).length - 1;
    expect((await submit(assignAdapter(A, 5), { expected })).isDuplicate).toBe(false);
  });

  it('is not carried out when it ends elsewhere', async () => {
    const { submit, recorded, another } = await scene();
    const expected = (await recorded()).length - 1;
    const { revision } = await another().submit(operator(assignAdapter(B, 6)));
    for (const wrong of [expected, revision + 1, 'none'] as const)
      await expect(submit(assignAdapter(A, 5), { expected: wrong })).rejects.toThrow(WrongExpectedRevision);
    expect(await recorded()).toHaveLength(revision + 1);
  });

  it('is carried out for one of those who ask at once', async () => {
    const { handler, another, recorded } = await scene();
    const expected = (await recorded()).length - 1;
    const ends = await Promise.allSettled(
      [handler, another(), another()].map((one, i) =>
        one.submit(operator(assignAdapter(A, 4 + i), { expected })),
      ),
    );
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(new Set((await recorded()).slice(expected + 1).map(({ cause }) => cause)).size).toBe(1);
  });

  it('is answered as before when it is submitted again', async () => {
    const { submit, recorded } = await scene();
    const asked = { expected: (await recorded()).length - 1, commandId: crypto.randomUUID() };
    const first = await submit(assignAdapter(A, 5), asked);
    expect(await submit(assignAdapter(A, 5), asked)).toEqual({ ...first, isDuplicate: true });
  });
});

describe('one handler', () => {
  it('carries out commands of one host in the order in which they were submitted', async () => {
    const { submit } = await scene(assignDomain(A, 4), assignDomain(B, 4));
    const receipts = await Promise.all([
      submit(assignAdapter(A, 5)),
      submit(assignAdapter(B, 5)),
      submit({ type: 'UnassignAdapter', mdev: A, text: '5' }),
      submit(assignAdapter(B, 5)),
    ]);
    expect(receipts.map(({ refusal }) => refusal?.errno)).toEqual([
      undefined,
      'EADDRINUSE',
      undefined,
      undefined,
    ]);
  });

  it('goes on after a log that could not take a command', async () => {
    const { submit, handler, log } = await scene();
    await expect(submit(assignAdapter(A, 5), { commandId: 'no UUID' })).rejects.toThrow();
    await submit(assignAdapter(A, 6));
    expect(idsOf((await handler.state(HOST))?.mdevs.get(A)?.assigned.adapters ?? [])).toEqual([6]);
    await log.close();
    await expect(submit(assignAdapter(A, 5))).rejects.toThrow();
  });
});
