/** Is this log the one that was written; and folding it anew. */
import { HostName, UUID_PATTERN } from '@apledger/events';
import Type from 'typebox';
import { closed, operation } from './operation.ts';

/** Where streams end, as `apledger verify --heads` takes them. */
export const headsThat = (description: string) =>
  Type.Array(
    Type.Object({
      stream: Type.String(),
      revision: Type.Integer(),
      position: Type.Integer(),
      hash: Type.String(),
      occurredAt: Type.String(),
    }),
    { description },
  );

/** Of work that may take minutes on a large log. */
const run = Type.Optional(
  Type.String({
    pattern: UUID_PATTERN,
    description:
      'a UUID that names this run: the answer comes after 20 seconds then, 504 not-done while it is under way; asked again with the same one, it goes on waiting, and nothing is begun twice. Without it the answer comes at the end.',
  }),
);

/** Heads in one request; one reading of the log each. */
const MAX_HEADS = 1000;

const verify = operation({
  name: 'verify',
  summary:
    'Compares heads noted earlier (from hosts or verify --json) with the log. A hash seals all facts before it; `apledger verify` recomputes them.',
  scope: 'log',
  http: { method: 'POST', path: '/verify' },
  isQuestion: true,
  request: Type.Object(
    {
      heads: Type.Array(
        Type.Object({
          host: HostName,
          revision: Type.Integer({ minimum: 0, maximum: 0xffff_ffff }),
          hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
        }),
        { minItems: 1, maxItems: MAX_HEADS },
      ),
    },
    closed,
  ),
  reply: Type.Object({
    checked: Type.Integer({ description: 'how many heads were compared' }),
    problems: Type.Array(Type.Object({ host: HostName, revision: Type.Integer(), problem: Type.String() }), {
      description: 'none = every head is still what it was',
    }),
  }),
});

const recompute = operation({
  name: 'recompute',
  summary:
    'Recomputes every hash and packed form of the log, and compares it with heads noted earlier. Takes seconds for a million facts.',
  scope: 'log',
  verb: 'report',
  http: { method: 'POST', path: '/recompute' },
  isQuestion: true,
  request: Type.Object(
    {
      heads: Type.Optional(
        Type.Array(
          Type.Object({
            stream: Type.String({ maxLength: 80 }),
            revision: Type.Integer({ minimum: 0, maximum: 0xffff_ffff }),
            hash: Type.String({ maxLength: 64 }),
          }),
          { minItems: 1, maxItems: MAX_HEADS, description: 'from an earlier recompute, or a report' },
        ),
      ),
      run,
    },
    closed,
  ),
  reply: Type.Object({
    facts: Type.Integer(),
    streams: Type.Integer(),
    problems: Type.Array(
      Type.Object({
        stream: Type.String(),
        revision: Type.Integer(),
        position: Type.Integer(),
        problem: Type.String(),
      }),
      { description: 'none = this log is the one that was written' },
    ),
    heads: headsThat('note them elsewhere for the next time'),
    clockJumps: Type.Array(
      Type.Object({
        position: Type.Integer(),
        process: Type.String(),
        before: Type.String(),
        after: Type.String(),
      }),
      {
        description:
          'clocks that jumped, as their processes recorded it: what they should have read, and did',
      },
    ),
  }),
});

const rebuild = operation({
  name: 'rebuild',
  summary: 'Forgets the read model and folds the whole log again.',
  scope: 'log',
  verb: 'report',
  http: { method: 'POST', path: '/rebuild' },
  request: Type.Object({ run }, closed),
  reply: Type.Object({
    position: Type.Integer(),
    hosts: Type.Integer(),
    milliseconds: Type.Integer(),
    kept: Type.Optional(
      Type.Boolean({ description: 'false: there is no place where it can be kept, and nothing was rebuilt' }),
    ),
  }),
});

export const verifyOperations = { verify, recompute, rebuild };
