/** The facts that lead up to where the page stands, newest first, as many as are asked for. */

import type { RecordedFact } from '@apledger/api';
import { useEffect, useState } from 'preact/hooks';
import { fetchFacts } from '../api/client.ts';
import type { FactGroup } from '../model/fact-groups.ts';
import { usePage } from './page.tsx';
import { useAsked } from './use-asked.ts';

/** Facts shown at first, and more each time. */
const STEP = 100;
const PAGE = 1000;
/** Pages read at most for one answer: rare facts may lie far back. */
const MAX_PAGES = 20;

/**
 * The log is read forwards only; so windows before the position are read, each twice as wide as the one nearer to it, until there are
 * enough facts or the beginning is reached.
 */
async function factsBefore(
  position: number,
  want: number,
  group: FactGroup,
  host: string | undefined,
  first: number,
  signal: AbortSignal,
): Promise<{ facts: RecordedFact[]; isAll: boolean }> {
  let found: RecordedFact[] = [];
  let upTo = position;
  let width = want;
  for (let page = 0; page < MAX_PAGES && found.length < want && upTo >= first; page++) {
    const from = Math.max(first - 1, upTo - width);
    found = [...(await factsBetween(from, upTo, group, host, signal)), ...found];
    upTo = from;
    width = Math.min(2 * width, 64 * PAGE);
  }
  return { facts: found.slice(-want).reverse(), isAll: upTo < first && found.length <= want };
}

/** Facts after `after` up to and including `upTo`. */
async function factsBetween(
  after: number,
  upTo: number,
  { types }: FactGroup,
  host: string | undefined,
  signal: AbortSignal,
): Promise<RecordedFact[]> {
  const found: RecordedFact[] = [];
  let from = after;
  for (;;) {
    const page = await fetchFacts(
      { after: from, limit: PAGE, host, ...(types === undefined ? {} : { types }) },
      signal,
    );
    found.push(...page.events.filter(({ position }) => position <= upTo));
    if (page.isEnd || page.after >= upTo || page.after <= from) return found;
    from = page.after;
  }
}

export function useFacts(group: FactGroup) {
  const { session } = usePage();
  const [want, setWant] = useState(STEP);
  const position = session.calm.value?.position;
  const first = session.first.value?.position;
  useEffect(() => setWant(STEP), [group.id, session]);
  const { answer, problem, isAsking } = useAsked(
    (signal) =>
      position === undefined || first === undefined
        ? undefined
        : factsBefore(position, want, group, session.host, first, signal),
    [session, position, first, want, group.id],
  );
  return {
    facts: answer?.facts ?? [],
    isAll: answer?.isAll ?? false,
    problem,
    isAsking,
    more: () => setWant(want + STEP),
  };
}
