/** Where on the slider commands were refused: all of them, however many, in as many places as can be told apart. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { fetchFacts } from '../api/client.ts';
import type { Stamp } from '../model/moment.ts';
import { type AxisKind, type AxisSpan, isWithin, placeOf } from '../model/time-axis.ts';
import { type Session, stampOf } from '../state/session.ts';

/** Refusals in one answer. */
const PAGE = 1000;
/** Places on the slider that can be told apart. */
const PLACES = 1000;

export interface RefusalMarksProps {
  readonly session: Session;
  readonly kind: AxisKind;
  /** What of the axis is shown. */
  readonly span: AxisSpan;
}

export function RefusalMarks({ session, kind, span }: RefusalMarksProps) {
  const refusals = useRefusals(session);
  if (span.to <= span.from) return <svg class="marks" aria-hidden="true" />;
  const places = new Set(
    refusals
      .map((stamp) => placeOf(kind, stamp))
      .filter((place) => isWithin(span, place))
      .map((place) => Math.round((PLACES * (place - span.from)) / (span.to - span.from))),
  );
  return (
    <svg class="marks" aria-hidden="true" viewBox={`0 0 ${PLACES} 8`} preserveAspectRatio="none">
      {[...places].map((x) => (
        <line key={x} x1={x} x2={x} y1="0" y2="8" />
      ))}
    </svg>
  );
}

/** All refusals; what has been found is shown while the service is asked on, and asked on when the log grows. */
function useRefusals(session: Session): readonly Stamp[] {
  const [refusals, setRefusals] = useState<readonly Stamp[]>([]);
  const reading = useRef<Reading | undefined>(undefined);
  const last = session.last.value?.position;
  useEffect(() => {
    const started = new Reading(session.host, (found) => setRefusals((before) => [...before, ...found]));
    reading.current = started;
    setRefusals([]);
    return () => started.stop();
  }, [session]);
  useEffect(() => {
    if (last !== undefined) void reading.current?.upTo(last);
  }, [session, last]);
  return refusals;
}

/** Reads where refusals lie page by page, once each. */
class Reading {
  readonly #host: string | undefined;
  readonly #onFound: (refusals: readonly Stamp[]) => void;
  readonly #end = new AbortController();
  #isRunning = false;
  #after = 0;
  #last = 0;

  constructor(host: string | undefined, onFound: (refusals: readonly Stamp[]) => void) {
    this.#host = host;
    this.#onFound = onFound;
  }

  /** Marks are a help: when they cannot be read, the slider is whole without them, and the next fact asks again. */
  async upTo(last: number): Promise<void> {
    this.#last = Math.max(this.#last, last);
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#after < this.#last && !this.#end.signal.aborted) await this.#page();
    } catch {
      // As said above.
    } finally {
      this.#isRunning = false;
    }
  }

  stop(): void {
    this.#end.abort();
  }

  async #page(): Promise<void> {
    const { signal } = this.#end;
    const last = this.#last;
    const page = await fetchFacts(
      { host: this.#host, types: ['CommandRejected'], after: this.#after, limit: PAGE },
      signal,
    );
    if (signal.aborted) return;
    // Up to here everything was looked at: at the end of the log, also facts of other hosts.
    this.#after = page.isEnd ? Math.max(page.after, last) : page.after;
    if (page.events.length > 0) this.#onFound(page.events.map(stampOf));
  }
}
