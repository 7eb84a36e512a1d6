/** All hosts at a glance, as of the moment: what each looks like, who has how much of it, and when something happened there. */

import type { HostHead, HostView as HostViewJson } from '@apledger/api';
import { useEffect, useRef, useState } from 'preact/hooks';
import { fetchHost, fetchHosts } from '../api/client.ts';
import { formatCount } from '../model/count.ts';
import { atPosition, formatDuration, formatTime, type Moment, NOW } from '../model/moment.ts';
import { usePage } from '../state/page.tsx';
import { useAsked } from '../state/use-asked.ts';
import { useSettled } from '../state/use-settled.ts';
import { Problem } from '../widgets/problem.tsx';
import { Shares } from '../widgets/shares.tsx';
import { Thumbnail } from '../widgets/thumbnail.tsx';

/** Hosts asked for at once. */
const PAGE = 200;
/** How long the typing has to rest before the service is asked. */
const REST_MS = 250;

export function HostsView() {
  const { session, place, select } = usePage();
  const settled = session.settled.value;
  const isNow = session.moment.value.kind === 'now' && !session.isPlaying.value;
  const moment: Moment = isNow || settled === undefined ? NOW : atPosition(settled.position);
  const find = place.selection.find ?? '';
  const asked = useSettled(find.trim(), REST_MS);
  const { hosts, hasMore, more, isAsking, problem } = useHosts(moment, settled?.position, asked);
  const isLooking = isAsking || asked !== find.trim();
  return (
    <section class="panel hosts-view" aria-labelledby="hosts-title">
      <header class="panel-head">
        <h1 id="hosts-title">Hosts</h1>
        <p class="facts-line">
          {formatCount(hosts.length)}
          {hasMore ? ' and more' : ''}
        </p>
        <div class="tools">
          <input
            type="search"
            aria-label="Find a host"
            placeholder="Find a host"
            value={find}
            onInput={({ currentTarget }) => select({ find: currentTarget.value })}
          />
        </div>
      </header>
      {hosts.length === 0 ? (
        <div class="empty">
          {isLooking ? (
            <p>Asking for the hosts …</p>
          ) : problem !== undefined ? (
            <Problem words={problem} />
          ) : asked !== '' ? (
            <p>No host is called like that.</p>
          ) : (
            <>
              <h2>No host yet</h2>
              <p>The log is empty at this moment. On the ledger’s machine, with its data directory:</p>
              <pre>npx apledger run examples/01-three-guests.sh --data DIRECTORY</pre>
            </>
          )}
        </div>
      ) : (
        <ul class="host-list">
          {hosts.map((head) => (
            <HostRow key={head.host} head={head} now={settled?.occurredAt} isNow={isNow} />
          ))}
          {hasMore && (
            <li>
              <button type="button" class="more" onClick={more}>
                More hosts
              </button>
            </li>
          )}
        </ul>
      )}
    </section>
  );
}

/** The hosts as of the moment, page by page; asked for again when the log goes on. */
function useHosts(moment: Moment, version: number | undefined, find: string) {
  const [pages, setPages] = useState(1);
  useEffect(() => setPages(1), [find]);
  const { answer, isAsking, problem } = useAsked(
    async (signal) => {
      const hosts: HostHead[] = [];
      let after: string | null = '';
      for (let page = 0; page < pages && after !== null; page++) {
        const found: Awaited<ReturnType<typeof fetchHosts>> = await fetchHosts(
          moment,
          { ...(after === '' ? {} : { after }), ...(find === '' ? {} : { find }), limit: PAGE },
          signal,
        );
        hosts.push(...found.hosts);
        after = found.next;
      }
      return { hosts, hasMore: after !== null };
    },
    [version, moment.kind, pages, find],
  );
  return {
    hosts: answer?.hosts ?? [],
    hasMore: answer?.hasMore ?? false,
    isAsking,
    problem,
    more: () => setPages(pages + 1),
  };
}

function HostRow({
  head,
  now,
  isNow,
}: {
  readonly head: HostHead;
  readonly now: number | undefined;
  readonly isNow: boolean;
}) {
  const { href } = usePage();
  const element = useRef<HTMLAnchorElement>(null);
  const isSeen = useSeen(element);
  const { answer: view } = useAsked<HostViewJson | undefined>(
    (signal) => (isSeen ? fetchHost(head.host, atPosition(head.position), signal) : undefined),
    [head.host, head.revision, isSeen],
  );
  const at = Date.parse(head.occurredAt);
  const reference = isNow ? Date.now() : (now ?? at);
  return (
    <li>
      <a class="host-row" ref={element} href={href({ host: head.host, view: 'matrix' })}>
        <Thumbnail view={view} />
        <span class="host-what">
          <strong>{head.host}</strong>
          <span class="sub">
            {view === undefined
              ? '\u00a0'
              : `${view.adapters.length} × ${view.domains.length} queues · ${guests(view)} · driver ${view.driver}`}
          </span>
        </span>
        <Shares view={view} />
        <span class="host-when">
          <time dateTime={head.occurredAt} title={formatTime(at)}>
            {formatDuration(Math.max(0, reference - at))} ago
          </time>
          <span class="sub">{formatCount(head.revision + 1)} facts</span>
        </span>
      </a>
    </li>
  );
}

function guests({ mdevs }: HostViewJson): string {
  const running = mdevs.filter(({ open }) => open).length;
  if (mdevs.length === 0) return 'no guests';
  const plural = mdevs.length === 1 ? 'guest' : 'guests';
  return running === mdevs.length
    ? `${running} ${plural}`
    : `${running} of ${mdevs.length} ${plural} running`;
}

/** True from when the element was first seen: what nobody scrolls to is not fetched. */
function useSeen(element: { readonly current: Element | null }): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const target = element.current;
    if (target === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        setSeen(true);
        observer.disconnect();
      },
      { rootMargin: '200px' },
    );
    observer.observe(target);
    return () => observer.disconnect();
  }, []);
  return isSeen;
}
