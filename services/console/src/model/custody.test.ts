import type { Boundary, CustodyInterval, Holder } from '@apledger/api';
import { describe, expect, it } from 'vitest';
import { chartOf } from './custody.ts';

const at = (second: number): Boundary => ({
  position: second,
  revision: second,
  occurredAt: new Date(second * 1000).toISOString(),
  type: 'GuestStarted',
  commandId: '00000000-0000-4000-8000-000000000000',
  actor: 'anna',
});
const guest = (name: string): Holder => ({ kind: 'guest', guest: name, mdev: `${name}-mdev` });
const interval = (
  holder: Holder,
  from: number,
  until: number | null,
  resetBefore: boolean | null,
): CustodyInterval => ({
  apqn: '05.0047',
  holder,
  sharedWith: [],
  from: at(from),
  until: until === null ? null : at(until),
  resetBefore,
  reset: null,
});

describe('custody as a chart', () => {
  const report = {
    host: 'h',
    apqn: '05.0047',
    span: { from: null, to: null },
    knownSince: at(1),
    position: 40,
    wasThere: true,
    verification: { upTo: 40, facts: 40, problems: [] },
    intervals: [
      interval({ kind: 'host' }, 1, 5, null),
      interval({ kind: 'nobody' }, 5, 10, true),
      interval(guest('a'), 10, 20, true),
      interval(guest('b'), 20, 30, false),
      interval(guest('a'), 30, null, true),
    ],
  };
  const chart = chartOf(report, 40_000);

  it('has a lane for each holder in the order of their first time, nobody last', () => {
    expect(chart.lanes.map(({ label }) => label)).toEqual(['the host', 'a', 'b', 'nobody']);
  });

  it('has a bar for each time, the last one open until now', () => {
    const [, a] = chart.lanes;
    expect(a?.bars).toMatchObject([
      { from: 10_000, until: 20_000, isOpen: false },
      { from: 30_000, until: 40_000, isOpen: true },
    ]);
    expect(chart).toMatchObject({ from: 1000, until: 40_000 });
  });

  it('marks who got the queue as another left it', () => {
    const unsafe = chart.lanes.flatMap(({ label, bars }) =>
      bars.filter(({ isUnsafe }) => isUnsafe).map(() => label),
    );
    expect(unsafe).toEqual(['b']);
  });

  it('is not upset by a queue that nobody ever had', () => {
    expect(chartOf({ ...report, intervals: [] }, 40_000)).toMatchObject({ lanes: [] });
  });
});
