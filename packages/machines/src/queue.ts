/**
 * One queue device (APQN) on the AP bus: found by a scan, bound to a driver or to none, gone again.
 *
 * The bus hands a queue from one driver to the other only through `unbound`: it calls the old driver's remove (which unplugs and
 * resets, driver-rules 6.5), resets the queue itself, and offers it anew (3.2). A queue that leaves the host is unbound first, too
 * (6.6), so REMOVE is legal for an unbound queue only.
 */
import { setup } from 'xstate';

/** What can happen to a queue device. */
export type QueueEvent =
  | { type: 'DETECT' }
  | { type: 'BIND_ZCRYPT' }
  | { type: 'BIND_VFIO_AP' }
  | { type: 'UNBIND' }
  | { type: 'REMOVE' };

/** The queue device's binding to a driver (driver-rules 3.2, 6.4 to 6.6). */
export const queueMachine = setup({
  types: {} as { events: QueueEvent },
}).createMachine({
  id: 'queue',
  initial: 'undetected',
  states: {
    /** No scan has found it yet. */
    undetected: { on: { DETECT: 'unbound' } },
    /** The device exists without a driver. */
    unbound: { on: { BIND_ZCRYPT: 'zcrypt', BIND_VFIO_AP: 'vfio_ap', REMOVE: 'gone' } },
    /** The host's own. */
    zcrypt: { on: { UNBIND: 'unbound' } },
    /** Available to guests. */
    vfio_ap: { on: { UNBIND: 'unbound' } },
    /** The host had it and lost it; unlike `undetected` it has a history. */
    gone: { on: { DETECT: 'unbound' } },
  },
});
