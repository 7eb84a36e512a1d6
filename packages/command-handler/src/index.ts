/**
 * Commands in, facts out: one host's state is read from its stream, the driver's rules decide, and what they
 * decided is appended under the revision that it was decided on.
 *
 * Several writers on one log stay correct by that revision: who loses the race reads what happened and decides
 * again. Nobody is told of a fact before it is durable.
 *
 * A stream is folded once; where snapshots are kept, not even that. They are a cache: see snapshots.ts.
 */
export {
  CommandHandler,
  type CommandHandlerOptions,
  type HostAt,
  type Receipt,
  type Submission,
} from './command-handler.ts';
export { snapshotFiles } from './snapshot-files.ts';
export type { Snapshot, SnapshotStore } from './snapshots.ts';
