/** The live stream of facts, and whether it is up. */
import type { RecordedFact } from '@apledger/api';
import { type Current, followFacts } from '@apledger/client';

export type Link = 'connecting' | 'live' | 'lost';

export interface LiveOptions {
  /** Facts after this position. */
  readonly after: number;
  readonly host: string | undefined;
  readonly onFact: (fact: RecordedFact) => void;
  readonly onLink: (link: Link) => void;
  /** The service cannot read its log, and knows it up to there; undefined when it can again. */
  readonly onAway: (current: Current | undefined) => void;
}

/** Follows the stream until the returned function is called. */
export function follow({ after, host, onFact, onLink, onAway }: LiveOptions): () => void {
  const end = new AbortController();
  void listen();
  return () => end.abort();

  async function listen(): Promise<void> {
    onLink('connecting');
    const facts = followFacts({
      server: '',
      after,
      ...(host === undefined ? {} : { host }),
      signal: end.signal,
      onOpen: () => {
        onAway(undefined); // the first message says when it is away
        onLink('live');
      },
      onBreak: () => onLink('lost'),
      onAway,
    });
    try {
      for await (const delivery of facts) if ('fact' in delivery) onFact(delivery.fact);
    } catch {
      onLink('lost'); // the service does not want us: nothing will come any more
    }
  }
}
