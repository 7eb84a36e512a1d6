/** How an agent begins, and begins again after every restart and every broken connection. */
import { commandSchemas, UUID_PATTERN } from '@apledger/events';
import Type, { type Static } from 'typebox';
import { CommandRequestSchema } from './command-request.ts';

const Texts = Type.Array(Type.String({ maxLength: 1000 }), { maxItems: 64 });

export const Hello = Type.Object(
  {
    agent: Type.String({
      pattern: UUID_PATTERN,
      description: 'a UUID that the agent made with its spool',
    }),
    epoch: Type.Integer({ minimum: 0, description: 'that the ledger gave this agent; 0 = none yet' }),
    boot: Type.String({ maxLength: 64, description: 'boot id of the kernel' }),
    kernel: Type.String({ maxLength: 255 }),
    detected: Texts,
    missing: Texts,
    takeOver: Type.Optional(
      Type.Boolean({ description: 'the agent before this one is gone for good: fence it' }),
    ),
    register: Type.Optional(
      Type.Unsafe<Static<typeof commandSchemas.RegisterHost>>(commandSchemas.RegisterHost),
    ),
  },
  { additionalProperties: false },
);
export type Hello = Readonly<Static<typeof Hello>>;

export const HelloReply = Type.Object({
  epoch: Type.Integer({ description: 'of this agent from now on' }),
  lastSequence: Type.Integer({ description: 'of the last commit in this epoch that is recorded; 0 = none' }),
  revision: Type.Integer({
    description: 'of the fact after which the agent goes on; what was asked for before it, it may have begun',
  }),
  state: Type.String({ description: 'the state of the host there: `HostState.toBytes()` in base64' }),
  stateVersion: Type.Integer({ description: 'STATE_VERSION of these bytes' }),
  open: Type.Array(CommandRequestSchema, { description: 'commands that are not settled, the oldest first' }),
});
export type HelloReply = Readonly<Static<typeof HelloReply>>;
