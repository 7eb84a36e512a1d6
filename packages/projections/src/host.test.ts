/** What a page does with a host: a state from a view's JSON, the facts after it, and the grid that it draws. */
import { type Fact, pack } from '@apledger/events';
import { history } from '@apledger/host/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ABSENT,
  applyFact,
  BOUND,
  CONTESTED,
  gridOf,
  HostState,
  type HostView,
  type HostViewJson,
  IN_MDEV,
  MDEV_SHIFT,
  stateOfView,
  UNBOUND,
  USABLE,
  viewOf,
  ZCRYPT_BOUND,
} from './host.ts';

function foldOnto(state: HostState, facts: readonly Fact[]): HostState {
  for (const fact of facts) {
    const bytes = pack(fact);
    const revision = state.revision + 1;
    const place = { revision, position: revision + 1, occurredAt: revision * 1000 };
    applyFact(state, { ...place, bytes, offset: 0, length: bytes.length });
  }
  return state;
}

const jsonOf = (state: HostState): unknown => JSON.parse(JSON.stringify(viewOf('zt93', state) ?? null));

/** What the view says of a cell, in the grid's words; which mdev only where one alone can be meant. */
function expected(view: HostView, apid: number, apqi: number) {
  const { exists, boundTo, assignedTo, usableIn } = view.cell(apid, apqi);
  const holders = new Set([...assignedTo, ...usableIn]);
  const [first] = usableIn.length > 0 ? usableIn : assignedTo;
  return {
    bound: exists || boundTo !== null ? (boundTo ?? 'nobody') : 'absent',
    inMdev: holders.size > 0,
    usable: usableIn.length > 0,
    mdev: first,
  };
}

function told(view: HostView, code: number): ReturnType<typeof expected> {
  const bound = code & BOUND;
  const bounds = { [ABSENT]: 'absent', [UNBOUND]: 'nobody', [ZCRYPT_BOUND]: 'zcrypt' } as const;
  return {
    bound: bounds[bound as keyof typeof bounds] ?? 'vfio_ap',
    inMdev: (code & IN_MDEV) !== 0,
    usable: (code & USABLE) !== 0,
    mdev: (code & IN_MDEV) === 0 ? undefined : view.mdevs[code >>> MDEV_SHIFT]?.mdev,
  };
}

describe('one host without a log', () => {
  it('goes on from the JSON of a view as from the state that was seen', () => {
    fc.assert(
      fc.property(history(60), fc.nat(), (facts, cut) => {
        const at = cut % (facts.length + 1);
        const seen = foldOnto(new HostState(), facts.slice(0, at));
        const json = jsonOf(seen);
        fc.pre(json !== null);
        const restored = stateOfView(json as HostViewJson);
        expect(jsonOf(restored)).toEqual(json);
        const later = facts.slice(at);
        expect(jsonOf(foldOnto(restored, later))).toEqual(jsonOf(foldOnto(seen, later)));
      }),
      { numRuns: 60 },
    );
  });

  it('draws in each of the 65,536 cells what the view says of it', () => {
    const grid = new Uint32Array(65536).fill(0xffffffff);
    fc.assert(
      fc.property(history(60), (facts) => {
        const state = foldOnto(new HostState(), facts);
        const view = viewOf('zt93', state);
        fc.pre(view !== undefined);
        gridOf(state, grid);
        for (let index = 0; index < grid.length; index += 1) {
          const code = grid[index] ?? 0;
          const right = expected(view, index >>> 8, index & 255);
          const drawn = told(view, code);
          if (JSON.stringify(drawn) !== JSON.stringify(right))
            expect({ index, ...drawn }).toEqual({ index, ...right });
          if ((code & CONTESTED) !== 0) expect(right.inMdev).toBe(true);
        }
      }),
      { numRuns: 10 },
    );
  });
});
