/** The place one is at, and the session behind it, for every component below. */
import { visible } from '@apledger/text';
import { type ComponentChildren, createContext } from 'preact';
import { useContext, useEffect, useMemo } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { type Address, addressOf, hrefOf, type Selection } from '../model/address.ts';
import { isAbsolute, parseMoment } from '../model/moment.ts';
import { titleOf } from '../model/title.ts';
import { inspectSession } from './inspector.ts';
import { Session } from './session.ts';

export interface Page {
  readonly place: Address;
  readonly session: Session;
  /** The address of somewhere else; what is not said stays as it is, the moment too. */
  href(to: Partial<Omit<Address, 'selection'>>, selection?: Selection): string;
  /** Selects something here. Without `asStep` the browser's way back does not pass through it. */
  select(selection: Selection, options?: { readonly asStep: boolean }): void;
}

const PageContext = createContext<Page | undefined>(undefined);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error('no page around this component');
  return page;
}

export function PageProvider({ children }: { readonly children: ComponentChildren }) {
  const { url, route } = useLocation();
  const place = useMemo(() => addressOf(url), [url]);
  const session = useMemo(() => new Session(place.host), [place.host]);
  useEffect(() => {
    inspectSession(session);
    return () => session.close();
  }, [session]);
  const title = visible(titleOf(place));
  useEffect(() => {
    document.title = title;
  }, [title]);
  const { at } = place.selection;
  useEffect(() => void session.lookAt(parseMoment(at)), [session, at]);
  const used = session.used.value;
  useEffect(() => {
    // "yesterday" is another moment tomorrow: the address keeps the one that was used.
    const moment = session.moment.peek();
    if (used === undefined || moment.kind !== 'time' || isAbsolute(moment.time)) return;
    const here = addressOf(location.pathname + location.search);
    if (here.selection.at !== at) return;
    const time = new Date(used).toISOString();
    session.moment.value = { kind: 'time', time };
    route(hrefOf({ ...here, selection: { ...here.selection, at: time } }), true);
  }, [session, used]);
  const page = useMemo((): Page => {
    return {
      place,
      session,
      href: (to, selection = {}) =>
        hrefOf({ host: place.host, view: place.view, ...to, selection: { at, ...selection } }),
      select: (selection, { asStep } = { asStep: false }) => {
        // Read when it is done: two selections at once must not undo each other.
        const here = addressOf(location.pathname + location.search);
        const href = hrefOf({ ...here, selection: { ...here.selection, ...selection } });
        if (href !== location.pathname + location.search) route(href, !asStep);
      },
    };
  }, [place, session, at, route]);
  return <PageContext.Provider value={page}>{children}</PageContext.Provider>;
}
