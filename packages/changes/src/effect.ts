/** What a plan does in the end: who loses and gains which queues. */
import { andNot, apqn, apqnsWithout, EMPTY_MATRIX, forEachId, formatApqn, type Matrix } from '@apledger/ap';
import { type HostState, queuesOf } from '@apledger/host';

interface GuestChange {
  readonly guest: string;
  readonly mdev: string;
  readonly queues: readonly string[];
}

export interface Effect {
  readonly lost: readonly GuestChange[];
  readonly gained: readonly GuestChange[];
  readonly hostQueues: { readonly lost: readonly string[]; readonly gained: readonly string[] };
}

/** Compares two states of a host. */
export function effectOf(before: HostState, after: HostState): Effect {
  const [was, is] = [usableBy(before), usableBy(after)];
  return {
    lost: missingIn(was, is),
    gained: missingIn(is, was),
    hostQueues: { lost: hostMissing(before, after), gained: hostMissing(after, before) },
  };
}

type Uses = ReadonlyMap<string, { readonly guest: string; readonly mdev: string; readonly matrix: Matrix }>;

function usableBy(state: HostState): Uses {
  const uses = new Map<string, { readonly guest: string; readonly mdev: string; readonly matrix: Matrix }>();
  for (const { uuid, guest, effective } of state.mdevs.values())
    if (guest !== null && effective !== null)
      uses.set(`${uuid} ${guest}`, { guest, mdev: uuid, matrix: effective });
  return uses;
}

function missingIn(a: Uses, b: Uses): GuestChange[] {
  const changes: GuestChange[] = [];
  for (const [key, { guest, mdev, matrix }] of a) {
    const other = b.get(key)?.matrix ?? EMPTY_MATRIX;
    const queues = apqnsWithout(matrix, other);
    if (queues.length > 0) changes.push({ guest, mdev, queues: queues.map(formatApqn) });
  }
  return changes;
}

function hostMissing(a: HostState, b: HostState): string[] {
  const queues: string[] = [];
  for (const adapter of a.cards.keys())
    forEachId(andNot(queuesOf(a, adapter, 'zcrypt'), queuesOf(b, adapter, 'zcrypt')), (domain) =>
      queues.push(formatApqn(apqn(adapter, domain))),
    );
  return queues;
}
