/** The page: the bar above, the view between, time below. */
import lazy from 'preact-iso/lazy';
import { LocationProvider, Route, Router } from 'preact-iso/router';
import { PageProvider, usePage } from './state/page.tsx';
import { HostsView } from './views/hosts.tsx';
import { MatrixView } from './views/matrix.tsx';
import { SessionEnded } from './widgets/account.tsx';
import { Notice } from './widgets/notice.tsx';
import { TimeBar } from './widgets/time-bar.tsx';
import { TopBar } from './widgets/top-bar.tsx';

// What is seen first comes with the page; the rest when it is asked for.
const FactsView = lazy(() => import('./views/facts.tsx').then((views) => views.FactsView));
const GuestsView = lazy(() => import('./views/guests.tsx').then((views) => views.GuestsView));
const CustodyView = lazy(() => import('./views/custody.tsx').then((views) => views.CustodyView));
const ChangesView = lazy(() => import('./views/changes.tsx').then((views) => views.ChangesView));
const WhatIfView = lazy(() => import('./views/what-if.tsx').then((views) => views.WhatIfView));

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
