/** The bodies of error replies. A refused command is no error on NATS: the ledger did what it was asked, and has recorded it. */
import Type, { type Static } from 'typebox';
import { FactBody, refusalFields } from './command.ts';
import type { Immutable } from './operation.ts';

const revision = Type.Union([Type.Integer(), Type.Literal('none')]);

const recorded = {
  kept: Type.Optional(
    Type.Union([Type.Literal('no'), Type.Literal('unknown')], {
      description:
        'of a command: no = this request has recorded nothing, unknown = repeat it with the same command id',
    }),
  ),
  commandId: Type.Optional(Type.String({ description: 'the id to repeat the command with' })),
};

/** On NATS. */
export const ProblemMessage = Type.Object({
  code: Type.String({ description: 'for programs: one of the words in docs/nats-service.md' }),
  message: Type.String({ description: 'for people: the thing, the reason and what helps' }),
  problems: Type.Optional(Type.Array(Type.String(), { description: 'each as path: what was expected' })),
  expected: Type.Optional(revision),
  actual: Type.Optional(
    Type.Union([Type.Integer(), Type.Literal('none')], { description: 'where the stream ends' }),
  ),
  ...recorded,
});
export type ProblemMessage = Immutable<Static<typeof ProblemMessage>>;

const base = {
  type: Type.String({ description: 'urn:apledger:problem: and the code' }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String({ description: 'for people: the thing, the reason and what helps' }),
  code: Type.String({ description: 'for programs' }),
};

/** Over HTTP: problem details of RFC 9457. */
export const ProblemBody = Type.Object({
  ...base,
  problems: Type.Optional(Type.Array(Type.String(), { description: 'each as path: what was expected' })),
  expected: Type.Optional(revision),
  actual: Type.Optional(revision),
  ...recorded,
});
export type ProblemBody = Immutable<Static<typeof ProblemBody>>;

/** Over HTTP, for a command that was refused; the refusal is recorded. */
export const RefusalBody = Type.Object({
  ...base,
  ...refusalFields,
  host: Type.String(),
  commandId: Type.String(),
  revision: Type.Integer(),
  isDuplicate: Type.Boolean(),
  facts: Type.Array(FactBody),
});
export type RefusalBody = Immutable<Static<typeof RefusalBody>>;
