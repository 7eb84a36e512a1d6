/** The page: the bar above, the view between, time below. */
import { LocationProvider, Route, Router } from 'preact-iso/router';
import { fetchedView } from './state/fetched-view.tsx';
import { PageProvider, usePage } from './state/page.tsx';
import { HostsView } from './views/hosts.tsx';
import { MatrixView } from './views/matrix.tsx';
import { SessionEnded } from './widgets/account.tsx';
import { AwayBanner, ClockBanner, Notice } from './widgets/notice.tsx';
import { TimeBar } from './widgets/time-bar.tsx';
import { TopBar } from './widgets/top-bar.tsx';

// What is seen first comes with the page; the rest when it is asked for.
const FactsView = fetchedView(() => import('./views/facts.tsx').then((views) => views.FactsView));
const GuestsView = fetchedView(() => import('./views/guests.tsx').then((views) => views.GuestsView));
const CustodyView = fetchedView(() => import('./views/custody.tsx').then((views) => views.CustodyView));
const ChangesView = fetchedView(() => import('./views/changes.tsx').then((views) => views.ChangesView));
const WhatIfView = fetchedView(() => import('./views/what-if.tsx').then((views) => views.WhatIfView));

export function App() {
  return (
    <LocationProvider>
      <PageProvider>
        <a class="skip" href="#main">
          Skip to the view
        </a>
        <TopBar />
        <Main />
        <TimeBar />
      </PageProvider>
    </LocationProvider>
  );
}

function Main() {
  const { session } = usePage();
  const status = session.status.value;
  return (
    <main id="main" tabIndex={-1} aria-busy={status === 'loading'} data-status={status}>
      <SessionEnded />
      <AwayBanner />
      <ClockBanner />
      <Notice />
      <Router>
        <Route path="/" component={HostsView} />
        <Route path="/changes" component={ChangesView} />
        <Route path="/facts" component={FactsView} />
        <Route path="/hosts/:host" component={MatrixView} />
        <Route path="/hosts/:host/guests" component={GuestsView} />
        <Route path="/hosts/:host/facts" component={FactsView} />
        <Route path="/hosts/:host/custody" component={CustodyView} />
        <Route path="/hosts/:host/what-if" component={WhatIfView} />
        <Route default component={HostsView} />
      </Router>
    </main>
  );
}
