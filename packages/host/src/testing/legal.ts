/** Makes of any facts a history that can have happened: what cannot follow is left out, lists lose what does not fit. */
import { andNot, idsOf, maskOf, parseApqn } from '@apledger/ap';
import type { Fact } from '@apledger/events';
import { evolve, HostState, ImpossibleFact, type Queue, queueOf } from '../index.ts';

/** The facts of the source, in order, that can follow one another; at most `count` of them. */
export function legal(source: Iterable<Fact>, count = Number.POSITIVE_INFINITY): Fact[] {
  const facts: Fact[] = [];
  let state = new HostState();
  for (const fact of source) {
    if (facts.length >= count) break;
    const fitting = fit(state, fact);
    const next = fitting && after(state, fitting);
    if (fitting === undefined || next === undefined) continue;
    facts.push(fitting);
    state = next;
  }
  return facts;
}

function after(state: HostState, fact: Fact): HostState | undefined {
  const next = state.fork();
  try {
    evolve(next, fact);
    return next;
  } catch (error) {
    if (error instanceof ImpossibleFact) return undefined;
    throw error;
  }
}

/** The fact without what contradicts the state. */
function fit(state: HostState, fact: Fact): Fact | undefined {
  switch (fact.type) {
    case 'QueueDetected':
      return withQueues(state, fact, (queue, hasCard) => queue === undefined && hasCard);
    case 'QueueRemoved':
      return withQueues(state, fact, (queue) => queue?.state === 'unbound');
    case 'QueueBound':
      return withQueues(state, fact, (queue) => queue?.state === 'unbound');
    case 'QueueUnbound': {
      const driver = fact.data.driver === 'vfio_ap' ? 'vfio_ap' : 'zcrypt';
      return withQueues(state, fact, (queue) => queue?.state === driver);
    }
    case 'AdapterAssigned': {
      const assigned = state.mdevs.get(fact.data.mdev)?.assigned.adapters ?? maskOf([]);
      const adapters = idsOf(andNot(maskOf(fact.data.adapters), assigned));
      return { ...fact, data: { ...fact.data, adapters } };
    }
    case 'AdapterUnassigned': {
      const adapters = fact.data.adapters.filter((apid) => isAssigned(state, fact.data.mdev, apid));
      return { ...fact, data: { ...fact.data, adapters } };
    }
    case 'GuestMatrixChanged': {
      const adapters = fact.data.adapters.filter((apid) => isAssigned(state, fact.data.mdev, apid));
      return { ...fact, data: { ...fact.data, adapters } };
    }
    default:
      return fact;
  }
}

const isAssigned = (state: HostState, uuid: string, apid: number): boolean =>
  state.mdevs.get(uuid)?.plug.has(apid) === true;

type QueueFact = Extract<Fact, { data: { queues: string[] } }>;

function withQueues<F extends QueueFact>(
  state: HostState,
  fact: F,
  keep: (queue: Queue | undefined, hasCard: boolean) => boolean,
): F | undefined {
  const queues = fact.data.queues.filter((name) => {
    const queue = parseApqn(name) ?? 0;
    return keep(queueOf(state, queue >>> 8, queue & 0xff), state.cards.has(queue >>> 8));
  });
  return queues.length === 0 ? undefined : { ...fact, data: { ...fact.data, queues } };
}
