/** `query.hosts`: which hosts there are, each with its head: what an auditor notes, and a matrix is asked for by. */
import type { Head } from '@apledger/event-log';
import { HostName, hostOf, streamOf } from '@apledger/events';
import Type from 'typebox';
import { query } from '../endpoint.ts';
import type { Ledger } from '../ledger.ts';
import { atMoment, isAsked, momentOf } from '../moment.ts';
import { Problem } from '../problem.ts';

const MAX_PAGE = 1000;

const HeadBody = Type.Object({
  host: HostName,
  revision: Type.Integer({ description: 'of its last fact' }),
  position: Type.Integer(),
  hash: Type.String({ description: 'of its last fact, in which all before it are sealed' }),
  occurredAt: Type.String(),
});

export const hosts = query(
  {
    name: 'hosts',
    subject: 'hosts',
    does: 'The hosts that exist, or existed at a moment, by name, with the fact that each ended with.',
  },
  {
    request: Type.Object(
      {
        ...atMoment,
        after: Type.Optional(
          Type.String({ maxLength: 63, description: 'only hosts that sort after this one' }),
        ),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE })),
      },
      { additionalProperties: false },
    ),
    reply: Type.Object({
      hosts: Type.Array(HeadBody),
      next: Type.Union([HostName, Type.Null()], {
        description: 'ask on after this one; null = that was all',
      }),
    }),
  },
  async (ledger, request) => {
    const { after = '', limit = MAX_PAGE } = request;
    const moment = isAsked(request) ? await momentOf(ledger, request) : undefined;
    const heads = (await ledger.log.heads())
      .flatMap((head) => ({ host: hostOf(head.stream) ?? '', head }))
      .filter(({ host }) => host > after)
      .sort((a, b) => (a.host < b.host ? -1 : 1));
    const page = [];
    for (const { host, head } of heads.slice(0, limit)) {
      const revision =
        moment === undefined ? head.revision : await ledger.log.revisionAt(head.stream, moment);
      const end = revision === head.revision ? head : await headAt(ledger, host, revision);
      if (end !== undefined) {
        const { position, hash, occurredAt } = end;
        page.push({ host, revision, position, hash, occurredAt });
      }
    }
    return { hosts: page, next: heads.length > limit ? (heads[limit - 1]?.host ?? null) : null };
  },
);

/** The fact that a host's stream ended with at a revision; undefined when there is none. */
export async function headAt(
  { log }: Ledger,
  host: string,
  revision: number,
): Promise<Omit<Head, 'stream'> | undefined> {
  for await (const fact of log.readStream(streamOf(host), { from: revision, to: revision })) return fact;
  return undefined;
}

export const unknownHost = (host: string, when = ''): Problem =>
  new Problem(
    404,
    'unknown-host',
    `There is no host ${host}${when}; query.hosts lists those that there are.`,
  );
