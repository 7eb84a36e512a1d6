/**
 * One queue device (APQN) on the AP bus: found by a scan, bound to a driver or to none, gone again.
 *
 * The bus hands a queue from one driver to the other only through `unbound`: it calls the old driver's remove (which unplugs and
 * resets, driver-rules 6.5), resets the queue itself, and offers it anew (3.2). A queue that leaves the host is unbound first, too
 * (6.6), so REMOVE is legal for an unbound queue only. It is `undetected` afterwards: a later scan finds it as if for the first time.
 */
import { setup } from 'xstate';

/** What can happen to a queue device. */
export type QueueEvent =
  | { type: 'DETECT' }
  /** `isEntitled`: by the masks, or by driver_override, this driver may have the queue (driver-rules 3, 4.2). */
  | { type: 'BIND_ZCRYPT'; isEntitled: boolean }
  | { type: 'BIND_VFIO_AP'; isEntitled: boolean }
  | { type: 'UNBIND_ZCRYPT' }
  | { type: 'UNBIND_VFIO_AP' }
  /** A write to driver_override. `areMasksFull`: apmask and aqmask are all ones (driver-rules 4.2). */
  | { type: 'OVERRIDE'; areMasksFull: boolean }
  | { type: 'REMOVE' };

/** Why a queue's machine does not allow an event. The driver knows the errno and the words. */
export type QueueRefusal = 'alreadyBound' | 'notEntitled' | 'notBound' | 'otherDriver' | 'masksInUse';

type Refusals = { readonly refuses?: { readonly [Type in QueueEvent['type']]?: QueueRefusal } };

const override = (state: 'unbound' | 'zcrypt' | 'vfio_ap') =>
  ({ target: state, guard: 'masksAreFull' }) as const;

/** The queue device's binding to a driver (driver-rules 2, 3.2, 4.2, 6.4 to 6.6). */
export const queueMachine = setup({
  types: {} as { events: QueueEvent; meta: Refusals },
  guards: {
    isEntitled: ({ event }) => 'isEntitled' in event && event.isEntitled,
    masksAreFull: ({ event }) => event.type === 'OVERRIDE' && event.areMasksFull,
  },
}).createMachine({
  id: 'queue',
  initial: 'undetected',
  states: {
    /** The host does not have it. */
    undetected: { on: { DETECT: 'unbound' } },
    /** The device exists without a driver. */
    unbound: {
      on: {
        BIND_ZCRYPT: { target: 'zcrypt', guard: 'isEntitled' },
        BIND_VFIO_AP: { target: 'vfio_ap', guard: 'isEntitled' },
        OVERRIDE: override('unbound'),
        REMOVE: 'undetected',
      },
      meta: {
        refuses: {
          BIND_ZCRYPT: 'notEntitled',
          BIND_VFIO_AP: 'notEntitled',
          UNBIND_ZCRYPT: 'notBound',
          UNBIND_VFIO_AP: 'notBound',
          OVERRIDE: 'masksInUse',
        },
      },
    },
    /** The host's own. */
    zcrypt: {
      on: { UNBIND_ZCRYPT: 'unbound', OVERRIDE: override('zcrypt') },
      meta: {
        refuses: {
          BIND_ZCRYPT: 'alreadyBound',
          BIND_VFIO_AP: 'alreadyBound',
          UNBIND_VFIO_AP: 'otherDriver',
          OVERRIDE: 'masksInUse',
        },
      },
    },
    /** Available to guests. */
    vfio_ap: {
      on: { UNBIND_VFIO_AP: 'unbound', OVERRIDE: override('vfio_ap') },
      meta: {
        refuses: {
          BIND_ZCRYPT: 'alreadyBound',
          BIND_VFIO_AP: 'alreadyBound',
          UNBIND_ZCRYPT: 'otherDriver',
          OVERRIDE: 'masksInUse',
        },
      },
    },
  },
});
