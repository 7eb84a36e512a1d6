/** What facts give: the queues and control domains that a guest or the host has after them and had not before. */
import { andNot, apqn, EMPTY_MASK, formatApqn, idsOf, isEmpty, type Mask256, or } from '@apledger/ap';
import type { Fact } from '@apledger/events';
import { evolve, type HostState, isOpen, queuesOf } from '@apledger/host';

/** By who gets it: `host`, `guest web`, or `mdev UUID` where somebody who is no guest has it open. */
export interface Grants {
  readonly queues: ReadonlyMap<string, readonly string[]>;
  readonly controlDomains: ReadonlyMap<string, readonly number[]>;
}

/** Whether they are any at all. */
export const hasGrants = ({ queues, controlDomains }: Grants): boolean =>
  queues.size > 0 || controlDomains.size > 0;

/** For each holder, the domains by adapter, and the control domains. */
interface Holdings {
  readonly queues: Map<string, Map<number, Mask256>>;
  readonly controlDomains: Map<string, Mask256>;
}

/** What facts give, and what they take. */
export interface Effect {
  readonly gives: Grants;
  readonly takes: Grants;
}

/** What facts that were decided on the state would do. The state is as before afterwards. */
export function effectOf(state: HostState, facts: readonly Fact[]): Effect {
  const { before, after } = around(state, facts);
  return { gives: gained(before, after), takes: gained(after, before) };
}

/** What they would give anybody who has it neither there nor on the other host. */
export function givesBeyond(other: HostState, state: HostState, facts: readonly Fact[]): Grants {
  const { before, after } = around(state, facts);
  const had = holdingsOf(other);
  for (const [holder, held] of before.queues)
    for (const [adapter, domains] of held) add(had, holder, adapter, domains);
  for (const [holder, domains] of before.controlDomains) addControl(had, holder, domains);
  return gained(had, after);
}

function around(
  state: HostState,
  facts: readonly Fact[],
): { readonly before: Holdings; readonly after: Holdings } {
  const before = holdingsOf(state);
  state.begin();
  try {
    for (const fact of facts) evolve(state, fact);
    return { before, after: holdingsOf(state) };
  } finally {
    state.rollback();
  }
}

function holdingsOf(state: HostState): Holdings {
  const holdings: Holdings = { queues: new Map(), controlDomains: new Map() };
  if (!state.isRegistered) return holdings;
  for (const adapter of state.cards.keys())
    add(holdings, 'host', adapter, queuesOf(state, adapter, 'zcrypt'));
  for (const mdev of state.mdevs.values()) {
    const { effective, guest, uuid } = mdev;
    if (effective === null || !isOpen(mdev)) continue;
    const holder = guest === null ? `mdev ${uuid}` : `guest ${guest}`;
    for (const adapter of idsOf(effective.adapters)) add(holdings, holder, adapter, effective.domains);
    addControl(holdings, holder, effective.controlDomains);
  }
  return holdings;
}

function add({ queues }: Holdings, holder: string, adapter: number, domains: Mask256): void {
  if (isEmpty(domains)) return;
  const held = queues.get(holder) ?? new Map<number, Mask256>();
  held.set(adapter, or(held.get(adapter) ?? EMPTY_MASK, domains));
  queues.set(holder, held);
}

function addControl({ controlDomains }: Holdings, holder: string, domains: Mask256): void {
  controlDomains.set(holder, or(controlDomains.get(holder) ?? EMPTY_MASK, domains));
}

function gained(before: Holdings, after: Holdings): Grants {
  const queues = new Map<string, readonly string[]>();
  for (const [holder, held] of after.queues) {
    const had = before.queues.get(holder);
    const names = [...held].flatMap(([adapter, domains]) =>
      idsOf(andNot(domains, had?.get(adapter) ?? EMPTY_MASK)).map((domain) =>
        formatApqn(apqn(adapter, domain)),
      ),
    );
    if (names.length > 0) queues.set(holder, names);
  }
  const controlDomains = new Map<string, readonly number[]>();
  for (const [holder, held] of after.controlDomains) {
    const ids = idsOf(andNot(held, before.controlDomains.get(holder) ?? EMPTY_MASK));
    if (ids.length > 0) controlDomains.set(holder, ids);
  }
  return { queues, controlDomains };
}
