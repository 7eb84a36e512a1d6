/**
 * What differs between driver generations, as one interface. `generations/` implements it, from parts that lie in `rules/`;
 * `commands/` asks it through the transaction, and is the same for all generations.
 */
import type { Apqn, ControlledMatrix, Mask256, NumberOverflow } from '@apledger/ap';
import type { Errno, MaskName } from '@apledger/events';
import type { HostState, Mdev } from '@apledger/host';
import type { ServedTypes } from './hardware.ts';
import type { Outcome, Refusal } from './refusal.ts';
import type { Opening } from './rules/guest-matrix.ts';
import type { LifecycleErrnos } from './rules/lifecycle-refusals.ts';
import type { Transaction } from './transaction.ts';

/** An adapter or domain, named where both obey the mirror image of one rule. */
export type Axis = 'adapters' | 'domains';

/** What the scan in progress still has to do for an mdev (driver-rules 6.6). */
export interface PendingAdditions {
  readonly byMdev: ReadonlyMap<string, ControlledMatrix>;
}

/** Files that not every generation has (driver-rules 9, driver-rules-older 2, 4 and 5). */
export type OptionalFile =
  | 'bus/bindings'
  | 'bus/bindings_complete_count'
  | 'bus/features'
  | 'bus/scans'
  | 'card/chkstop'
  | 'card/max_msg_size'
  | 'queue/ap_functions'
  | 'queue/chkstop'
  | 'queue/driver_override'
  | 'queue/status'
  | 'matrix/features'
  | 'mdev/ap_config'
  | 'mdev/guest_matrix'
  | 'mdev/vfio-dev';

export interface GenerationRules {
  /** How a number that is too large is read in a relative mask (driver-rules 3.1, driver-rules-older 3). */
  readonly numberOverflow: NumberOverflow;
  /** Text of `mdev create` with no instance left (driver-rules 8). */
  readonly noInstanceErrno: Errno;
  readonly files: ReadonlySet<OptionalFile>;
  /** The errno of what a lifecycle machine refuses. */
  readonly errnos: LifecycleErrnos;
  /** `remove` of an mdev that is open waits for the close; else it is refused while a guest is attached (driver-rules 5.6, 8). */
  readonly isRemovalWaiting: boolean;
  /** A removal that waits takes everything from the guest at once (driver-rules 5.6). */
  readonly removalEmptiesGuest: boolean;
  /** Mode of the module parameter files (driver-rules 2). */
  readonly parameterMode: number;
  /** `depth` shows what TAPQ says, one less than the places of the queue (driver-rules 4.1). */
  readonly showsRawDepth: boolean;
  /** Uevents of queues name the card's type, and none the mode (driver-rules-older 10). */
  readonly namesTypeInUevents: boolean;
  readonly servedTypes: ServedTypes;
  /** The bus keeps a flag for check-stopped devices (driver-rules-older 4). */
  readonly noticesCheckStop: boolean;
  /** The bus says when all queues have a driver (driver-rules 10). */
  readonly announcesBindings: boolean;
  /** `poll_thread` and `poll_timeout` are read by sscanf, what follows the number is ignored (driver-rules-older 2). */
  readonly scansPollAttributes: boolean;
  /** Adapters that the refilter takes out of a guest matrix are reset (driver-rules 5.2, driver-rules-older 6.2). */
  readonly resetsThrownOut: boolean;
  /** The matrix of an mdev can change while a guest has it (driver-rules-older 1). */
  readonly hotPlugs: boolean;

  /** Refuses a mask change that would take something from an mdev (driver-rules 3.2). */
  refuseMask(state: HostState, mask: MaskName, added: Mask256): Refusal | undefined;
  /** assign_adapter / assign_domain after number and bound were checked (driver-rules 5.2). */
  assign(tx: Transaction, mdev: Mdev, axis: Axis, id: number): Outcome;
  /** unassign_adapter / unassign_domain of something assigned (driver-rules 5.3). */
  unassign(tx: Transaction, mdev: Mdev, axis: Axis, ids: Mask256): void;
  /** What an ap_config write does once its masks are stored (driver-rules 5.5); undefined where there is no ap_config. */
  readonly configured: ((tx: Transaction, mdev: Mdev) => void) | undefined;
  /** The filtered control domains after the assigned ones have changed (driver-rules 5.4). */
  filterControlDomains(tx: Transaction, mdev: Mdev, gone: Mask256): void;
  /** vfio_ap got a queue (driver-rules 6.4). */
  queueBound(tx: Transaction, queue: Apqn, pending: PendingAdditions | undefined): void;
  /** vfio_ap is about to lose a queue (driver-rules 6.5). */
  queueUnbinding(tx: Transaction, queue: Apqn): void;
  /** Resets these queues, all bound to vfio_ap, again where the answer asks for it (driver-rules 6.9). */
  reset(tx: Transaction, queues: readonly Apqn[]): void;
  /** The order in which VFIO_DEVICE_RESET goes through an mdev's queues, given ascending (driver-rules 6.9). */
  inResetOrder(queues: readonly Apqn[]): readonly Apqn[];
  /** What the VFIO_DEVICE_RESET ioctl makes of a queue's answer; undefined = it is content (driver-rules 6.8, 8). */
  resetErrno(responseCode: number): Errno | undefined;
  /** vfio_ap lets go of queues that no guest loses by it: resets them where the generation does (driver-rules 6.5). */
  letGo(tx: Transaction, queues: readonly Apqn[]): void;
  /** The bus found a new host configuration (driver-rules 6.6); `before` is the one until now. */
  configChanged(tx: Transaction, before: ControlledMatrix): PendingAdditions | undefined;
  scanComplete(tx: Transaction, pending: PendingAdditions): void;
  /** Why the driver does not let a guest in that opens an mdev (driver-rules 6.8). */
  refuseOpen(state: HostState, mdev: Mdev, guest: string | null): Refusal | undefined;
  /** A guest that was let in opens an mdev (driver-rules 6.8). */
  open(tx: Transaction, mdev: Mdev, guest: string | null, opening: Opening): void;
  /** After the guest has let go; `mdev` as it was while it was open. */
  close(tx: Transaction, mdev: Mdev): void;
}
