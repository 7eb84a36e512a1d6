/**
 * The one place where the driver asks the lifecycle machines. Rules give a state and an event with its conditions, and do what the
 * answer says; the fold takes the same steps (packages/host/src/lifecycles.ts).
 */
import type { QueueDriver } from '@apledger/events';
import {
  type AdapterPlugEvent,
  type AdapterPlugState,
  adapterPlugTable,
  type GuestEvent,
  type GuestRefusal,
  type GuestState,
  guestTable,
  next,
  type PlugConditions,
  type QueueEvent,
  type QueueRefusal,
  type QueueState,
  queueTable,
  refusalOf,
} from '@apledger/machines';

/** The guest's state after an event; undefined = refused, `guestRefusal` says why. */
export const guestAfter = (state: GuestState, event: GuestEvent): GuestState | undefined =>
  next(guestTable, state, event);

/** Why a guest in this state is refused an event; undefined when the machine gives no reason. */
export const guestRefusal = (state: GuestState, type: GuestEvent['type']): GuestRefusal | undefined =>
  refusalOf(guestTable, state, type) as GuestRefusal | undefined;

/** The queue's state after an event; undefined = refused, `queueRefusal` says why. */
export const queueAfter = (state: QueueState, event: QueueEvent): QueueState | undefined =>
  next(queueTable, state, event);

/** Why a queue in this state is refused an event; undefined when the machine gives no reason. */
export const queueRefusal = (state: QueueState, type: QueueEvent['type']): QueueRefusal | undefined =>
  refusalOf(queueTable, state, type) as QueueRefusal | undefined;

/** The event of binding a queue to a driver. */
export const bindEvent = (driver: QueueDriver, isEntitled: boolean): QueueEvent => ({
  type: driver === 'vfio_ap' ? 'BIND_VFIO_AP' : 'BIND_ZCRYPT',
  isEntitled,
});

/** The event of taking a queue from a driver. */
export const unbindEvent = (driver: QueueDriver): QueueEvent => ({
  type: driver === 'vfio_ap' ? 'UNBIND_VFIO_AP' : 'UNBIND_ZCRYPT',
});

/** The adapter's state after an event; undefined = not allowed. An adapter without a state is unassigned. */
export const plugAfter = (
  state: AdapterPlugState | undefined,
  event: AdapterPlugEvent,
): AdapterPlugState | undefined => next(adapterPlugTable, state ?? adapterPlugTable.initial, event);

/** True when a refilter under these conditions leaves the adapter in the guest matrix. */
export const isPluggedBy = (state: AdapterPlugState | undefined, conditions: PlugConditions): boolean =>
  (plugAfter(state, { type: 'REFILTER', ...conditions }) ?? state) === 'plugged';

/** True when the adapter is in the guest matrix and leaves it without a refilter. */
export const isUnplugged = (state: AdapterPlugState | undefined): boolean => {
  const after = plugAfter(state, { type: 'UNPLUG' });
  return after !== undefined && after !== 'plugged';
};
