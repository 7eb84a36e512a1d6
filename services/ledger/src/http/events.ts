/** GET /events: pages of the whole log or of one host; GET /events/stream: the same as server-sent events. */
import { operations, StreamRequest } from '@apledger/api';
import { streamOf } from '@apledger/events';
import {
  badHeader,
  checker,
  guestsThen,
  isLong,
  momentOf,
  pageOf,
  permitted,
  positionBefore,
  Sight,
  typesOf,
  unknownHost,
} from '@apledger/ledger';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { json, queryParameter, waitParameter } from './description.ts';
import { shownText } from './feed.ts';
import { MAX_REPLY_BYTES, sendJson } from './reply.ts';
import { fromQuery } from './request.ts';
import { type Route, readFor } from './route.ts';

const { request: PagesRequest, reply: PagesReply, summary } = operations.events;
const checkPages = checker(PagesRequest);

export const events: Route = {
  method: 'GET',
  path: '/events',
  description: {
    operationId: 'events',
    summary,
    parameters: [
      ...Object.keys(PagesRequest.properties).map((name) => queryParameter(PagesRequest, name)),
      waitParameter,
    ],
    responses: { 200: json('A page', PagesReply) },
  },
  handle: async (service, request, reply) => {
    const asked = checkPages(fromQuery(PagesRequest, request));
    const sees = await permitted(service.ledger, operations.events, asked, request.caller);
    const limits = { maxReplyBytes: MAX_REPLY_BYTES };
    const { elsewhere } = service.ledger;
    if (elsewhere !== undefined && sees === undefined && isLong('events', asked))
      return sendJson(reply, await elsewhere.answer('events', asked, limits));
    const { guests, ...page } = await readFor(service, request, reply, async (ledger) => {
      const found = await pageOf(ledger, asked, { ...limits, sees });
      return { ...found, guests: JSON.stringify(await guestsThen(ledger, found.events, found.texts)) };
    });
    const shown = page.texts.map((text, index) => shownText(text, page.events[index]?.stream ?? ''));
    return reply
      .header('content-type', 'application/json; charset=utf-8')
      .send(`{"events":[${shown.join(',')}],"after":${page.after},"isEnd":${page.isEnd},"guests":${guests}}`);
  },
};

const checkStream = checker(StreamRequest);

/** Answers with a stream that goes on until client or service end it. */
export const stream: Route = {
  method: 'GET',
  path: '/events/stream',
  isEndless: true,
  description: {
    operationId: 'stream',
    summary:
      'The facts as server-sent events, from a position on into the live tail, without gap or duplicate.',
    description:
      'Each fact is an event `fact` whose id is its position and whose data is the fact as JSON. `caught-up` comes once, when history is exhausted. `log-away` and `log-back` tell when the log cannot be read and when it can again. A client that reconnects with Last-Event-ID goes on after that position.',
    parameters: [
      ...Object.keys(StreamRequest.properties).map((name) => queryParameter(StreamRequest, name)),
      {
        name: 'Last-Event-ID',
        in: 'header',
        description: 'position of the last fact that came; counts more than `after` and `since`',
        schema: Type.String({ pattern: '^\\d{1,15}$' }),
      },
    ],
    responses: {
      200: {
        description: 'Server-sent events; each `data` of a `fact` is a RecordedFact',
        content: { 'text/event-stream': { schema: Type.String() } },
      },
    },
  },
  handle: async ({ ledger, streams }, request, reply) => {
    const { host, types, after = 0, since } = checkStream(fromQuery(StreamRequest, request));
    const wanted = typesOf(types);
    const { caller } = request;
    await permitted(ledger, operations.events, host === undefined ? {} : { host }, caller);
    if (host !== undefined && (await ledger.log.head(streamOf(host))) === undefined) throw unknownHost(host);
    const from =
      lastEventId(request) ??
      (since === undefined ? after : await ledger.read((known) => positionBefore(known, { since, host })));
    // While the log is away nobody knows where it ends.
    if (!ledger.health.isAway) await ledger.read((known) => momentOf(known, { position: from }));
    streams.checkRoom();
    reply.hijack();
    await streams.begin(reply.raw, {
      after: from,
      ...(host === undefined ? {} : { host }),
      ...(wanted === undefined ? {} : { types: wanted }),
      ...(caller === undefined ? {} : { sight: new Sight(ledger.access, caller) }),
    });
  },
};

function lastEventId({ headers }: FastifyRequest): number | undefined {
  const text = headers['last-event-id'];
  if (text === undefined || text === '') return undefined;
  if (typeof text !== 'string' || !/^\d{1,15}$/.test(text))
    throw badHeader('last-event-id', 'must be the position of a fact');
  return Number(text);
}
