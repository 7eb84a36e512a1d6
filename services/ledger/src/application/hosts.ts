/** Which hosts there are, each with its head: what an auditor notes, and a matrix is asked for by. */
import type { Head, Moment } from '@apledger/event-log';
import { HostName, streamOf } from '@apledger/events';
import Type from 'typebox';
import type { Ledger } from './ledger.ts';
import { atMoment, momentOf } from './moment.ts';
import { operation } from './operation.ts';
import { Problem } from './problem.ts';

const MAX_PAGE = 1000;

export const HeadBody = Type.Object({
  host: HostName,
  revision: Type.Integer({ description: 'of its last fact' }),
  position: Type.Integer(),
  hash: Type.String({ description: 'of its last fact, in which all before it are sealed' }),
  occurredAt: Type.String(),
});

export const hosts = operation(
  {
    name: 'hosts',
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
      position: Type.Union([Type.Integer(), Type.Null()], {
        description:
          'as of this position: name it for the next page, and no host moves; null when a time was asked for',
      }),
    }),
  },
  async (ledger, request) => {
    const { after = '', limit = MAX_PAGE } = request;
    // Asked first: what comes while the heads are read is left out by it.
    const moment = await momentOf(ledger, request);
    const last = await ledger.log.lastPosition();
    const heads = await ledger.heads.after(after, limit + 1, last);
    const page = [];
    for (const [host, head] of heads.slice(0, limit)) {
      const end = isThen(head, moment)
        ? head
        : await headAt(ledger, host, await ledger.log.revisionAt(head.stream, moment));
      if (end === undefined) continue;
      const { revision, position, hash, occurredAt } = end;
      page.push({ host, revision, position, hash, occurredAt });
    }
    const next = heads.length > limit ? (heads[limit - 1]?.[0] ?? null) : null;
    return { hosts: page, next, position: 'position' in moment ? moment.position : null };
  },
);

/** Whether a host had ended so at the moment already. */
const isThen = ({ position, occurredAt }: Head, moment: Moment): boolean =>
  ('position' in moment && position <= moment.position) || ('time' in moment && occurredAt <= moment.time);

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
    `There is no host ${host}${when}; ask for the hosts to see those that there are.`,
  );
