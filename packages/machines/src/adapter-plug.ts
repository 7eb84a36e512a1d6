/**
 * One adapter in one guest's matrix: assigned or not, in the guest matrix or not, and if not, why not.
 *
 * Only the driver moves an adapter into or out of the guest matrix: by PLUG, UNPLUG and UNASSIGN. A reset never does (driver-rules
 * 6.9): it may come at any moment, and only changes the reason why an absent adapter is absent. So resets are legal everywhere,
 * PLUG wherever the adapter is assigned but absent, UNPLUG where it is plugged, UNASSIGN where it is assigned.
 *
 * All three generations fit. Where they differ (which absent adapter a refilter takes back) the driver decides, not this machine.
 */
import { setup } from 'xstate';

/**
 * What can happen to the adapter. The reset events speak for the whole adapter: RESET_DONE when every queue that was to be reset
 * answered normal, deconfigured or check-stopped (driver-rules 6.2 "passable"), RESET_FAILED when at least one did not.
 */
export type AdapterPlugEvent =
  | { type: 'ASSIGN' }
  | { type: 'PLUG' }
  | { type: 'UNPLUG' }
  | { type: 'RESET_DONE' }
  | { type: 'RESET_FAILED' }
  /** Leaves the guest matrix, too, when it was plugged: no UNPLUG comes with it or after it. */
  | { type: 'UNASSIGN' };

/** The adapter's way into and out of one guest matrix (driver-rules 5.2, 5.3, 6.2 to 6.6, 6.8, 6.9 and 8). */
export const adapterPlugMachine = setup({
  types: {} as { events: AdapterPlugEvent },
}).createMachine({
  id: 'adapterPlug',
  initial: 'unassigned',
  states: {
    /** Not in the matrix. Unassigning unlinks the queues first and resets them afterwards (5.3): those resets arrive here. */
    unassigned: {
      on: { ASSIGN: 'waitingForQueues', RESET_DONE: 'unassigned', RESET_FAILED: 'unassigned' },
    },
    /** Assigned, and not plugged since. Closing the mdev resets its queues all the same (6.8), also when never plugged. */
    waitingForQueues: {
      on: {
        PLUG: 'plugged',
        RESET_DONE: 'waitingForQueues',
        RESET_FAILED: 'resetFailed',
        UNASSIGN: 'unassigned',
      },
    },
    /**
     * In the guest matrix. In 6.12 and 7.3 it stays there when the guest closes or asks for a reset (6.8), and even a failed reset
     * only takes it out at the next refilter (6.4), which is then an UNPLUG.
     */
    plugged: {
      on: {
        UNPLUG: 'resetting',
        RESET_DONE: 'plugged',
        RESET_FAILED: 'plugged',
        UNASSIGN: 'unassigned',
      },
    },
    /**
     * Left the guest matrix; its queues are not known to be reset. When the host itself lost the adapter no reset follows (6.6), and
     * an agent cannot see every reset, so PLUG is legal here.
     */
    resetting: {
      on: { PLUG: 'plugged', RESET_DONE: 'unplugged', RESET_FAILED: 'resetFailed', UNASSIGN: 'unassigned' },
    },
    /** Still assigned, out of the guest matrix, clean. A refilter may take it back. */
    unplugged: {
      on: { PLUG: 'plugged', RESET_DONE: 'unplugged', RESET_FAILED: 'resetFailed', UNASSIGN: 'unassigned' },
    },
    /**
     * Still assigned, out of the guest matrix, and its last reset failed. While its queue stays bound only a good reset lets it
     * return; but a queue that was unbound and bound anew counts as normal (6.2), and 2019-v2 does not look at reset results (8),
     * so PLUG is legal: the history must be able to say that it happened.
     */
    resetFailed: {
      on: { PLUG: 'plugged', RESET_DONE: 'unplugged', RESET_FAILED: 'resetFailed', UNASSIGN: 'unassigned' },
    },
  },
});
