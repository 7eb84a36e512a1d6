/**
 * Commands in, facts out: one host's state is read from its stream, the driver's rules decide, and what they
 * decided is appended under the revision that it was decided on.
 *
 * Several writers on one log stay correct by that revision: who loses the race reads what happened and decides
 * again. Nobody is told of a fact before it is durable.
 *
 * A stream is folded once; with a read model that keeps states, not even that.
 */

export {
  CommandHandler,
  type CommandHandlerOptions,
  newCommandId,
  type Receipt,
  type Submission,
} from './command-handler.ts';
export { CommandIdUsed } from './command-id-used.ts';
export type { States } from './hosts.ts';
export type { Observation, Recorded } from './observation.ts';
export { NotCarriedOut } from './requested.ts';
