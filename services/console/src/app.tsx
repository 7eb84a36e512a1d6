/** The page: the bar above, the view between, time below. */
import type { FunctionComponent } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { LocationProvider } from 'preact-iso/router';
import type { Address } from './model/address.ts';
import { fetchedView } from './state/fetched-view.tsx';
import { PageProvider, usePage } from './state/page.tsx';
import { HostsView } from './views/hosts.tsx';
import { MatrixView } from './views/matrix.tsx';
import { Nowhere } from './views/nowhere.tsx';
import { SessionEnded } from './widgets/account.tsx';
import { AwayBanner, ClockBanner, Notice } from './widgets/notice.tsx';
import { PrintHead } from './widgets/print-head.tsx';
import { TimeBar } from './widgets/time-bar.tsx';
import { TopBar } from './widgets/top-bar.tsx';

// What is seen first comes with the page; the rest when it is asked for.
const VIEWS: Readonly<Record<Exclude<Address['view'], 'changes'>, FunctionComponent>> = {
  hosts: HostsView,
  matrix: MatrixView,
  nowhere: Nowhere,
  facts: fetchedView(() => import('./views/facts.tsx').then((views) => views.FactsView)),
  guests: fetchedView(() => import('./views/guests.tsx').then((views) => views.GuestsView)),
  custody: fetchedView(() => import('./views/custody.tsx').then((views) => views.CustodyView)),
  exposures: fetchedView(() => import('./views/exposures.tsx').then((views) => views.ExposuresView)),
  compare: fetchedView(() => import('./views/compare.tsx').then((views) => views.CompareView)),
  report: fetchedView(() => import('./views/report.tsx').then((views) => views.ReportView)),
  'what-if': fetchedView(() => import('./views/what-if.tsx').then((views) => views.WhatIfView)),
};
const ChangesView = fetchedView(() => import('./views/changes.tsx').then((views) => views.ChangesView));
const ChangeView = fetchedView(() => import('./views/change.tsx').then((views) => views.ChangePage));

export function App() {
  return (
    <LocationProvider>
      <PageProvider>
        <a class="skip" href="#main">
          Skip to the view
        </a>
        <a class="skip" href="#time">
          Skip to time
        </a>
        <TopBar />
        <Main />
        <TimeBar />
      </PageProvider>
    </LocationProvider>
  );
}

function Main() {
  const { session, place } = usePage();
  const { host, view, change } = place;
  const status = session.status.value;
  const main = useRef<HTMLElement>(null);
  useLayoutEffect(() => main.current?.scrollTo(0, 0), [host, view, change]);
  const View = view !== 'changes' ? VIEWS[view] : change === undefined ? ChangesView : ChangeView;
  return (
    <main id="main" ref={main} tabIndex={-1} aria-busy={status === 'loading'} data-status={status}>
      <PrintHead />
      <SessionEnded />
      <AwayBanner />
      <ClockBanner />
      {view !== 'nowhere' && <Notice />}
      <View key={`${host} ${change}`} />
    </main>
  );
}
