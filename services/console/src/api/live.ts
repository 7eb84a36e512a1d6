/** The live stream of facts: one `EventSource`, which reconnects by itself and resumes after the last fact that came. */
import { streamUrl } from './client.ts';
import type { RecordedFact } from './shapes.ts';

export type Link = 'connecting' | 'live' | 'lost';

export interface LiveOptions {
  /** Facts after this position. */
  readonly after: number;
  readonly host: string | undefined;
  readonly onFact: (fact: RecordedFact) => void;
  readonly onLink: (link: Link) => void;
}

/** How long to wait before asking again after the browser gave up. */
const RETRY_MS = 2000;

/** Follows the stream until the returned function is called. */
export function follow({ after, host, onFact, onLink }: LiveOptions): () => void {
  let position = after;
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const open = (): void => {
    source = new EventSource(streamUrl(position, host));
    source.addEventListener('fact', ({ data }: MessageEvent<string>) => {
      const fact = JSON.parse(data) as RecordedFact;
      position = fact.position;
      onFact(fact);
    });
    source.addEventListener('caught-up', () => onLink('live'));
    source.addEventListener('error', () => {
      onLink('lost');
      // The browser tries again by itself unless it was turned away: a proxy's 502, a service that is starting.
      if (source?.readyState !== EventSource.CLOSED) return;
      clearTimeout(retry);
      retry = setTimeout(open, RETRY_MS);
    });
  };
  onLink('connecting');
  open();
  return () => {
    clearTimeout(retry);
    source?.close();
  };
}
