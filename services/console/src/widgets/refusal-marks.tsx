/** Where on the slider commands were refused. */
import { useEffect, useState } from 'preact/hooks';
import { fetchFacts } from '../api/client.ts';
import type { Session } from '../state/session.ts';

/** Refusals that are marked, at most. */
const MAX_MARKS = 1000;

export function RefusalMarks({ session }: { readonly session: Session }) {
  const [positions, setPositions] = useState<readonly number[]>([]);
  const first = session.first.value?.position;
  const last = session.last.value?.position;
  useEffect(() => {
    const asking = new AbortController();
    fetchFacts({ host: session.host, types: ['CommandRejected'], limit: MAX_MARKS }, asking.signal)
      .then(({ events }) => setPositions(events.map(({ position }) => position)))
      .catch(() => {}); // marks are a help; without them the slider is whole
    return () => asking.abort();
  }, [session]);
  const arrived = session.arrived.value
    .filter(({ type }) => type === 'CommandRejected')
    .map(({ position }) => position);
  if (first === undefined || last === undefined || last <= first)
    return <svg class="marks" aria-hidden="true" />;
  return (
    <svg class="marks" aria-hidden="true" viewBox="0 0 1000 8" preserveAspectRatio="none">
      {[...new Set([...positions, ...arrived])].map((position) => {
        const x = (1000 * (position - first)) / (last - first);
        return <line key={position} x1={x} x2={x} y1="0" y2="8" />;
      })}
    </svg>
  );
}
