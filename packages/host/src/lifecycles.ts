/**
 * Where the lifecycle machines meet the facts. A state in a host's words is its place in the machine's list of states; what may follow
 * on it, only the machine knows.
 */
import {
  type AdapterPlugEvent,
  type AdapterPlugState,
  adapterPlugTable,
  type GuestEvent,
  type GuestState,
  guestTable,
  next,
} from '@apledger/machines';

/** A fact that cannot follow the facts before it. The history was edited, or written by a defect. */
export class ImpossibleFact extends Error {
  override readonly name = 'ImpossibleFact';
}

/** The state that a machine's answer gives; `undefined` = the machine does not allow the event. */
export function allowed<State>(state: State | undefined, event: string, before: string): State {
  if (state === undefined) throw new ImpossibleFact(`${event} cannot happen to what is ${before}`);
  return state;
}

export const guestStateOf = (code: number): GuestState => guestTable.states[code] ?? guestTable.initial;
export const INITIAL_GUEST = guestTable.states.indexOf(guestTable.initial);

/** The guest's state after an event, by codes. Throws ImpossibleFact. */
export function guestAfter(code: number, event: GuestEvent): number {
  const before = guestStateOf(code);
  return guestTable.states.indexOf(allowed(next(guestTable, before, event), event.type, before));
}

export const plugStateOf = (code: number): AdapterPlugState =>
  adapterPlugTable.states[code] ?? adapterPlugTable.initial;

/** The adapter's state after an event, by codes. Throws ImpossibleFact. */
export function plugAfter(code: number, event: AdapterPlugEvent): number {
  const before = plugStateOf(code);
  return adapterPlugTable.states.indexOf(allowed(next(adapterPlugTable, before, event), event.type, before));
}

/** As `plugAfter`, for an event that leaves the state as it is where the machine does not list it. */
export function plugAfterAny(code: number, event: AdapterPlugEvent): number {
  const after = next(adapterPlugTable, plugStateOf(code), event);
  return after === undefined ? code : adapterPlugTable.states.indexOf(after);
}
