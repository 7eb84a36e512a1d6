/** Where one is, where one can go, and whether the page is alive. */
import type { HostView } from '../model/address.ts';
import { usePage } from '../state/page.tsx';
import { appliedTheme, switchTheme } from '../state/theme.ts';
import { Account } from './account.tsx';
import { SealState } from './evidence.tsx';

const VIEWS: readonly (readonly [HostView, string])[] = [
  ['matrix', 'Matrix'],
  ['guests', 'Guests'],
  ['facts', 'Facts'],
  ['custody', 'Custody'],
  ['what-if', 'What if'],
];

export function TopBar() {
  const { place, href } = usePage();
  const links =
    place.host === undefined
      ? ([
          ['hosts', 'Hosts'],
          ['facts', 'Facts'],
        ] as const)
      : VIEWS;
  return (
    <header class="top-bar">
      <div class="where">
        <a class="brand" href={href({ host: undefined, view: 'hosts' })}>
          <Logo />
          <span>apledger</span>
        </a>
        {place.host !== undefined && (
          <>
            <span class="slash" aria-hidden="true">
              /
            </span>
            <span class="host-name">{place.host}</span>
          </>
        )}
      </div>
      <nav aria-label="Views">
        {links.map(([view, label]) => (
          <a key={view} href={href({ view })} aria-current={place.view === view ? 'page' : undefined}>
            {label}
          </a>
        ))}
      </nav>
      <div class="at-right">
        <Account />
        <SealState />
        <LinkState />
        <button
          type="button"
          class="icon-button"
          aria-label={appliedTheme.value === 'dark' ? 'Light colours' : 'Dark colours'}
          onClick={switchTheme}
        >
          <ThemeIcon />
        </button>
      </div>
    </header>
  );
}

const LINK_WORDS = { live: 'Live', connecting: 'Connecting', lost: 'No connection' } as const;

function LinkState() {
  const { session } = usePage();
  const link = session.link.value;
  const isPast = session.moment.value.kind !== 'now' || session.isPlaying.value;
  const words = link === 'live' && isPast ? 'Past' : LINK_WORDS[link];
  return (
    <span class={`link-state is-${link === 'live' && isPast ? 'past' : link}`} role="status">
      <i aria-hidden="true" />
      {words}
    </span>
  );
}

const Logo = () => (
  <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
    <rect class="logo-tile" width="32" height="32" rx="7" />
    <rect x="7" y="7" width="8" height="8" rx="1.5" fill="#fff" />
    <rect x="17" y="7" width="8" height="8" rx="1.5" fill="#fff" opacity=".45" />
    <rect x="7" y="17" width="8" height="8" rx="1.5" fill="#fff" opacity=".45" />
    <rect x="17" y="17" width="8" height="8" rx="1.5" fill="#f2b134" />
  </svg>
);

const ThemeIcon = () => (
  <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
    <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-width="1.5" />
    <path d="M8 1.75a6.25 6.25 0 0 1 0 12.5z" fill="currentColor" />
  </svg>
);
