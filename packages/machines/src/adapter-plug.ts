/**
 * One adapter in one guest's matrix: assigned or not, in the guest matrix or not, and if not, why not.
 *
 * The driver asks it for every adapter that a refilter looks at, and does what it answers (driver-rules 6.2). The conditions are the
 * driver's, by generation; what follows from them is the machine's. A reset never moves an adapter into the guest matrix or out of it
 * (6.9): it may come at any moment, and only changes the reason why an absent adapter is absent. What a state does not list about
 * resets leaves it as it is.
 */
import { setup } from 'xstate';

/** What the driver found out about an adapter before a refilter. */
export interface PlugConditions {
  /** The host has the adapter; 2019-v2 does not look. */
  readonly isInHost: boolean;
  /** The queues of adapter x domains are bound to vfio_ap: every one, or at an open of 2019-v2 at least one. */
  readonly areQueuesBound: boolean;
  /** The last reset of every such queue answered normal, deconfigured or check-stopped; 2019-v2 does not look. */
  readonly areQueuesPassable: boolean;
}

/**
 * What can happen to the adapter. The reset events speak for the whole adapter: RESET_DONE when every queue that was to be reset
 * answered normal, deconfigured or check-stopped (driver-rules 6.2 "passable"), RESET_FAILED when at least one did not.
 */
export type AdapterPlugEvent =
  | { type: 'ASSIGN' }
  | ({ type: 'REFILTER' } & PlugConditions)
  /** Out of the guest matrix without a refilter: a queue is unbound, the host lost the adapter, the 2019-v2 guest closes. */
  | { type: 'UNPLUG' }
  | { type: 'RESET_DONE' }
  | { type: 'RESET_FAILED' }
  /** Leaves the guest matrix, too, when it was plugged: no UNPLUG comes with it or after it. */
  | { type: 'UNASSIGN' };

/** Tells whether a refilter lets the adapter be in the guest matrix. A queue whose reset failed keeps it out. */
export function isUsable(event: AdapterPlugEvent): boolean {
  return event.type === 'REFILTER' && event.isInHost && event.areQueuesBound && event.areQueuesPassable;
}

/** The adapter's way into and out of one guest matrix (driver-rules 5.2, 5.3, 6.2 to 6.6, 6.8, 6.9 and 8). */
export const adapterPlugMachine = setup({
  types: {} as { events: AdapterPlugEvent },
  guards: {
    isUsable: ({ event }) => isUsable(event),
    isUnusable: ({ event }) => event.type === 'REFILTER' && !isUsable(event),
  },
}).createMachine({
  id: 'adapterPlug',
  initial: 'unassigned',
  states: {
    /** Not in the matrix. */
    unassigned: { on: { ASSIGN: 'waitingForQueues' } },
    /** Assigned, and not plugged since. Closing the mdev resets its queues all the same (6.8), also when never plugged. */
    waitingForQueues: {
      on: {
        REFILTER: { target: 'plugged', guard: 'isUsable' },
        RESET_FAILED: 'resetFailed',
        UNASSIGN: 'unassigned',
      },
    },
    /**
     * In the guest matrix. In 6.12 and 7.3 it stays there when the guest closes or asks for a reset (6.8), and even a failed reset
     * only takes it out at the next refilter (6.4).
     */
    plugged: {
      on: {
        REFILTER: { target: 'resetting', guard: 'isUnusable' },
        UNPLUG: 'resetting',
        UNASSIGN: 'unassigned',
      },
    },
    /** Left the guest matrix; its queues are not known to be reset. When the host itself lost the adapter no reset follows (6.6). */
    resetting: {
      on: {
        REFILTER: { target: 'plugged', guard: 'isUsable' },
        RESET_DONE: 'unplugged',
        RESET_FAILED: 'resetFailed',
        UNASSIGN: 'unassigned',
      },
    },
    /** Still assigned, out of the guest matrix, clean. A refilter may take it back. */
    unplugged: {
      on: {
        REFILTER: { target: 'plugged', guard: 'isUsable' },
        RESET_FAILED: 'resetFailed',
        UNASSIGN: 'unassigned',
      },
    },
    /**
     * Still assigned, out of the guest matrix, and its last reset failed. Its queue is not passable until a good reset, or until it is
     * unbound and bound anew (6.2): so long the guard keeps it out. 2019-v2 does not look at reset results (8).
     */
    resetFailed: {
      on: {
        REFILTER: { target: 'plugged', guard: 'isUsable' },
        RESET_DONE: 'unplugged',
        UNASSIGN: 'unassigned',
      },
    },
  },
});
