/** Moving through time: going to a moment, stepping from fact to fact, playing. The address follows. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { fetchFacts, fetchHost } from '../api/client.ts';
import { atPosition, formatMoment, type Moment } from '../model/moment.ts';
import { PACES } from '../model/playback.ts';
import { inspectPlayer } from './inspector.ts';
import { usePage } from './page.tsx';
import { Player } from './player.ts';
import type { Session } from './session.ts';

/** The address follows the slider when it rests. */
const REST_MS = 250;
const DEFAULT_PACE = '10f';

export interface Transport {
  readonly paceId: string;
  /** Milliseconds until the next fact, when that is long. */
  readonly quiet: Signal<number | undefined>;
  setPace(id: string): void;
  /** Goes there; the browser's way back leads to where one was before. */
  go(moment: Moment): Promise<void>;
  /** Goes there at once, and remembers it once the hand rests. However far one drags or steps, the way back is one step. */
  drag(moment: Moment): void;
  step(by: 1 | -1): Promise<void>;
  /** Plays, or stops playing. */
  toggle(): Promise<void>;
  /** Leaves the quiet before the next fact out. */
  skip(): void;
}

export function useTransport(): Transport {
  const { session, select } = usePage();
  const player = useRef<Player | undefined>(undefined);
  /** The address that the last drag or step has written. */
  const moved = useRef<string | undefined>(undefined);
  const settling = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [paceId, setPaceId] = useState(DEFAULT_PACE);
  const quiet = useSignal<number | undefined>(undefined);
  useEffect(
    () => () => {
      clearTimeout(settling.current);
      player.current?.stop();
    },
    [session],
  );
  const paceOf = (id: string) =>
    PACES.find((choice) => choice.id === id)?.pace ?? { by: 'facts', perSecond: 10 };
  const settle = (moment: Moment, isMove = false): void => {
    clearTimeout(settling.current);
    select({ at: formatMoment(moment) }, { asStep: !isMove || moved.current !== addressHere() });
    moved.current = isMove ? addressHere() : undefined;
  };
  const goTo = async (moment: Moment, isMove: boolean): Promise<void> => {
    player.current?.stop();
    await session.lookAt(moment);
    settle(moment, isMove);
  };
  return {
    paceId,
    quiet,
    setPace: (id) => {
      setPaceId(id);
      if (player.current !== undefined) player.current.pace = paceOf(id);
    },
    go: (moment) => goTo(moment, false),
    drag: (moment) => {
      player.current?.stop();
      void session.lookAt(moment);
      clearTimeout(settling.current);
      settling.current = setTimeout(() => settle(moment, true), REST_MS);
    },
    step: async (by) => {
      const to = await neighbour(session, by);
      if (to !== undefined) await goTo(to, true);
    },
    toggle: async () => {
      if (player.current !== undefined) {
        player.current.stop();
        return;
      }
      // From the end there is nothing to play: from the beginning, then.
      const first = session.first.peek();
      const isAtEnd = (session.shown.peek()?.position ?? 0) >= (session.last.peek()?.position ?? 0);
      if (first !== undefined && isAtEnd) await session.lookAt(atPosition(first.position));
      const started = new Player(session, paceOf(paceId), (here) => {
        player.current = undefined;
        settle(here, true);
      });
      started.quiet.subscribe((wait) => {
        quiet.value = wait;
      });
      player.current = started;
      inspectPlayer(started);
    },
    skip: () => player.current?.skip(),
  };
}

const addressHere = (): string => location.pathname + location.search;

/** The moment of the fact after or before the one that is shown, of the session's host when it has one. */
async function neighbour(session: Session, by: 1 | -1): Promise<Moment | undefined> {
  const { host } = session;
  const position = session.shown.peek()?.position ?? 0;
  if (by === 1) {
    const { events } = await fetchFacts({ after: position, limit: 1, host });
    return events[0] && atPosition(events[0].position);
  }
  const first = session.first.peek()?.position ?? 0;
  if (position <= first) return undefined;
  if (host === undefined) return atPosition(position - 1);
  const view = await fetchHost(host, atPosition(position - 1));
  return atPosition(view?.position ?? first);
}
