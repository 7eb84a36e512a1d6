/** One command for one host, and the receipt that answers it. */
import { type Command, Conflict, commandSchemas, Errno, type Fact, HostName } from '@apledger/events';
import Type, { type Static } from 'typebox';
import type { Immutable } from './operation.ts';

export const CommandBody = Type.Unsafe<Command>(Type.Union(Object.values(commandSchemas)));

export const FactBody = Type.Unsafe<Fact>(
  Type.Object({
    type: Type.String({ description: 'urn:apledger:facts, docs/schemas/facts.json' }),
    data: Type.Unknown(),
  }),
);

/** Why the rules of the driver refused a command. */
export const refusalFields = {
  errno: Errno,
  explanation: Type.String(),
  conflicts: Type.Array(Conflict),
  remedy: Type.String(),
};
const Refusal = Type.Object(refusalFields);
export type Refusal = Immutable<Static<typeof Refusal>>;

/** What an agent says of a command that it was asked to carry out. */
export const Settlement = Type.Object({
  outcome: Type.Enum(['done', 'refused']),
  explanation: Type.String(),
  found: Type.Optional(Type.String({ description: 'what was read back' })),
});

/** What came of a command. All of it is durable. */
export const Receipt = Type.Object({
  host: HostName,
  commandId: Type.String({ format: 'uuid' }),
  revision: Type.Integer({ description: "of the host's last fact when the command was done" }),
  isDuplicate: Type.Boolean({ description: 'it had been carried out before, and nothing was done now' }),
  isBlocked: Type.Boolean({ description: 'the writer would sleep until the guest closes the mdev' }),
  facts: Type.Union([Type.Array(FactBody), Type.Null()], {
    description: 'in order; null when they do not fit into one message',
  }),
  settlement: Type.Optional(Settlement),
  refusal: Type.Optional(
    Type.Object(refusalFields, { description: 'the command was refused, and the refusal is recorded' }),
  ),
});
export type Receipt = Immutable<Static<typeof Receipt>>;
