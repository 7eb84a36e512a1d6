/**
 * What a host is, and how facts change it.
 *
 * ## A host
 *
 * A host is one machine with its AP bus, its cards and queues, its masks, and its mdevs with their guests. `HostState` holds all of it:
 * one block of 32-bit words (layout.ts says where each thing lies) and the few texts that do not fit into words: the host's name, its
 * boot parameters, the guests' names, driver overrides, injected faults. There is no other state of a host in this project. The
 * driver's rules decide on it, sysfs shows it as files, projections show it as matrices, what-if forks it, and the browser runs the
 * same code.
 *
 * The block is canonical: the same facts give the same words. So two hosts are equal when their bytes are equal, a snapshot is a copy
 * of the bytes, and a fork is a copy of the block.
 *
 * ## Facts change it
 *
 * Only a fact changes a host, through `evolve` (a fact as an object) or `evolvePacked` (its packed bytes, as logs keep them). There is
 * one fold: `evolve` packs the fact and calls `evolvePacked`. Three things follow from how facts are made:
 *
 * - A fact says what is so afterwards. The fold stores that; it knows no rule by which the fact was decided.
 * - The fold asks no generation. `HostRegistered` names the generation once, and the fold stores the properties that differ for later
 *   facts: when an mdev has a guest matrix, and after which reset codes a queue may be passed to a guest.
 * - The fold is strict. It asks the lifecycle machines of `@apledger/machines` for every step of a guest, a queue and an adapter. A
 *   fact that cannot follow the facts before it throws `ImpossibleFact`; bytes that no writer writes throw `CorruptPayload`. The
 *   state is useless after either: drop it and fold again.
 *
 * `evolve` does not count facts. Who reads a log calls `place(revision, position, occurredAt)` after the last fact of a batch; a
 * decision that is only tried leaves these three as they are.
 *
 * ## Deciding on it
 *
 * `begin()` starts a try: from then on the state keeps a copy of each page of words before its first change. `rollback()` puts the
 * pages back. Between the two, facts may be applied as always, and every read sees them. That is how the driver decides: it applies
 * each fact that it emits, reads on, and rolls back at the end (see `packages/driver/src/index.ts`). There is one try at a time and no
 * commit: who wants to keep the facts applies them again after the log has taken them.
 *
 * ## Holding it
 *
 * - A state belongs to one owner, who may change it. `fork()` gives another owner a copy that shares nothing.
 * - Masks, matrices, `Mdev`, `Queue` and the numbers of a `Card` are values: they stay as they were when you asked. `Card.queues` and
 *   `state.mdevs` are views: they show the host as it is now. Ask again after a fact.
 * - Ids: adapters and domains are 0 to 255; an APQN is `apid << 8 | apqi`; UUIDs are lower case.
 * - `toBytes()` and `HostState.ofBytes()` are the snapshot. Kept bytes are valid for one `STATE_VERSION` and one byte order only;
 *   `ofBytes` gives undefined for bytes of another layout. A snapshot is a cache: the log can always make it again.
 * - Nobody outside this package writes `block` or `texts`.
 *
 * @example
 * ```ts
 * import { evolve, HostState } from '@apledger/host';
 *
 * const state = new HostState(); // no fact is known: state.isRegistered is false
 * for (const fact of facts) evolve(state, fact);
 *
 * state.mdevs.get(uuid)?.assigned; // a matrix, as it is now
 * state.begin();
 * evolve(state, { type: 'MdevRemoved', data: { mdev: uuid } });
 * state.mdevs.has(uuid); // false
 * state.rollback();
 * state.mdevs.has(uuid); // true again
 *
 * const kept = state.toBytes();
 * HostState.ofBytes(kept)?.equals(state); // true
 * ```
 *
 * Where to read on: state.ts, cards.ts, mdevs.ts (what can be asked), layout.ts (where it lies), evolve.ts (the fold), block.ts (growing and the undo).
 */
export {
  type Card,
  CEX4,
  cardType,
  driverOf,
  hasAnyQueue,
  hasQueues,
  inOrder,
  isBoundToVfio,
  type Queue,
  queueOf,
  queuesOf,
  zcryptDriverOf,
} from './cards.ts';
export { evolve, evolvePacked } from './evolve.ts';
export {
  busLimits,
  hardwareOf,
  hostConfig,
  isCheckStopped,
  isDeconfigured,
  isInHardware,
  isReserved,
  isSwitchedOff,
  mdevLimits,
  reachable,
} from './hardware.ts';
export { STATE_VERSION } from './layout.ts';
export { ImpossibleFact } from './lifecycles.ts';
export {
  domainsInMdevs,
  isInMdev,
  isOpen,
  MAX_MDEVS,
  type Mdev,
  mdevOf,
  mdevOfGuest,
  newestWithAny,
  placePlugs,
  unnamedGuest,
} from './mdevs.ts';
export { type CardHardware, HostState } from './state.ts';
