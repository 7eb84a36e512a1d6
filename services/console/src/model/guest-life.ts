/** Where a guest stands in its lifecycle: the facts about its mdev, taken through the machine that the driver itself obeys. */
import { formatApid } from '@apledger/ap';
import type { MdevView, PlugView } from '@apledger/api';
import type { Fact } from '@apledger/events';
import { type GuestEvent, type GuestState, guestTable, next } from '@apledger/machines';

/** The types of the facts that move a guest. */
export const LIFE_FACTS = [
  'MdevCreated',
  'MdevRemovalBlocked',
  'MdevRemoved',
  'GuestStarted',
  'GuestStopped',
  'MdevAttached',
  'MdevDetached',
  'MigrationRequested',
  'MigrationRefused',
  'MigrationCompleted',
] as const satisfies readonly Fact['type'][];

const EVENTS: ReadonlyMap<string, GuestEvent> = new Map<string, GuestEvent>([
  ['GuestStarted', { type: 'START', isAdmitted: true }],
  ['GuestStopped', { type: 'STOP' }],
  ['MdevAttached', { type: 'START', isAdmitted: true }],
  ['MdevDetached', { type: 'STOP' }],
  ['MigrationRequested', { type: 'MIGRATE', pluggedAdapters: 0 }],
  ['MigrationCompleted', { type: 'MIGRATED' }],
  ['MdevRemovalBlocked', { type: 'REMOVE', isWaiting: true, isAttached: true }],
  ['MdevRemoved', { type: 'REMOVE', isWaiting: false, isAttached: false }],
]);

export interface Life {
  readonly state: GuestState;
  /** The last arrow that was taken; undefined before the first. */
  readonly last: { readonly from: GuestState; readonly event: string; readonly to: GuestState } | undefined;
}

const BEGINNING: Life = { state: guestTable.initial, last: undefined };
const RUNNING: Life = { state: 'running', last: undefined };

/** Where a fact leaves a guest, wherever it was before. */
const AFTER: ReadonlyMap<string, GuestState> = new Map<string, GuestState>(
  Object.entries({
    MdevCreated: 'defined',
    MdevRemovalBlocked: 'removing',
    MdevRemoved: 'removed',
    GuestStarted: 'running',
    GuestStopped: 'stopped',
    MdevAttached: 'running',
    MdevDetached: 'stopped',
    MigrationRequested: 'migrating',
    MigrationCompleted: 'migrated',
  }),
);

/**
 * The guest's life after these facts about its mdev, oldest first: the last ones, before which there may have been others. What the
 * machine does not allow moves nothing: a fact is believed as it is, and the drawing must not fail over it. `isOpen` says whether
 * somebody has the mdev open after them, for when they do not tell.
 */
export function lifeAfter(facts: Iterable<string>, isOpen = false): Life {
  const types = [...facts];
  const first = types.findIndex((type) => AFTER.has(type));
  const begun = AFTER.get(types[first] ?? '');
  // The first of them tells where it leaves the guest, not where it found it.
  let life: Life = begun === undefined ? (isOpen ? RUNNING : BEGINNING) : { state: begun, last: undefined };
  for (const type of types.slice(first + 1)) {
    if (type === 'MdevCreated') life = BEGINNING;
    const event = EVENTS.get(type);
    const to = event && next(guestTable, life.state, event);
    if (to !== undefined) life = { state: to, last: { from: life.state, event: event?.type ?? type, to } };
  }
  return life;
}

const PLUG_STATES = [
  'waitingForQueues',
  'plugged',
  'resetting',
  'unplugged',
  'resetFailed',
] as const satisfies readonly (keyof PlugView)[];
/** A state's box has room for as many adapters. */
const MAX_DRAWN = 3;

/** The states in which an mdev's adapters are, and which adapters: all of them, and as many as a chart has room for. */
export function adaptersByState({
  plug,
}: Pick<MdevView, 'plug'>): ReadonlyMap<keyof PlugView, { readonly full: string; readonly short: string }> {
  return new Map(
    PLUG_STATES.filter((state) => plug[state].length > 0).map((state) => {
      const names = plug[state].map(formatApid);
      const isTooLong = names.length > MAX_DRAWN;
      const drawn = isTooLong
        ? [...names.slice(0, MAX_DRAWN - 1), `+${names.length - MAX_DRAWN + 1}`]
        : names;
      return [state, { full: names.join(' '), short: drawn.join(' ') }];
    }),
  );
}
