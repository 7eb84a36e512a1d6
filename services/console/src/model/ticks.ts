/** The labels of an axis: at round places, as many as have room, none over another and none beyond the ends. */
import { ticks } from 'd3-array';
import { timeTicks, utcTicks } from 'd3-time';
import { formatCount } from './count.ts';
import { formatClock, formatDay, shownZone } from './moment.ts';
import type { AxisSpan } from './time-axis.ts';

interface Tick {
  /** Where on the axis. */
  readonly at: number;
  readonly words: string;
}

/** An axis on the page; lengths are CSS pixels. */
interface AxisRoom {
  readonly width: number;
  /** How far a label may reach beyond either end. */
  readonly rim: number;
}

/** Of a digit in the 11 px in which axes are written, a little more than it takes; and the least between two labels. */
const DIGIT = 6.4;
const GAP = 10;
const MOST = 12;

/** Labels by the clock, all as exact as they must be to differ; the first one says its day, too. */
export const labelsOfTimes = (span: AxisSpan, room: AxisRoom): readonly Tick[] => {
  const timesOf = shownZone.value === 'UTC' ? utcTicks : timeTicks;
  return fitting(span, room, (most) =>
    wordsOfTimes(timesOf(new Date(span.from), new Date(span.to), most).map((time) => time.getTime())),
  );
};

/** Labels by position. */
export const labelsOfPositions = (span: AxisSpan, room: AxisRoom): readonly Tick[] =>
  fitting(span, room, (most) =>
    ticks(span.from, span.to, most)
      .filter(Number.isInteger)
      .map((at) => ({ at, words: formatCount(at), whole: formatCount(at) })),
  );

/** A round place. `whole` are the words of the first label. */
interface Round extends Tick {
  readonly whole: string;
}

/** The most labels of which none runs into another; those that would leave the axis are left out. */
function fitting(
  { from, to }: AxisSpan,
  { width, rim }: AxisRoom,
  roundPlaces: (most: number) => readonly Round[],
): readonly Tick[] {
  if (to <= from || width <= 0) return [];
  const left = ({ at, words }: Tick): number =>
    (width * (at - from)) / (to - from) - (words.length * DIGIT) / 2;
  const right = (label: Tick): number => left(label) + label.words.length * DIGIT;
  for (let most = Math.min(MOST, Math.floor(width / 40)); most > 0; most--) {
    const shown: Tick[] = [];
    for (const { at, words, whole } of roundPlaces(most)) {
      const label = { at, words: shown.length === 0 ? whole : words };
      if (left(label) >= -rim && right(label) <= width + rim) shown.push(label);
    }
    if (shown.every((label, i) => i === 0 || left(label) >= right(shown[i - 1] ?? label) + GAP)) return shown;
  }
  return [];
}

const MIDNIGHT = '00:00:00.000';

function wordsOfTimes(times: readonly number[]): readonly Round[] {
  const clocks = times.map(formatClock);
  const length = Math.max(...clocks.filter((clock) => clock !== MIDNIGHT).map(lengthOf));
  return times.map((at, i) => {
    const clock = clocks[i] ?? '';
    const day = formatDay(at).slice(4, 10);
    const words =
      clock !== MIDNIGHT ? clock.slice(0, length) : day === '01 Jan' ? formatDay(at).slice(11) : day;
    return { at, words, whole: clock === MIDNIGHT ? words : `${day} ${words}` };
  });
}

/** How much of a clock says all: `09:14`, `09:14:02`, `09:14:02.5`. */
const lengthOf = (clock: string): number => clock.replace(/(?::00)?\.000$|0+$/, '').length;
