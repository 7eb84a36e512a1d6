/**
 * The lifecycle machines as tables of small numbers, for states that lie in words. Compiled from the machines: nothing here says what
 * is allowed.
 */
import {
  type AdapterPlugEvent,
  type AdapterPlugState,
  adapterPlugTable,
  type GuestEvent,
  type GuestState,
  guestTable,
  next,
  type QueueEvent,
  type QueueState,
  queueTable,
  type TransitionTable,
} from '@apledger/machines';

/** A fact that cannot follow the facts before it. The history was edited, or written by a defect. */
export class ImpossibleFact extends Error {
  override readonly name = 'ImpossibleFact';
}

const FORBIDDEN = 255;

/** One event: the code of the state after it, by the code of the state before. */
type Row = Uint8Array;

const rowOf = <State extends string, Event extends { type: string }>(
  table: TransitionTable<State, Event>,
  event: NoInfer<Event>,
): Row =>
  Uint8Array.from(table.states, (state) => {
    const after = next(table, state, event);
    return after === undefined ? FORBIDDEN : table.states.indexOf(after);
  });

/** The state after an event, as a code. Throws ImpossibleFact when the machine does not allow it. */
function step(row: Row, states: readonly string[], event: string, before: number): number {
  const after = row[before] ?? FORBIDDEN;
  if (after === FORBIDDEN) throw new ImpossibleFact(`${event} cannot happen to what is ${states[before]}`);
  return after;
}

/** What the facts say of guests; a history holds only the migrations that were let through. */
const guestRows = {
  START: rowOf<GuestState, GuestEvent>(guestTable, { type: 'START' }),
  STARTED: rowOf<GuestState, GuestEvent>(guestTable, { type: 'STARTED' }),
  MIGRATE: rowOf<GuestState, GuestEvent>(guestTable, { type: 'MIGRATE', pluggedAdapters: 0 }),
  MIGRATED: rowOf<GuestState, GuestEvent>(guestTable, { type: 'MIGRATED' }),
  STOP: rowOf<GuestState, GuestEvent>(guestTable, { type: 'STOP' }),
  STOPPED: rowOf<GuestState, GuestEvent>(guestTable, { type: 'STOPPED' }),
};
export type GuestStep = keyof typeof guestRows;

/** Codes of states are their places in the machine's definition. */
export const guestStateOf = (code: number): GuestState => guestTable.states[code] ?? guestTable.initial;
export const INITIAL_GUEST = guestTable.states.indexOf(guestTable.initial);

export const guestStep = (type: GuestStep, before: number): number =>
  step(guestRows[type], guestTable.states, type, before);

const plugRows = {
  ASSIGN: rowOf<AdapterPlugState, AdapterPlugEvent>(adapterPlugTable, { type: 'ASSIGN' }),
  PLUG: rowOf<AdapterPlugState, AdapterPlugEvent>(adapterPlugTable, { type: 'PLUG' }),
  UNPLUG: rowOf<AdapterPlugState, AdapterPlugEvent>(adapterPlugTable, { type: 'UNPLUG' }),
  RESET_DONE: rowOf<AdapterPlugState, AdapterPlugEvent>(adapterPlugTable, { type: 'RESET_DONE' }),
  RESET_FAILED: rowOf<AdapterPlugState, AdapterPlugEvent>(adapterPlugTable, { type: 'RESET_FAILED' }),
  UNASSIGN: rowOf<AdapterPlugState, AdapterPlugEvent>(adapterPlugTable, { type: 'UNASSIGN' }),
};

export const plugStateOf = (code: number): AdapterPlugState =>
  adapterPlugTable.states[code] ?? adapterPlugTable.initial;

export const plugStep = (type: AdapterPlugEvent['type'], before: number): number =>
  step(plugRows[type], adapterPlugTable.states, type, before);

/** In which of the states that masks tell apart a queue event is legal, and which one it leads to. */
export interface QueueStep {
  readonly fromAbsent: boolean;
  readonly fromUnbound: boolean;
  readonly fromZcrypt: boolean;
  readonly fromVfioAp: boolean;
}

function queueStep(type: QueueEvent['type']): QueueStep {
  const isLegal = (state: QueueState): boolean => next(queueTable, state, { type }) !== undefined;
  return {
    fromAbsent: isLegal('undetected'),
    fromUnbound: isLegal('unbound'),
    fromZcrypt: isLegal('zcrypt'),
    fromVfioAp: isLegal('vfio_ap'),
  };
}

export const queueSteps = {
  DETECT: queueStep('DETECT'),
  BIND_ZCRYPT: queueStep('BIND_ZCRYPT'),
  BIND_VFIO_AP: queueStep('BIND_VFIO_AP'),
  UNBIND: queueStep('UNBIND'),
  REMOVE: queueStep('REMOVE'),
};
