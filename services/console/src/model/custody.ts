/** A queue's custody as lanes of a chart: one for each holder, one bar for each time it held the queue. */
import type { Boundary, CustodyInterval, CustodyReport, Holder } from '@apledger/api';

export interface Bar {
  readonly interval: CustodyInterval;
  /** Milliseconds since 1970 UTC. */
  readonly from: number;
  readonly until: number;
  /** The same as places in `CustodyChart.moments`. */
  readonly fromPlace: number;
  readonly untilPlace: number;
  /** It goes on beyond the chart. */
  readonly isOpen: boolean;
  /** The queue came from another guest or the host without a reset in between: what was in it may have come along. */
  readonly isUnsafe: boolean;
}

export interface Lane {
  readonly key: string;
  readonly label: string;
  readonly holder: Holder;
  readonly bars: readonly Bar[];
}

export interface CustodyChart {
  readonly from: number;
  readonly until: number;
  readonly lanes: readonly Lane[];
  /** Everything that changed who could use it, in order, and the end of the chart: years of quiet count no more than a busy second. */
  readonly moments: readonly number[];
}

const keyOf = (holder: Holder): string =>
  holder.kind === 'guest' ? `guest ${holder.guest ?? ''} ${holder.mdev}` : holder.kind;

/** `guest1`, `the host`, `nobody`. */
export function holderName(holder: Holder): string {
  if (holder.kind === 'guest') return holder.guest ?? `mdev ${holder.mdev.slice(0, 8)}`;
  return holder.kind === 'host' ? 'the host' : 'nobody';
}

/** The report as lanes, in the order in which the holders first had the queue, nobody last; up to `now`, milliseconds. */
export function chartOf({ intervals }: CustodyReport, now: number): CustodyChart {
  let from = now;
  for (const each of intervals)
    if (each.from !== null) from = Math.min(from, Date.parse(each.from.occurredAt));
  const positions = [...new Set(intervals.map((each) => each.from?.position ?? 0))].sort((a, b) => a - b);
  const places = new Map(positions.map((position, place) => [position, place]));
  const placeOf = (boundary: Boundary | null, otherwise: number): number =>
    boundary === null ? otherwise : (places.get(boundary.position) ?? -1);
  const lanes = new Map<string, Lane & { readonly bars: Bar[] }>();
  for (const interval of intervals) {
    const { holder } = interval;
    const key = keyOf(holder);
    const lane = lanes.get(key) ?? { key, label: holderName(holder), holder, bars: [] };
    lanes.set(key, lane);
    lane.bars.push({
      interval,
      from: interval.from === null ? from : Date.parse(interval.from.occurredAt),
      until: interval.until === null ? now : Date.parse(interval.until.occurredAt),
      fromPlace: placeOf(interval.from, 0),
      untilPlace: placeOf(interval.until, positions.length),
      isOpen: interval.until === null,
      isUnsafe: interval.resetBefore === false && holder.kind !== 'nobody',
    });
  }
  const sorted = [...lanes.values()].sort(
    (a, b) => Number(a.holder.kind === 'nobody') - Number(b.holder.kind === 'nobody'),
  );
  const until = Math.max(now, from + 1);
  const times = new Map(
    intervals.map((each) => [
      each.from?.position ?? 0,
      each.from === null ? from : Date.parse(each.from.occurredAt),
    ]),
  );
  return {
    from,
    until,
    lanes: sorted,
    moments: [...positions.map((position) => times.get(position) ?? from), until],
  };
}
