/**
 * Where the lifecycle machines meet the facts. A state in a host's words is its place in the machine's list of states; what may follow
 * on it, only the machine knows.
 */
import {
  type AdapterPlugState,
  adapterPlugTable,
  type GuestState,
  guestTable,
  type QueueState,
  queueTable,
  REFUSED,
  type Step,
  stepOf,
} from '@apledger/machines';

/** A fact that cannot follow the facts before it. The history was edited, or written by a defect. */
export class ImpossibleFact extends Error {
  override readonly name = 'ImpossibleFact';
}

export const guestStateOf = (code: number): GuestState => guestTable.states[code] ?? guestTable.initial;
export const INITIAL_GUEST = guestTable.states.indexOf(guestTable.initial);

/**
 * The code of the state after a step of a machine with these states. Throws ImpossibleFact when the machine refuses the step; it says
 * that this was on the card, if one is named.
 */
export function codeAfter(
  { after, type }: Step,
  code: number,
  { states }: { readonly states: readonly string[] },
  card = -1,
): number {
  const next = after[code] ?? REFUSED;
  if (next === REFUSED) {
    const where = card < 0 ? '' : ` on card ${card}`;
    throw new ImpossibleFact(
      `${type} cannot happen to what is ${states[code] ?? `in state ${code}`}${where}`,
    );
  }
  return next;
}

/** What facts say has happened to a guest, an adapter or a queue. A history holds only what was let through. */
export const GUEST = {
  start: stepOf(guestTable, { type: 'START', isAdmitted: true }),
  stop: stepOf(guestTable, { type: 'STOP' }),
  remove: stepOf(guestTable, { type: 'REMOVE', isWaiting: false, isAttached: false }),
  waitForRemoval: stepOf(guestTable, { type: 'REMOVE', isWaiting: true, isAttached: true }),
  migrate: stepOf(guestTable, { type: 'MIGRATE', pluggedAdapters: 0 }),
  migrated: stepOf(guestTable, { type: 'MIGRATED' }),
} as const;
export const ADAPTER = {
  assign: stepOf(adapterPlugTable, { type: 'ASSIGN' }),
  unassign: stepOf(adapterPlugTable, { type: 'UNASSIGN' }),
  plug: stepOf(adapterPlugTable, {
    type: 'REFILTER',
    isInHost: true,
    areQueuesBound: true,
    areQueuesPassable: true,
  }),
  unplug: stepOf(adapterPlugTable, { type: 'UNPLUG' }),
  resetDone: stepOf(adapterPlugTable, { type: 'RESET_DONE' }),
  resetFailed: stepOf(adapterPlugTable, { type: 'RESET_FAILED' }),
} as const;
export const QUEUE = {
  detect: stepOf(queueTable, { type: 'DETECT' }),
  remove: stepOf(queueTable, { type: 'REMOVE' }),
  bindToZcrypt: stepOf(queueTable, { type: 'BIND_ZCRYPT', isEntitled: true }),
  bindToVfioAp: stepOf(queueTable, { type: 'BIND_VFIO_AP', isEntitled: true }),
  unbindFromZcrypt: stepOf(queueTable, { type: 'UNBIND_ZCRYPT' }),
  unbindFromVfioAp: stepOf(queueTable, { type: 'UNBIND_VFIO_AP' }),
} as const;

/** The codes of a queue's states. */
const queueCode = (state: QueueState): number => queueTable.states.indexOf(state);
export const UNDETECTED = queueCode('undetected');
export const WITH_ZCRYPT = queueCode('zcrypt');
export const WITH_VFIO_AP = queueCode('vfio_ap');
export const REMOVED_GUEST = guestTable.states.indexOf('removed');

export const plugStateOf = (code: number): AdapterPlugState =>
  adapterPlugTable.states[code] ?? adapterPlugTable.initial;
