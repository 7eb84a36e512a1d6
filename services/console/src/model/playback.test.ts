import { pack } from '@apledger/events';
import { applyFact, HostState, viewOf } from '@apledger/projections/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FactQueue, pageOf } from './pages.ts';
import { type Pace, Playhead } from './playback.ts';

const ahead = (times: readonly number[]) => ({ length: times.length, timeAt: (i: number) => times[i] ?? 0 });

/** Plays `times` in frames of `frame` ms; for each frame how many facts were due. */
function play(pace: Pace, times: readonly number[], frame: number, frames: number): number[] {
  const head = new Playhead(pace, 0);
  let left = times;
  return Array.from({ length: frames }, () => {
    const due = head.advance(frame, ahead(left));
    left = left.slice(due);
    return due;
  });
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
const times = fc
  .array(fc.nat({ max: 500 }), { maxLength: 200 })
  .map((gaps) => gaps.map((_, i) => sum(gaps.slice(0, i + 1))));

describe('the playhead', () => {
  it('by facts: so many a second, whatever the frames are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 4, max: 100 }), (perSecond, frame) => {
        const frames = Math.ceil(3000 / frame);
        const due = sum(play({ by: 'facts', perSecond }, new Array<number>(20_000).fill(0), frame, frames));
        const expected = (perSecond * frame * frames) / 1000;
        expect(Math.abs(due - expected)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('by time: a fact is due when its time has come, so many times as fast, and not before', () => {
    fc.assert(
      fc.property(
        times,
        fc.constantFrom(1, 10, 1000),
        fc.integer({ min: 4, max: 100 }),
        (when, factor, frame) => {
          let passed = 0;
          let seen = 0;
          for (const due of play({ by: 'time', factor }, when, frame, 40)) {
            const isLeft = seen < when.length;
            if (isLeft) passed += frame * factor;
            seen += due;
            if (isLeft) expect(seen).toBe(when.filter((time) => time <= passed).length);
          }
        },
      ),
    );
  });

  it('does not run after what was not fetched, nor after a page that was hidden', () => {
    const head = new Playhead({ by: 'facts', perSecond: 1000 }, 0);
    expect(head.advance(100, ahead([]))).toBe(0);
    expect(head.advance(10, ahead(new Array<number>(500).fill(0)))).toBe(10);
    expect(head.advance(60_000, ahead(new Array<number>(500).fill(0)))).toBe(250);
  });

  it('says how long the quiet is, and leaves it out when told to', () => {
    const head = new Playhead({ by: 'time', factor: 10 }, 1000);
    expect(head.wait(ahead([61_000]))).toBe(6000);
    head.skip(ahead([61_000]));
    expect(head.advance(0, ahead([61_000, 61_001]))).toBe(1);
  });
});

describe('pages of facts', () => {
  it('give every fact once, in order, with its own bytes', () => {
    const registered = {
      type: 'HostRegistered' as const,
      data: {
        host: 'h',
        driver: '7.3' as const,
        hardware: {
          qci: true,
          apxa: true,
          maxAdapter: 255,
          maxDomain: 255,
          adapters: [],
          domains: [],
          controlDomains: [],
          cards: [],
        },
        apmask: `0x${'f'.repeat(64)}`,
        aqmask: `0x${'f'.repeat(64)}`,
        bootParameters: { apmask: null, aqmask: null },
      },
    };
    const detected = (adapter: number) => ({
      type: 'CardDetected' as const,
      data: { adapter, type: 14, mode: 'C' as const, functions: 0, configured: true, checkStopped: false },
    });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 }), (sizes) => {
        const facts = [registered, ...Array.from({ length: sum(sizes) }, (_, i) => detected(i))];
        const queue = new FactQueue();
        let from = 0;
        for (const size of [...sizes, 1]) {
          const part = facts.slice(from, from + size);
          const at = (i: number) => ({
            position: 10 * (from + i),
            revision: from + i,
            occurredAt: new Date(from + i).toISOString(),
          });
          queue.push(
            pageOf(
              part.map((_, i) => at(i)),
              (i) => pack(part[i] ?? registered),
            ),
          );
          from += size;
        }
        const state = new HostState();
        for (let i = 0; queue.length > 0; i++) {
          expect(queue.timeAt(0)).toBe(i);
          expect(queue.timeAt(queue.length - 1)).toBe(facts.length - 1);
          applyFact(state, queue.take());
        }
        expect(state.position).toBe(10 * (facts.length - 1));
        expect(viewOf('h', state)?.adapters).toEqual(Array.from({ length: sum(sizes) }, (_, i) => i));
        expect(() => queue.take()).toThrow(RangeError);
      }),
    );
  });
});
