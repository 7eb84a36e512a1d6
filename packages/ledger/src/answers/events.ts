/** The facts of the log or of one host, a page at a time. */
import { MAX_PAGE, Problem, type Reply, type Request } from '@apledger/api';
import { factAtPosition, type RecordedFact } from '@apledger/event-log';
import { hostOf, isRecordedType, streamOf } from '@apledger/events';
import type { FactFilter } from '@apledger/projections';
import { seenOf } from '../access/control.ts';
import type { Answer, Limits } from '../answer.ts';
import type { Filtered } from '../ledger.ts';
import type { LogLedger } from '../log-ledger.ts';
import { askedIn, isReversed, momentOf } from '../moment.ts';
import { find } from './find.ts';
import { unknownHost } from './hosts.ts';
import { guestsThen } from './names.ts';
import { Bounds, type Scanned } from './scan.ts';

const DEFAULT_PAGE = 100;
/** Facts looked at for one page: who asks for a rare type gets an empty page and asks on. */
const MAX_LOOKED_AT = 10_000;
/** What surrounds the facts in a page. */
const FRAME_BYTES = 256;

/** Facts in the order asked for, and where to ask on. */
export interface Page {
  readonly events: readonly RecordedFact[];
  /** The same as JSON: they were made into text to see how much they are, and need not be again. */
  readonly texts: readonly string[];
  readonly after: number;
  readonly isEnd: boolean;
}

const events: Answer<'events'> = async (ledger, request, limits) => {
  const { events: facts, texts, after, isEnd } = await pageOf(ledger, request, limits);
  const guests = await guestsThen(ledger, facts, texts);
  return { events: facts.map(shown), after, isEnd, guests };
};

/** What the asker may not see is not there. */
const event: Answer<'event'> = async (ledger, { position }, { sees }) => {
  await momentOf(ledger, { position });
  const fact = await factAtPosition(ledger.log, position);
  if (fact === undefined || sees?.(seenOf(fact)) === false)
    throw new Problem(404, 'unknown-fact', `There is no fact at position ${position}.`);
  return shown(fact);
};

/** With its host; the data of a recorded fact are what its type says. */
const shown = (fact: RecordedFact): Reply<'event'> =>
  ({ ...fact, host: hostOf(fact.stream) ?? '' }) as unknown as Reply<'event'>;

const logEvents: Answer<'logEvents'> = async (ledger, request, limits) => {
  const { events: facts, after, isEnd } = await pageOf(ledger, request, limits);
  return { events: facts, after, isEnd };
};

const hostEvents: Answer<'hostEvents'> = logEvents;

/** Of the whole log, or of the host that the request names. */
export async function pageOf(ledger: LogLedger, request: Request<'events'>, limits: Limits): Promise<Page> {
  const { host, after } = request;
  if (host !== undefined && (await ledger.log.head(streamOf(host))) === undefined) throw unknownHost(host);
  if (after !== undefined) await momentOf(ledger, { position: after });
  const isNewestFirst = request.order === 'newest';
  const scan = {
    host,
    after,
    isNewestFirst,
    filter: filterOf(request),
    bounds: await boundsOf(ledger, request),
  };
  const start = after ?? (isNewestFirst ? (await ledger.log.lastPosition()) + 1 : 0);
  return page(find(ledger, scan), start, request, limits);
}

/**
 * The position after which the stream of facts begins that is asked for from a moment on: before the first fact that lies there, or at
 * the end of the log. Throws Problem for what is no moment.
 */
export async function positionBefore(
  ledger: LogLedger,
  { since, host }: { readonly since: string; readonly host: string | undefined },
): Promise<number> {
  const last = await ledger.log.lastPosition();
  const asked = { since, ...(host !== undefined && { host }), limit: 1 };
  for (let after = 0, isEnd = false; !isEnd; ) {
    const page = await pageOf(ledger, { ...asked, after }, { maxReplyBytes: Number.POSITIVE_INFINITY });
    const [first] = page.events;
    if (first !== undefined) return first.position - 1;
    ({ after, isEnd } = page);
  }
  return last;
}

/** The facts of all pages, oldest first; none of a host that is not there. */
export async function* allPages(ledger: LogLedger, filtered: Filtered): AsyncGenerator<RecordedFact> {
  const { host } = filtered;
  if (host !== undefined && (await ledger.log.head(streamOf(host))) === undefined) return;
  for (let after = filtered.after ?? 0, isEnd = false; !isEnd; ) {
    const page = await pageOf(
      ledger,
      { ...filtered, after, limit: MAX_PAGE },
      { maxReplyBytes: Number.POSITIVE_INFINITY },
    );
    yield* page.events;
    ({ after, isEnd } = page);
  }
}

/** Throws Problem for types that there are not. */
function filterOf({ types, actor, guest, mdev, queue, errno, text }: Request<'events'>): FactFilter {
  const wanted = typesOf(types);
  return {
    ...(wanted !== undefined && { types: wanted }),
    ...(actor !== undefined && { actor }),
    ...(guest !== undefined && { guest }),
    ...(mdev !== undefined && { mdev }),
    ...(queue !== undefined && { queue }),
    ...(errno !== undefined && { errno }),
    ...(text !== undefined && { text }),
  };
}

/** Throws Problem for what are no moments, or the wrong way round. */
async function boundsOf(ledger: LogLedger, { since, until }: Request<'events'>): Promise<Bounds> {
  const [from, to] = await Promise.all(
    [since, until].map((text) => (text === undefined ? undefined : momentOf(ledger, askedIn(text)))),
  );
  if (isReversed(from, to)) throw new Problem(400, 'no-such-moment', `${since} lies after ${until}.`);
  return new Bounds(ledger.log, from, to);
}

/** A page ends at its limit, at what one reply holds, or where enough was looked at. */
async function page(
  facts: AsyncIterable<Scanned>,
  start: number,
  { limit = DEFAULT_PAGE }: Request<'events'>,
  { maxReplyBytes, sees }: Limits,
): Promise<Page> {
  const found: RecordedFact[] = [];
  const texts: string[] = [];
  let after = start;
  let lookedAt = 0;
  let bytes = FRAME_BYTES;
  const end = (isEnd: boolean): Page => ({ events: found, texts, after, isEnd });
  for await (const { fact, isWanted } of facts) {
    if (found.length === limit || lookedAt === MAX_LOOKED_AT) return end(false);
    lookedAt += 1;
    if (isWanted && sees?.(seenOf(fact)) !== false) {
      const text = JSON.stringify(fact);
      bytes += Buffer.byteLength(text) + 1;
      if (bytes > maxReplyBytes && found.length > 0) return end(false);
      if (bytes > maxReplyBytes) throw tooLarge(fact);
      found.push(fact);
      texts.push(text);
    }
    after = fact.position;
  }
  return end(true);
}

const tooLarge = ({ position, stream, type }: RecordedFact): Problem =>
  new Problem(
    413,
    'reply-too-large',
    `The fact at position ${position} (${type} of ${stream}) does not fit into one message of this broker; go on after ${position}.`,
  );

/** Types of facts by name. Throws Problem for what is none. */
export function typesOf(types: readonly string[] | undefined): ReadonlySet<string> | undefined {
  const unknown = types?.filter((type) => !isRecordedType(type)) ?? [];
  if (unknown.length > 0)
    throw new Problem(400, 'invalid-request', 'The request is not what this asks for.', {
      problems: unknown.map((type) => `types: there is no type ${JSON.stringify(type)}`),
    });
  return types === undefined ? undefined : new Set(types);
}

export const eventsAnswers = { events, event, logEvents, hostEvents };
