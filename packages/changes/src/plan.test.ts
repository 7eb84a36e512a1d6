/** Plans are tried again by the rules, as somebody who does not trust them would. */
import {
  and,
  andNot,
  apqnsOf,
  commonMatrix,
  EMPTY_MASK,
  equals,
  formatApqn,
  isEmpty,
  maskOf,
} from '@apledger/ap';
import { GENERATION_NAMES, type Generation } from '@apledger/events';
import type { HostState } from '@apledger/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDesired } from './desired.ts';
import { exportHost } from './export.ts';
import { type Plan, planOf } from './plan.ts';
import { targetOf, targetOfState } from './target.ts';
import { carryOut, desiredOf, hostWith, layout, MDEVS, usableQueues } from './test-support.ts';

const NUM_RUNS = process.env.APLEDGER_LONG === '1' ? 2000 : 40;
type Layout = typeof layout extends fc.Arbitrary<infer L> ? L : never;

/** Carries the steps out; gives back what guests were without meanwhile, of what they keep. */
function followed(state: HostState, plan: Plan, now: Layout, want: Layout): Set<string> {
  const kept = MDEVS.map((mdev, index) => {
    const [from, to] = [now.mdevs[index], want.mdevs[index]];
    if (from === undefined || to === undefined) return [];
    const has = new Set(usableQueues(state, mdev));
    return apqnsOf(commonMatrix(from, to))
      .map(formatApqn)
      .filter((queue) => has.has(queue));
  });
  const lost = new Set<string>();
  for (const { command } of plan.steps) {
    expect(carryOut(state, command)).toBeUndefined();
    for (const [index, mdev] of MDEVS.entries()) {
      const has = new Set(usableQueues(state, mdev));
      for (const queue of kept[index] ?? []) if (!has.has(queue)) lost.add(queue);
    }
  }
  return lost;
}

function expectTarget(state: HostState, want: Layout): void {
  expect([state.apmask, state.aqmask].map(String)).toEqual(
    [want.host.adapters, want.host.domains].map(String),
  );
  for (const [index, mdev] of MDEVS.entries()) {
    const wanted = want.mdevs[index];
    if (wanted === undefined) continue;
    expect(state.mdevs.get(mdev)?.assigned).toMatchObject(wanted);
    expect(usableQueues(state, mdev)).toEqual(apqnsOf(wanted).map(formatApqn));
  }
}

/** 7.3: the host gets an adapter that an mdev keeps together with a domain, or the dual. No order avoids it. */
const isInTheWay = (now: Layout, want: Layout): boolean =>
  now.mdevs.some((from, index) => {
    const to = want.mdevs[index] ?? from;
    const kept = { adapters: and(from.adapters, to.adapters), domains: and(from.domains, to.domains) };
    const gets = (axis: 'adapters' | 'domains') =>
      !isEmpty(and(andNot(want.host[axis], now.host[axis]), kept[axis]));
    return (gets('adapters') && !isEmpty(kept.domains)) || (gets('domains') && !isEmpty(kept.adapters));
  });

/** 5.10: a guest whose mdev changes has to stop. */
const hasToStop = (now: Layout, want: Layout): boolean =>
  now.mdevs.some((from, index) => {
    const to = want.mdevs[index] ?? from;
    const changes = !equals(from.adapters, to.adapters) || !equals(from.domains, to.domains);
    const kept = commonMatrix(from, to);
    return changes && !isEmpty(kept.adapters) && !isEmpty(kept.domains);
  });

const EVERYTHING = Object.fromEntries(['g1', 'g2', 'g3', 'g4'].map((guest) => [guest, ['*']]));

const hasProblem = (driver: Generation, now: Layout, want: Layout): boolean =>
  (driver === '7.3' && isInTheWay(now, want)) || (driver === '5.10' && hasToStop(now, want));

describe.each(GENERATION_NAMES)('a plan on %s', (driver) => {
  it('loses nothing that is kept and ends at its target, or says before why not', () => {
    fc.assert(
      fc.property(layout, layout, (now, want) => {
        const state = hostWith(driver, now);
        const plan = planOf(state, desiredOf(want));
        expect(plan.problems.length > 0).toBe(hasProblem(driver, now, want));
        if (plan.problems.length > 0) return expectReal(state, plan);
        expect(followed(state, plan, now, want)).toEqual(new Set());
        expect(plan.handovers).toEqual([]);
        expectTarget(state, want);
        for (const { command } of plan.back) expect(carryOut(state, command)).toBeUndefined();
        expectTarget(state, now);
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it('may do with queues what the file allows, and says when', () => {
    fc.assert(
      fc.property(layout, layout, (now, want) => {
        const state = hostWith(driver, now);
        const plan = planOf(state, desiredOf(want, { mayLose: EVERYTHING }));
        expect(plan.problems).toEqual([]);
        const lost = followed(state, plan, now, want);
        expect(new Set(plan.interruptions.flatMap(({ queues }) => queues))).toEqual(lost);
        expectTarget(state, want);
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

/** What is foretold is what the driver answers. */
function expectReal(state: HostState, plan: Plan): void {
  for (const { command } of plan.steps) expect(carryOut(state, command)).toBeUndefined();
  for (const { errno, problem, help } of plan.problems) {
    expect(help).toMatch(/mayLose: \{ g\d: \[/);
    if (errno !== null) expect(problem).toContain(`would be refused with ${errno}`);
  }
}

describe('the order of the file', () => {
  it('is refused where two guests exchange queues, and the order of the plan is not', () => {
    const of = (adapter: number, domain: number) => ({
      adapters: maskOf([adapter]),
      domains: maskOf([domain]),
    });
    const host = of(0, 0);
    const state = hostWith('6.1', { host, mdevs: [of(1, 1), of(2, 1)] });
    const desired = desiredOf({ host, mdevs: [of(2, 1), of(1, 1)] });
    const [WEB = ''] = MDEVS;
    expect(carryOut(state.fork(), { type: 'AssignAdapter', mdev: WEB, text: '2' })).toBe('EADDRINUSE');
    const plan = planOf(state, desired);
    expect(plan.problems).toEqual([]);
    for (const { command } of plan.steps) expect(carryOut(state, command)).toBeUndefined();
    expect(MDEVS.slice(0, 2).map((mdev) => usableQueues(state, mdev))).toEqual([['02.0001'], ['01.0001']]);
  });
});

describe('a host as a file', () => {
  it('is the same host when it is read again', () => {
    fc.assert(
      fc.property(layout, fc.constantFrom(...GENERATION_NAMES), (now, driver) => {
        const state = hostWith(driver, now);
        const read = parseDesired(exportHost(state, 'yaml'));
        if ('problems' in read) throw new Error(JSON.stringify(read.problems));
        const resolved = targetOf(read.desired, state);
        if ('problems' in resolved) throw new Error(resolved.problems.join());
        const { mdevs, apmask, aqmask } = targetOfState(state);
        expect(resolved.target).toMatchObject({ apmask, aqmask });
        for (const { uuid, matrix, guest, state: life } of mdevs.values())
          expect(resolved.target.mdevs.get(uuid)).toMatchObject({ uuid, matrix, guest, state: life });
        expect(planOf(state, read.desired)).toMatchObject({ steps: [], problems: [] });
      }),
    );
  });

  it('makes the same host of a fresh one of the same machine', () => {
    const empty = { host: { adapters: EMPTY_MASK, domains: EMPTY_MASK }, mdevs: [] };
    fc.assert(
      fc.property(layout, fc.constantFrom(...GENERATION_NAMES), (now, driver) => {
        const state = hostWith(driver, now);
        const read = parseDesired(exportHost(state, 'yaml'));
        if ('problems' in read) throw new Error(JSON.stringify(read.problems));
        const fresh = hostWith(driver, empty);
        const plan = planOf(fresh, read.desired);
        expect(plan.problems).toEqual([]);
        for (const { command } of plan.steps) expect(carryOut(fresh, command)).toBeUndefined();
        expect([fresh.apmask, fresh.aqmask]).toEqual([state.apmask, state.aqmask]);
        for (const { uuid, guest, assigned, effective } of state.mdevs.values())
          expect(fresh.mdevs.get(uuid)).toMatchObject({ guest, assigned, effective });
        expect(fresh.mdevs.size).toBe(state.mdevs.size);
      }),
      { numRuns: NUM_RUNS },
    );
  });
});
