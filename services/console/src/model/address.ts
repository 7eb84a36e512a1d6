/** Where one is on the page, as an address: host, view, moment and what is selected. The address is the only place where these are kept. */

export const HOST_VIEWS = [
  'matrix',
  'guests',
  'facts',
  'custody',
  'exposures',
  'compare',
  'what-if',
] as const;
export type HostView = (typeof HOST_VIEWS)[number];
/** Of all hosts. */
export const LOG_VIEWS = ['hosts', 'facts', 'report', 'changes'] as const;
type LogView = (typeof LOG_VIEWS)[number];

/** What may be selected beside the moment (`at`): the rest of an address. */
export interface Selection {
  /** The moment, as `parseMoment` reads it. */
  readonly at?: string | undefined;
  /** The cell under the cursor: `05.0047`. */
  readonly cell?: string | undefined;
  /** The mdev, and so the guest, that is looked at. */
  readonly mdev?: string | undefined;
  /** The queue whose custody is shown. */
  readonly queue?: string | undefined;
  /** Which facts: `refusals`, `guests` … */
  readonly only?: string | undefined;
  /** Words that a fact must contain. */
  readonly find?: string | undefined;
  /** Another moment: the earlier of two that are compared, or where a span begins. */
  readonly from?: string | undefined;
  /** The guest that a report is about. */
  readonly guest?: string | undefined;
  /** The steps of a what-if, a line each. */
  readonly steps?: string | undefined;
  /** `all`: the matrix with all 256 x 256. */
  readonly axes?: string | undefined;
  /** `table`: the same data as a table. */
  readonly as?: string | undefined;
}

export interface Address {
  readonly host: string | undefined;
  /** `nowhere`: there is no such page. */
  readonly view: LogView | HostView | 'nowhere';
  /** The change that is shown, of the view `changes`. */
  readonly change?: string;
  readonly selection: Selection;
}

const KEYS = ['at', 'cell', 'mdev', 'queue', 'only', 'find', 'from', 'guest', 'steps', 'axes', 'as'] as const;

/** The address of a place. What is undefined or empty is left out. */
export function hrefOf(place: Address): string {
  const query = new URLSearchParams();
  for (const key of KEYS) {
    const value = place.selection[key];
    if (value !== undefined && value !== '') query.set(key, value);
  }
  const text = query.size === 0 ? '' : `?${query.toString().replaceAll('%3A', ':')}`;
  return pathOf(place) + text;
}

function pathOf({ host, view, change }: Address): string {
  if (host === undefined) {
    if (view === 'changes' && change !== undefined) return `/changes/${encodeURIComponent(change)}`;
    return LOG_VIEWS.some((name) => name === view) && view !== 'hosts' ? `/${view}` : '/';
  }
  const base = `/hosts/${encodeURIComponent(host)}`;
  return HOST_VIEWS.some((name) => name === view) && view !== 'matrix' ? `${base}/${view}` : base;
}

/** The place that an address names. */
export function addressOf(url: string): Address {
  const { pathname, searchParams } = new URL(url, 'http://page');
  const selection: Partial<Record<(typeof KEYS)[number], string>> = {};
  for (const key of KEYS) {
    const value = searchParams.get(key);
    if (value !== null && value !== '') selection[key] = value;
  }
  return { ...placeOf(pathname.split('/').filter((part) => part !== '')), selection };
}

function placeOf([first = 'hosts', second, third = 'matrix', ...rest]: string[]): Omit<Address, 'selection'> {
  const nowhere = { host: undefined, view: 'nowhere' } as const;
  if (second === undefined) {
    const view = LOG_VIEWS.find((name) => name === first);
    return view === undefined ? nowhere : { host: undefined, view };
  }
  if (first === 'changes' && third === 'matrix')
    return { host: undefined, view: 'changes', change: decoded(second) };
  if (first !== 'hosts') return nowhere;
  const view = rest.length > 0 ? undefined : HOST_VIEWS.find((name) => name === third);
  return { host: decoded(second), view: view ?? 'nowhere' };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
