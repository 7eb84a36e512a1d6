/**
 * The life of one guest, as the driver sees it: somebody opens the mdev, uses it, closes it.
 *
 * "Open" is what counts. `starting`, `running`, `migrating` and `stopping` hold the mdev open, so START is refused there: a second
 * open is stopped by vfio with EBUSY (driver-rules 6.8). A guest that has plugged AP adapters cannot be moved to another host,
 * because its queues are pieces of this one; MIGRATE therefore asks how many are plugged.
 */
import { setup } from 'xstate';

/** What can happen to a guest. */
export type GuestEvent =
  | { type: 'START' }
  | { type: 'STARTED' }
  | { type: 'START_FAILED' }
  /** `pluggedAdapters`: how many AP adapters are in the guest's matrix at this moment. */
  | { type: 'MIGRATE'; pluggedAdapters: number }
  | { type: 'MIGRATED' }
  | { type: 'MIGRATION_FAILED' }
  | { type: 'STOP' }
  | { type: 'STOPPED' };

/** Tells whether the guest may leave this host: no AP adapter is plugged into it. */
export function noAdapterPlugged(event: GuestEvent): boolean {
  return event.type === 'MIGRATE' && event.pluggedAdapters === 0;
}

/** The guest's lifecycle (driver-rules 6.8; the ban on migration: the founding document's "Live migration"). */
export const guestMachine = setup({
  types: {} as { events: GuestEvent },
  guards: { noAdapterPlugged: ({ event }) => noAdapterPlugged(event) },
}).createMachine({
  id: 'guest',
  initial: 'defined',
  states: {
    /** The mdev exists; nobody has opened it yet. */
    defined: { on: { START: 'starting' } },
    starting: { on: { STARTED: 'running', START_FAILED: 'stopped' } },
    running: {
      on: {
        MIGRATE: { target: 'migrating', guard: 'noAdapterPlugged' },
        STOP: 'stopping',
      },
    },
    /** MIGRATED ends in `stopped`, not in a state of its own: to this host the guest is simply gone, and may be started again. */
    migrating: { on: { MIGRATED: 'stopped', MIGRATION_FAILED: 'running' } },
    stopping: { on: { STOPPED: 'stopped' } },
    /** The mdev was open once and is closed now. */
    stopped: { on: { START: 'starting' } },
  },
});
