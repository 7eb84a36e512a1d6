/**
 * The life of one guest, as the driver sees it: somebody opens the mdev, uses it, closes it.
 *
 * States with the tag `open` hold the mdev open; that tag is the one definition of "open". A start that is not admitted leaves the guest
 * where it was, and so does a migration that is refused. What a state refuses, and why, is in its `meta`.
 */
import { setup } from 'xstate';

/** What a guest can be asked to do, and what can happen to it. */
export type GuestEvent =
  /** `isAdmitted`: the driver lets this one open the mdev (driver-rules 6.8; its conditions differ by generation). */
  | { type: 'START'; isAdmitted: boolean }
  | { type: 'STOP' }
  /** The VFIO_DEVICE_RESET ioctl. */
  | { type: 'RESET' }
  /** `pluggedAdapters`: how many AP adapters are in the guest's matrix at this moment. */
  | { type: 'MIGRATE'; pluggedAdapters: number }
  /** The guest runs elsewhere now; the mdev is closed next. */
  | { type: 'MIGRATED' }
  /**
   * Somebody writes to the mdev's `remove` file. `isWaiting`: in this generation the writer waits for the close (driver-rules 5.6);
   * `isAttached`: the guest's own masks follow the mdev.
   */
  | { type: 'REMOVE'; isWaiting: boolean; isAttached: boolean };

/** Why a guest's machine does not allow an event. The driver knows the errno and the words. */
export type GuestRefusal =
  | 'notAdmitted'
  | 'alreadyOpen'
  | 'beingRemoved'
  | 'neverOpened'
  | 'closed'
  | 'adaptersPlugged'
  | 'inUse';

/** Tells whether the guest may leave this host: no AP adapter is plugged into it. */
export function noAdapterPlugged(event: GuestEvent): boolean {
  return event.type === 'MIGRATE' && event.pluggedAdapters === 0;
}

type Refusals = { readonly refuses?: { readonly [Type in GuestEvent['type']]?: GuestRefusal } };

/** The guest's lifecycle (driver-rules 5.6, 6.8; the ban on migration: the founding document's "Live migration"). */
export const guestMachine = setup({
  types: {} as { events: GuestEvent; tags: 'open'; meta: Refusals },
  guards: {
    noAdapterPlugged: ({ event }) => noAdapterPlugged(event),
    isAdmitted: ({ event }) => event.type === 'START' && event.isAdmitted,
    removalWaits: ({ event }) => event.type === 'REMOVE' && event.isWaiting,
    isUnattached: ({ event }) => event.type === 'REMOVE' && !event.isAttached,
  },
}).createMachine({
  id: 'guest',
  initial: 'defined',
  states: {
    /** The mdev exists; nobody has opened it yet. */
    defined: {
      on: { START: { target: 'running', guard: 'isAdmitted' }, REMOVE: 'removed' },
      meta: {
        refuses: {
          START: 'notAdmitted',
          STOP: 'neverOpened',
          RESET: 'neverOpened',
          MIGRATE: 'neverOpened',
        },
      },
    },
    running: {
      on: {
        STOP: 'stopped',
        RESET: 'running',
        MIGRATE: { target: 'migrating', guard: 'noAdapterPlugged' },
        REMOVE: [
          { target: 'removing', guard: 'removalWaits' },
          { target: 'removed', guard: 'isUnattached' },
        ],
      },
      tags: 'open',
      meta: { refuses: { START: 'alreadyOpen', MIGRATE: 'adaptersPlugged', REMOVE: 'inUse' } },
    },
    /** A removal waits for the guest to close. */
    removing: {
      on: {
        STOP: 'stopped',
        RESET: 'removing',
        MIGRATE: { target: 'migrating', guard: 'noAdapterPlugged' },
      },
      tags: 'open',
      meta: { refuses: { START: 'beingRemoved', MIGRATE: 'adaptersPlugged' } },
    },
    migrating: { on: { MIGRATED: 'migrated' }, tags: 'open' },
    /** The guest runs elsewhere, and has not let go of the mdev here. */
    migrated: { on: { STOP: 'stopped' }, tags: 'open' },
    /** The mdev was open once and is closed now. */
    stopped: {
      on: { START: { target: 'running', guard: 'isAdmitted' }, REMOVE: 'removed' },
      meta: { refuses: { START: 'notAdmitted', STOP: 'closed', RESET: 'closed', MIGRATE: 'closed' } },
    },
    /** The mdev does not exist any more. */
    removed: {},
  },
});
