/** The facts that lead up to where the page stands, newest first, as many as are asked for. The service finds them. */

import type { RecordedFact, Reply } from '@apledger/api';
import { useEffect, useState } from 'preact/hooks';
import { type FactsQuery, fetchFacts } from '../api/client.ts';
import type { FactGroup } from '../model/fact-groups.ts';
import type { FactFilters } from '../model/find.ts';
import { usePage } from './page.tsx';
import { useAsked } from './use-asked.ts';

/** Facts shown at first, and more each time. */
const STEP = 100;
const PAGE = 1000;

/** A guest's name by the position of a fact and an mdev that it names. */
type GuestsThen = Reply<'events'>['guests'];

interface Found {
  readonly facts: readonly RecordedFact[];
  readonly guests: GuestsThen;
  /** The log has no more of them. */
  readonly isAll: boolean;
}

/**
 * The newest facts at or before a position, at least `want` unless the log has no more. The service looks at so many facts for one
 * answer, and is asked on until it has come to the beginning.
 */
export async function newestFacts(
  {
    position,
    want,
    last,
    ...query
  }: FactsQuery & {
    readonly position: number;
    readonly want: number;
    /** The last position that is known of the log. */
    readonly last: number;
  },
  signal: AbortSignal,
): Promise<Found> {
  const facts: RecordedFact[] = [];
  const guests: Record<string, Readonly<Record<string, string>>> = {};
  let after = position < last ? position + 1 : undefined;
  for (;;) {
    const limit = Math.min(PAGE, want - facts.length);
    const until = String(position);
    const page = await fetchFacts(
      { ...query, order: 'newest', until, limit, ...(after === undefined ? {} : { after }) },
      signal,
    );
    facts.push(...page.events);
    Object.assign(guests, page.guests);
    if (page.isEnd || facts.length >= want) return { facts, guests, isAll: page.isEnd };
    after = page.after;
  }
}

export function useFacts(group: FactGroup, filters: FactFilters) {
  const { session } = usePage();
  const [want, setWant] = useState(STEP);
  const position = session.settled.value?.position;
  const asked = JSON.stringify(filters);
  useEffect(() => setWant(STEP), [group.id, asked, session]);
  const { answer, problem, isAsking } = useAsked(
    (signal) => {
      if (position === undefined) return undefined;
      const { types } = group;
      const last = session.last.peek()?.position ?? position;
      const query = { host: session.host, ...filters, ...(types === undefined ? {} : { types }) };
      return newestFacts({ ...query, position, want, last }, signal);
    },
    [session, position, want, group.id, asked],
  );
  return {
    facts: answer?.facts ?? [],
    guests: answer?.guests ?? {},
    isAll: answer?.isAll ?? false,
    problem,
    isAsking,
    more: () => setWant(want + STEP),
  };
}
