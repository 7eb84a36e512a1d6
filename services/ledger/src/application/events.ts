/** The facts of the log or of one host, a page at a time. */
import type { RecordedFact } from '@apledger/event-log';
import { isFactType, streamOf } from '@apledger/events';
import Type, { type Static } from 'typebox';
import { unknownHost } from './hosts.ts';
import type { Ledger } from './ledger.ts';
import { momentOf } from './moment.ts';
import { operation, type Scope } from './operation.ts';
import { Problem } from './problem.ts';

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1000;
/** Facts looked at for one page: who asks for a rare type gets an empty page and asks on. */
const MAX_LOOKED_AT = 10_000;
/** What surrounds the facts in a page. */
const FRAME_BYTES = 256;

export const After = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'only facts after this position; default 0',
});
export const Types = Type.Array(Type.String({ maxLength: 64 }), {
  minItems: 1,
  maxItems: 100,
  description: 'only these',
});
export const PageRequest = Type.Object(
  {
    after: Type.Optional(After),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, description: 'default 100' })),
    types: Type.Optional(Types),
  },
  { additionalProperties: false },
);
type PageRequest = Static<typeof PageRequest>;

/** A fact as the log recorded it: the envelope, and what happened. */
export const EnvelopeBody = Type.Object({
  id: Type.String(),
  stream: Type.String(),
  revision: Type.Integer(),
  position: Type.Integer(),
  type: Type.String(),
  version: Type.Integer(),
  occurredAt: Type.String(),
  recordedAt: Type.String(),
  actor: Type.String(),
  cause: Type.String({ description: 'id of the command' }),
  correlation: Type.String(),
  data: Type.Unknown(),
  hash: Type.String(),
});
const Reply = Type.Object({
  events: Type.Array(EnvelopeBody, { description: 'as the log has them, in order' }),
  after: Type.Integer({ description: 'ask for the next page after this position' }),
  isEnd: Type.Boolean({ description: 'the log had no more when it was asked' }),
});

/** Facts in order, and where to ask on. */
export interface Page {
  readonly events: readonly RecordedFact[];
  /** The same as JSON: they were made into text to see how much they are, and need not be again. */
  readonly texts: readonly string[];
  readonly after: number;
  readonly isEnd: boolean;
}

export const events = operation(
  { name: 'events', does: 'The facts of the whole log, a page at a time.' },
  { request: PageRequest, reply: Reply },
  async (...asked) => withoutTexts(await pageOfLog(...asked)),
);

export const hostEvents = operation(
  { name: 'host-events', does: 'The facts of one host, a page at a time.' },
  { request: PageRequest, reply: Reply },
  async (...asked) => withoutTexts(await pageOfHost(...asked)),
);

const withoutTexts = ({ events, after, isEnd }: Page) => ({ events, after, isEnd });

export async function pageOfLog(ledger: Ledger, request: PageRequest, scope: Scope): Promise<Page> {
  const after = request.after ?? 0;
  await momentOf(ledger, { position: after });
  return page(ledger.log.readAll({ after }), request, scope);
}

export async function pageOfHost(ledger: Ledger, request: PageRequest, scope: Scope): Promise<Page> {
  const stream = streamOf(scope.host);
  if ((await ledger.log.head(stream)) === undefined) throw unknownHost(scope.host);
  const moment = await momentOf(ledger, { position: request.after ?? 0 });
  const from = (await ledger.log.revisionAt(stream, moment)) + 1;
  return page(ledger.log.readStream(stream, { from }), request, scope);
}

/** A page ends at its limit, at what one reply holds, or where enough was looked at. */
async function page(
  facts: AsyncIterable<RecordedFact>,
  { after: start = 0, limit = DEFAULT_PAGE, types }: PageRequest,
  { maxReplyBytes }: Scope,
): Promise<Page> {
  const wanted = typesOf(types);
  const events: RecordedFact[] = [];
  const texts: string[] = [];
  let after = start;
  let lookedAt = 0;
  let bytes = FRAME_BYTES;
  for await (const fact of facts) {
    if (events.length === limit || lookedAt === MAX_LOOKED_AT) return { events, texts, after, isEnd: false };
    lookedAt += 1;
    if (wanted === undefined || wanted.has(fact.type)) {
      const text = JSON.stringify(fact);
      bytes += Buffer.byteLength(text) + 1;
      if (bytes > maxReplyBytes && events.length > 0) return { events, texts, after, isEnd: false };
      if (bytes > maxReplyBytes) throw tooLarge(fact);
      events.push(fact);
      texts.push(text);
    }
    after = fact.position;
  }
  return { events, texts, after, isEnd: true };
}

const tooLarge = ({ position, stream, type }: RecordedFact): Problem =>
  new Problem(
    413,
    'reply-too-large',
    `The fact at position ${position} (${type} of ${stream}) does not fit into one message of this broker; go on after ${position}.`,
  );

/** Types of facts by name. Throws Problem for what is none. */
export function typesOf(types: readonly string[] | undefined): ReadonlySet<string> | undefined {
  const unknown = types?.filter((type) => !isFactType(type)) ?? [];
  if (unknown.length > 0)
    throw new Problem(400, 'invalid-request', 'The request is not what this asks for.', {
      problems: unknown.map((type) => `types: there is no type ${JSON.stringify(type)}`),
    });
  return types === undefined ? undefined : new Set(types);
}
