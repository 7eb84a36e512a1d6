/** A command that an agent is asked to carry out on its host. */
import type { Command } from '@apledger/events';
import Type, { type Static } from 'typebox';

export const CommandRequestSchema = Type.Object({
  request: Type.String({ description: 'id of the command' }),
  command: Type.Unsafe<Command>(Type.Object({ type: Type.String() })),
  requestedAt: Type.String(),
  until: Type.String({ description: 'by the clock of the ledger; it is not begun after that' }),
  leftMs: Type.Integer({
    description: 'what was left until then when the ledger answered: the clock of the agent may differ',
  }),
  actor: Type.String({ description: 'who gave it' }),
  revision: Type.Integer({ description: 'of the fact that it was requested' }),
});
export type CommandRequest = Readonly<Static<typeof CommandRequestSchema>>;
