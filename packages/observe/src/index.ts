/**
 * A host that is watched: from what its files say, to the facts that happened.
 *
 * `explain` takes a state that the facts so far have made, and a snapshot: what files of the host show now. It gives the facts in
 * between, as steps with one cause each. `guestsOf` puts together what tells which guest uses which mdev. `registered` makes the state
 * of a host that was never seen before. Nothing here does I/O or reads a clock: the agent reads the files and keeps what comes out.
 */
export { type Explained, explain, type Signs, type Unsaid } from './explain.ts';
export { registered } from './first-contact.ts';
export {
  type GuestSigns,
  guestsOf,
  type MdevDevice,
  type MdevUse,
  type SeenProcess,
  type UseSource,
} from './guests.ts';
export type { Step } from './history.ts';
export {
  type DraftCommit,
  factsOf,
  type Interval,
  type Known,
  type Looker,
  NOBODY,
  type Sink,
  type Subject,
  type Testimony,
  type Witness,
} from './ports.ts';
export { rebooted } from './reboot.ts';
export { CREATE, type Guests, type Hint, MATRIX, type Snapshot } from './snapshot.ts';
export { isEffect } from './writes.ts';
