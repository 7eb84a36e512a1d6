/** Where one is, where one can go, and whether the page is alive. */
import { useEffect, useRef } from 'preact/hooks';
import { HOST_VIEWS } from '../model/address.ts';
import { VIEW_NAMES } from '../model/title.ts';
import { usePage } from '../state/page.tsx';
import { appliedTheme, switchTheme } from '../state/theme.ts';
import { localZone, zoneChoice } from '../state/zone.ts';
import { Account, Inbox } from './account.tsx';
import { SealState } from './evidence.tsx';
import { showShortcuts } from './shortcuts.tsx';

/** The views of all hosts that everybody has; changes show where there can be some. */
const OF_ALL = ['hosts', 'facts', 'report'] as const;

export function TopBar() {
  const { place, href } = usePage();
  const links = place.host === undefined ? OF_ALL : HOST_VIEWS;
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // Where there is room for a part of the views only, the one that is shown is in it.
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [place.host, place.view]);
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
      <nav ref={nav} aria-label="Views">
        {links.map((view) => (
          <a key={view} href={href({ view })} aria-current={place.view === view ? 'page' : undefined}>
            {VIEW_NAMES[view]}
          </a>
        ))}
        <Inbox />
      </nav>
      <div class="at-right">
        <Account />
        <SealState />
        <LinkState />
        <ZoneButton />
        <button type="button" class="icon-button" aria-label="Keys" onClick={showShortcuts}>
          ?
        </button>
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

function ZoneButton() {
  const isUtc = zoneChoice.value === 'utc';
  const words = isUtc ? 'UTC' : 'local';
  const other = isUtc ? localZone : 'UTC';
  if (localZone === 'UTC') return null;
  return (
    <button
      type="button"
      class="zone-button"
      title={`Times are shown in ${isUtc ? 'UTC' : localZone}`}
      aria-label={`${words}: show times in ${other}`}
      onClick={() => {
        zoneChoice.value = isUtc ? 'local' : 'utc';
      }}
    >
      {words}
    </button>
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
