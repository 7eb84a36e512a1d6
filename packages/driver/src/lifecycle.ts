/** Where the lifecycle machines meet the facts: one step of a machine, or a damaged history. */
import { type AdapterPlugEvent, type AdapterPlugState, adapterPlugTable, next } from '@apledger/machines';

/** A fact that cannot follow the facts before it. The history was edited, or written by a defect. */
export class ImpossibleFact extends Error {
  override readonly name = 'ImpossibleFact';
}

/** The state that a machine's answer gives; `undefined` = the machine does not allow the event. */
export function allowed<State>(state: State | undefined, what: string): State {
  if (state === undefined) throw new ImpossibleFact(`${what} cannot have happened here`);
  return state;
}

export type PlugStates = ReadonlyMap<number, AdapterPlugState>;

/** Moves these adapters of one mdev a step on; an adapter that ends unassigned is forgotten. */
export function advancePlug(plug: PlugStates, apids: Iterable<number>, event: AdapterPlugEvent): PlugStates {
  const result = new Map(plug);
  for (const apid of apids) {
    const before = plug.get(apid) ?? adapterPlugTable.initial;
    const after = allowed(
      next(adapterPlugTable, before, event),
      `${event.type} of ${before} adapter ${apid}`,
    );
    if (after === 'unassigned') result.delete(apid);
    else result.set(apid, after);
  }
  return result;
}
