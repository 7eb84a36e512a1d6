/**
 * A host that is watched: from what its files say, to the facts that happened.
 *
 * Nothing here does I/O; the agent reads the files and keeps what comes out.
 */
export {
  type DraftCommit,
  type Interval,
  type Looker,
  observedFact,
  type Sink,
  type Subject,
  type Testimony,
  type Witness,
} from './ports.ts';
