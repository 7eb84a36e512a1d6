/** An address that names no page. */
import { usePage } from '../state/page.tsx';

export function Nowhere() {
  const { place, href } = usePage();
  return (
    <div class="notice">
      <h1>There is no such page</h1>
      <p>
        <code>{decodedPath()}</code> is none of this ledger’s addresses.
      </p>
      <p>
        <a href={href({ host: undefined, view: 'hosts' })}>All hosts</a>
        {place.host !== undefined && (
          <>
            {' · '}
            <a href={href({ view: 'matrix' })}>The matrix of {place.host}</a>
          </>
        )}
      </p>
    </div>
  );
}

function decodedPath(): string {
  try {
    return decodeURI(location.pathname);
  } catch {
    return location.pathname;
  }
}
