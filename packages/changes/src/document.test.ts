/** Plans that are kept: bound to a host, and read again by somebody who trusts nobody. */
import { readFileSync } from 'node:fs';
import { GENERATION_NAMES, type PlanDocument } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { viewOf } from '@apledger/projections/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBack } from './back.ts';
import { desiredSchemaText, desiredSchemaUrl } from './desired-schema.ts';
import { checkedPlan, readPlan, whyStale, workThrough } from './document.ts';
import { digestOf, matricesDigest } from './matrices.ts';
import { planFile } from './planned.ts';
import { carryOut, desiredOf, hostWith, layout, MDEVS } from './test-support.ts';
import type { CarriedOut } from './touched.ts';

const NUM_RUNS = process.env.APLEDGER_LONG === '1' ? 1000 : 40;

const [WEB = '', DB = ''] = MDEVS;

/** A host of 6.12 with two guests, and the plan that gives the first one another adapter. */
function planned(): { readonly state: ReturnType<typeof hostWith>; readonly plan: PlanDocument } {
  const state = hostWith('6.12', {
    host: { adapters: new Uint32Array(8) as never, domains: new Uint32Array(8) as never },
    mdevs: [],
  });
  for (const command of [
    { type: 'CreateMdev', text: WEB },
    { type: 'AssignAdapter', mdev: WEB, text: '1' },
    { type: 'AssignDomain', mdev: WEB, text: '2' },
    { type: 'StartGuest', mdev: WEB, guest: 'web' },
    { type: 'CreateMdev', text: DB },
  ] as const)
    expect(carryOut(state, command)).toBeUndefined();
  state.place(10, 10, 0);
  const { plan } = planFile(state, {
    apledger: 'v1',
    host: 'lpar1',
    mdevs: {
      web: { uuid: WEB, guest: 'web', adapters: ['1', '3'], domains: '2' },
      db: { uuid: DB, adapters: '4', domains: '2' },
    },
  });
  if (plan === null) throw new Error('no plan');
  return { state, plan };
}

/** The first so many steps of the plan. */
const firstOf = (base: HostState, plan: PlanDocument, done: number): CarriedOut => ({
  plan,
  base,
  steps: new Set(Array.from({ length: done }, (_, index) => index + 1)),
});

/** With the hash of what it says. */
const rehashed = ({ planHash: _, ...content }: PlanDocument): PlanDocument => ({
  ...content,
  planHash: digestOf(content),
});

/** What everybody can compute the hash from: GET /hosts/{host}. */
function shownMatrices(state: HostState): object {
  const view = viewOf(state.name, state);
  if (view === undefined) throw new Error('no host');
  const { driver, apmask, aqmask, cards, mdevs } = view;
  return {
    driver,
    apmask,
    aqmask,
    cards: cards.map(({ notPassable: _, ...card }) => card),
    mdevs: mdevs.map(({ plug: _, ...mdev }) => mdev).sort((a, b) => (a.mdev < b.mdev ? -1 : 1)),
  };
}

describe('a plan', () => {
  it('is read as it was written', () => {
    const { plan } = planned();
    expect(readPlan(JSON.stringify(plan, null, 2))).toEqual({ plan });
  });

  it.each([
    ['{', /no JSON/],
    ['null', /no plan/],
    ['{"format":"apledger-plan/v2"}', /no plan/],
    ['{"format":"apledger-plan/v1"}', /host/],
  ])('that is %s says so', (text, problem) => {
    expect(readPlan(text)).toEqual({ problem: expect.stringMatching(problem) });
  });

  it('that was edited in any place is refused by its hash', () => {
    const { plan } = planned();
    const edits: readonly Partial<PlanDocument>[] = [
      { host: 'lpar2' },
      { driver: '7.3' },
      { purpose: 'other' },
      { desired: null },
      { base: { ...plan.base, revision: plan.base.revision + 1 } },
      { steps: plan.steps.slice(1) },
      { steps: plan.steps.toReversed() },
    ];
    for (const edit of edits)
      expect(checkedPlan({ ...plan, ...edit }), JSON.stringify(edit)).toEqual({
        problem: expect.stringContaining('edited'),
      });
  });

  it('whose hash was made anew is worked through again', () => {
    const { state, plan } = planned();
    expect(whyStale(state, plan)).toBeUndefined();
    const cases: readonly [PlanDocument, RegExp][] = [
      [rehashed({ ...plan, host: 'lpar2' }), /for host lpar2/],
      [rehashed({ ...plan, driver: '7.3' }), /made for driver 7.3/],
      [rehashed({ ...plan, base: { ...plan.base, matrices: digestOf(1) } }), /other matrices/],
      [
        rehashed({ ...plan, steps: plan.steps.map((step) => ({ ...step, after: digestOf(1) })) }),
        /would not end/,
      ],
    ];
    for (const [document, reason] of cases) {
      expect(checkedPlan(document)).toEqual({ plan: document });
      expect(whyStale(state, document)).toMatch(reason);
    }
  });

  it('is stale when the matrices have changed, and is not when only the revision has', () => {
    const { state, plan } = planned();
    expect(carryOut(state, { type: 'ScanBus' })).toBeUndefined();
    state.place(state.revision + 5, state.position + 5, 0);
    expect(whyStale(state, plan)).toBeUndefined();
    expect(carryOut(state, { type: 'AssignControlDomain', mdev: WEB, text: '2' })).toBeUndefined();
    expect(whyStale(state, plan)).toMatch(/other matrices/);
  });

  it('ends at what it says after each step, and its way back ends at the start, on all generations', () => {
    fc.assert(
      fc.property(fc.constantFrom(...GENERATION_NAMES), layout, layout, (driver, now, want) => {
        const state = hostWith(driver, now);
        const mayLose = Object.fromEntries(MDEVS.map((_, index) => [`g${index + 1}`, ['*']]));
        const { plan } = planFile(state, desiredOf(want, { mayLose, handover: 'allow' }));
        if (plan === null) return;
        const there = state.fork();
        for (const step of plan.steps) {
          expect(workThrough(there, [step])).toBeUndefined();
          expect(matricesDigest(there)).toBe(step.after);
          expect(digestOf(shownMatrices(there))).toBe(step.after);
        }
        const back = planBack(there, [firstOf(state, plan, plan.steps.length)], plan.purpose);
        if (!('plan' in back)) throw new Error(back.obstacle.problem);
        expect(workThrough(there, back.plan.steps)).toBeUndefined();
        expect([there.apmask, there.aqmask]).toEqual([state.apmask, state.aqmask]);
        for (const { uuid, assigned } of state.mdevs.values())
          expect(there.mdevs.get(uuid)?.assigned).toEqual(assigned);
        expect(there.mdevs.size).toBe(state.mdevs.size);
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

it('the published schema of the desired state is what apledger reads (npm run docs writes it)', () => {
  expect(readFileSync(desiredSchemaUrl, 'utf8')).toBe(desiredSchemaText());
});
