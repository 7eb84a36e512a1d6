/** The slider over the facts. */
import { atPosition, formatClock, formatDay, type Moment, NOW } from '../model/moment.ts';
import { usePage } from '../state/page.tsx';

export interface PositionSliderProps {
  readonly isNow: boolean;
  readonly drag: (moment: Moment) => void;
  readonly step: (by: 1 | -1) => Promise<void>;
}

const STEPS: ReadonlyMap<string, 1 | -1> = new Map([
  ['ArrowLeft', -1],
  ['ArrowDown', -1],
  ['ArrowRight', 1],
  ['ArrowUp', 1],
]);

export function PositionSlider({ isNow, drag, step }: PositionSliderProps) {
  const { session } = usePage();
  const shown = session.settled.value;
  const from = session.first.value?.position ?? 0;
  const to = session.last.value?.position ?? 0;
  const position = shown?.position ?? from;
  const done = to > from ? Math.min(100, (100 * (position - from)) / (to - from)) : 100;
  const words =
    shown === undefined
      ? 'no fact yet'
      : `position ${shown.position}, ${formatDay(shown.occurredAt)} ${formatClock(shown.occurredAt)} UTC`;
  return (
    <input
      type="range"
      aria-label="Position in the log"
      aria-valuetext={isNow ? `${words}, now` : words}
      min={from}
      max={to}
      value={position}
      disabled={session.first.value === undefined}
      style={{ '--done': `${done}%` }}
      onInput={({ currentTarget }) => {
        const wanted = Number(currentTarget.value);
        drag(wanted >= to ? NOW : atPosition(wanted));
      }}
      onKeyDown={(event) => {
        const by = STEPS.get(event.key);
        if (by === undefined) return;
        event.preventDefault();
        void step(by); // to the next fact, which may be many positions away
      }}
    />
  );
}
