/** Which hosts there are, each with its head: what an auditor notes, and a matrix is asked for by. */
import { HostName } from '@apledger/events';
import Type, { type Static } from 'typebox';
import { AsOf, atMoment, mayReach } from './moment.ts';
import { closed, type Immutable, operation } from './operation.ts';

/** Hosts in one answer, at most. */
export const MAX_HOSTS = 1000;

export const HostHead = Type.Object({
  host: HostName,
  revision: Type.Integer({ description: 'of its last fact' }),
  position: Type.Integer(),
  hash: Type.String({ description: 'of its last fact, in which all before it are sealed' }),
  occurredAt: Type.String(),
  ...mayReach,
});
export type HostHead = Immutable<Static<typeof HostHead>>;

export const hosts = operation({
  name: 'hosts',
  summary: 'The hosts that exist, or existed at a moment, by name, with the fact that each ended with.',
  scope: 'log',
  checked: 'visible',
  http: { method: 'GET', path: '/hosts' },
  request: Type.Object(
    {
      ...atMoment,
      after: Type.Optional(
        Type.String({ maxLength: 63, description: 'only hosts that sort after this one' }),
      ),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_HOSTS })),
      find: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 63,
          description: 'only hosts whose name contains this, in any case of letters',
        }),
      ),
    },
    closed,
  ),
  reply: Type.Object({
    hosts: Type.Array(HostHead),
    next: Type.Union([HostName, Type.Null()], {
      description: 'ask on after this one; null = that was all',
    }),
    asOf: AsOf,
    position: Type.Union([Type.Integer(), Type.Null()], {
      description:
        'as of this position: name it for the next page, and no host moves; null when a time was asked for',
    }),
  }),
});
