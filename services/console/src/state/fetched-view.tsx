/** Views whose code is fetched when they are first shown. */
import type { FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { usePage } from './page.tsx';

/**
 * A view that shows itself once its code is there. When the code cannot be fetched it says so, and asks again: when it is told to, and by
 * itself when the service answers again.
 */
export function fetchedView(load: () => Promise<FunctionComponent>): FunctionComponent {
  let loaded: FunctionComponent | undefined;
  return function FetchedView() {
    const { session } = usePage();
    const [View, setView] = useState(() => loaded);
    const [hasFailed, setFailed] = useState(false);
    const [attempt, setAttempt] = useState(0);
    const isLive = session.link.value === 'live';
    useEffect(() => {
      if (View !== undefined) return;
      let isGone = false;
      load().then(
        (found) => {
          loaded = found;
          if (!isGone) setView(() => found);
        },
        () => {
          if (!isGone) setFailed(true);
        },
      );
      return () => {
        isGone = true;
      };
    }, [View, attempt, isLive]);
    if (View !== undefined) return <View />;
    if (!hasFailed) return <p class="empty">Fetching this view …</p>;
    return (
      <div class="notice is-bad" role="alert">
        <h2>This view could not be fetched</h2>
        <p>
          The service does not answer, or it serves another version of this page by now: then load the page
          again.
        </p>
        <button type="button" onClick={() => setAttempt(attempt + 1)}>
          Ask again
        </button>{' '}
        <button type="button" onClick={() => location.reload()}>
          Load the page again
        </button>
      </div>
    );
  };
}
