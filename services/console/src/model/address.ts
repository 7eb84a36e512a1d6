/** Where one is on the page, as an address: host, view, moment and what is selected. The address is the only place where these are kept. */

export const HOST_VIEWS = ['matrix', 'guests', 'facts', 'custody', 'what-if'] as const;
export type HostView = (typeof HOST_VIEWS)[number];

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
  /** The steps of a what-if, a line each. */
  readonly steps?: string | undefined;
  /** `all`: the matrix with all 256 x 256. */
  readonly axes?: string | undefined;
  /** `table`: the same data as a table. */
  readonly as?: string | undefined;
}

export interface Address {
  readonly host: string | undefined;
  readonly view: 'hosts' | HostView;
  readonly selection: Selection;
}

const KEYS = ['at', 'cell', 'mdev', 'queue', 'only', 'find', 'steps', 'axes', 'as'] as const;

/** The address of a place. What is undefined or empty is left out. */
export function hrefOf({ host, view, selection }: Address): string {
  const query = new URLSearchParams();
  for (const key of KEYS) {
    const value = selection[key];
    if (value !== undefined && value !== '') query.set(key, value);
  }
  const text = query.size === 0 ? '' : `?${query.toString().replaceAll('%3A', ':')}`;
  return pathOf(host, view) + text;
}

function pathOf(host: string | undefined, view: Address['view']): string {
  if (host === undefined) return view === 'facts' ? '/facts' : '/';
  const base = `/hosts/${encodeURIComponent(host)}`;
  return view === 'matrix' || view === 'hosts' ? base : `${base}/${view}`;
}

/** The place that an address names; of what it does not understand, the nearest above. */
export function addressOf(url: string): Address {
  const { pathname, searchParams } = new URL(url, 'http://page');
  const [first, host, view] = pathname.split('/').filter((part) => part !== '');
  const selection: Partial<Record<(typeof KEYS)[number], string>> = {};
  for (const key of KEYS) {
    const value = searchParams.get(key);
    if (value !== null && value !== '') selection[key] = value;
  }
  if (first === 'facts') return { host: undefined, view: 'facts', selection };
  if (first !== 'hosts' || host === undefined) return { host: undefined, view: 'hosts', selection };
  const known = HOST_VIEWS.find((name) => name === view) ?? 'matrix';
  return { host: decoded(host), view: known, selection };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
