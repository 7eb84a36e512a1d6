/** Ways back from half a plan, on a host that others have changed since: each bit by itself, told by a table of what it was. */
import { idsOf, type Mask256 } from '@apledger/ap';
import { type Command, GENERATION_NAMES } from '@apledger/events';
import { type HostState, isOpen } from '@apledger/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBack } from './back.ts';
import { workThrough } from './document.ts';
import { planFile } from './planned.ts';
import { carryOut, desiredOf, hostWith, layout, MDEVS } from './test-support.ts';

const NUM_RUNS = process.env.APLEDGER_LONG === '1' ? 1000 : 40;
const EVERYTHING = Object.fromEntries(['g1', 'g2', 'g3', 'g4'].map((guest) => [guest, ['*']]));
const AXES = ['adapters', 'domains', 'controlDomains'] as const;

const assignment = fc.record({
  type: fc.constantFrom(
    ...(['AssignAdapter', 'AssignDomain', 'AssignControlDomain'] as const),
    ...(['UnassignAdapter', 'UnassignDomain', 'UnassignControlDomain'] as const),
  ),
  mdev: fc.constantFrom(...MDEVS),
  text: fc.nat(7).map(String),
});
const stop = fc.record({ type: fc.constant('StopGuest' as const), mdev: fc.constantFrom(...MDEVS) });
const others: fc.Arbitrary<readonly Command[]> = fc.array(fc.oneof(assignment, stop), { maxLength: 6 });

/** Every bit of the host, and who has each mdev open, by name. */
function table(state: HostState): ReadonlyMap<string, string> {
  const rows = new Map<string, string>();
  const put = (name: string, mask: Mask256): void => {
    for (let id = 0; id < 256; id++) rows.set(`${name} ${id}`, '0');
    for (const id of idsOf(mask)) rows.set(`${name} ${id}`, '1');
  };
  put('apmask', state.apmask);
  put('aqmask', state.aqmask);
  for (const mdev of state.mdevs.values()) {
    for (const axis of AXES) put(`${mdev.uuid} ${axis}`, mdev.assigned[axis]);
    rows.set(`${mdev.uuid} guest`, isOpen(mdev) ? `${mdev.guest}` : '');
  }
  return rows;
}

/** What the change has touched is as it was, unless others have touched it since; and all the rest as it is. */
function expected(was: HostState, then: HostState, now: HostState): ReadonlyMap<string, string> {
  const [before, after, is] = [table(was), table(then), table(now)];
  return new Map(
    [...is].map(([name, value]) => [name, value === after.get(name) ? (before.get(name) ?? value) : value]),
  );
}

describe.each(GENERATION_NAMES)('a way back on %s', (driver) => {
  it('undoes the steps that were carried out, and nothing of what others have done', () => {
    let planned = 0;
    fc.assert(
      fc.property(layout, layout, fc.nat(), others, (now, want, nth, foreign) => {
        const base = hostWith(driver, now);
        const { plan } = planFile(base, desiredOf(want, { mayLose: EVERYTHING, handover: 'allow' }));
        if (plan === null) return;
        const done = nth % (plan.steps.length + 1);
        const state = base.fork();
        expect(workThrough(state, plan.steps.slice(0, done))).toBeUndefined();
        const then = state.fork();
        for (const command of foreign) carryOut(state, command);
        const wanted = expected(base, then, state);
        const steps = new Set(Array.from({ length: done }, (_, index) => index + 1));
        const back = planBack(state, [{ plan, base, steps }], plan.purpose);
        if ('obstacle' in back) {
          // Others may have by now what the change took from somebody.
          expect(foreign).not.toEqual([]);
          return;
        }
        planned++;
        expect(workThrough(state, back.plan.steps)).toBeUndefined();
        expect(table(state)).toEqual(wanted);
      }),
      { numRuns: NUM_RUNS },
    );
    expect(planned).toBeGreaterThan(NUM_RUNS / 4);
  });
});
