/** The facts about hardware, cards and queues: the part of `evolve` below the mdevs. */
import { apidOf, apqiOf, has, parseApqn, parseCard, withBit, withoutBit } from '@apledger/ap';
import type { CardMode, Fact, FactOf } from '@apledger/events';
import { type QueueEvent, queueTable } from '@apledger/machines';
import {
  allowed,
  bindEvent,
  ImpossibleFact,
  type PlugStates,
  plugAfter,
  queueAfter,
  unbindEvent,
} from './lifecycle.ts';
import { isPassable } from './passable.ts';
import { type Card, type CardHardware, type HostState, type Mdev, matrixOfIds, type Queue } from './state.ts';

const DEVICE_FACTS = [
  'HardwareChanged',
  'CheckStopChanged',
  'ResetFaultInjected',
  'CardDetected',
  'CardRemoved',
  'CardConfigured',
  'CardDeconfigured',
  'CardCheckStopNoticed',
  'QueueDetected',
  'QueueRemoved',
  'QueueStateNoticed',
  'QueueBound',
  'QueueUnbound',
  'QueueReset',
  'DriverOverrideChanged',
  'OnlineChanged',
] as const;
type DeviceFact = FactOf<(typeof DEVICE_FACTS)[number]>;
const deviceFacts: ReadonlySet<string> = new Set(DEVICE_FACTS);

export const isDeviceFact = (fact: Fact): fact is DeviceFact => deviceFacts.has(fact.type);

/** Facility bits that are usual for a card's mode, as lszcrypt shows them. */
const USUAL_FUNCTIONS: Readonly<Record<CardMode, number>> = { A: 0x6a800000, C: 0x92800000, P: 0x86800000 };

/** A card as a command names it, with the usual facility bits when it names none. */
export const cardHardware = (card: { type: number; mode: CardMode; functions?: number }): CardHardware => ({
  type: card.type,
  mode: card.mode,
  functions: card.functions ?? USUAL_FUNCTIONS[card.mode],
});

export function evolveDevices(state: HostState, fact: DeviceFact): HostState {
  switch (fact.type) {
    case 'HardwareChanged':
      return hardwareChanged(state, fact);
    case 'CheckStopChanged': {
      const { adapter, checkStopped } = fact.data;
      const set = checkStopped ? withBit : withoutBit;
      return withHardware(state, { checkStopped: set(state.hardware.checkStopped, adapter) });
    }
    case 'ResetFaultInjected': {
      const resetFaults = new Map(state.hardware.resetFaults);
      const queue = queueNamed(fact.data.queue);
      resetFaults.set(queue, [...(resetFaults.get(queue) ?? []), ...fact.data.responseCodes]);
      return withHardware(state, { resetFaults });
    }
    case 'CardDetected': {
      const { adapter, ...card } = fact.data;
      if (state.cards.has(adapter)) throw new ImpossibleFact(`card ${adapter} was detected before`);
      return withCard(state, adapter, { ...card, online: true, queues: new Map() });
    }
    case 'CardRemoved': {
      const cards = new Map(state.cards);
      if (cardOf(state, fact.data.adapter).queues.size > 0)
        throw new ImpossibleFact('a card is removed after its queues');
      cards.delete(fact.data.adapter);
      return { ...state, cards };
    }
    case 'CardConfigured':
      return configureCard(state, fact.data.adapter, true);
    case 'CardDeconfigured':
      return configureCard(state, fact.data.adapter, false);
    case 'CardCheckStopNoticed': {
      const { adapter, checkStopped } = fact.data;
      return withCard(state, adapter, { ...cardOf(state, adapter), checkStopped });
    }
    case 'OnlineChanged':
      return onlineChanged(state, fact);
    default:
      return evolveQueues(state, fact);
  }
}

type QueueFact = FactOf<
  | 'QueueDetected'
  | 'QueueRemoved'
  | 'QueueStateNoticed'
  | 'QueueBound'
  | 'QueueUnbound'
  | 'QueueReset'
  | 'DriverOverrideChanged'
>;

function evolveQueues(state: HostState, fact: QueueFact): HostState {
  switch (fact.type) {
    case 'QueueDetected': {
      const { queues, configured, checkStopped } = fact.data;
      let order = state.registered;
      const detected = mapQueues(state, queues, (known) => ({
        order: order++,
        state: allowed(queueAfter(known?.state ?? queueTable.initial, { type: 'DETECT' }), 'DETECT'),
        resetCode: 0,
        driverOverride: null,
        configured,
        checkStopped,
        online: true,
      }));
      return { ...detected, registered: order };
    }
    case 'QueueRemoved':
      return mapQueues(state, fact.data.queues, (queue) => {
        const after = step(queue, { type: 'REMOVE' });
        return after.state === queueTable.initial ? undefined : after;
      });
    case 'QueueStateNoticed': {
      const { configured, checkStopped } = fact.data;
      return mapQueues(state, fact.data.queues, (queue) => ({
        ...existing(queue),
        configured,
        checkStopped,
      }));
    }
    case 'QueueBound': {
      const event = bindEvent(fact.data.driver, true);
      // Every probe re-arms the bindings-complete event (driver-rules 10).
      return mapQueues({ ...state, bindingsArmed: true }, fact.data.queues, (queue) => ({
        ...step(queue, event),
        resetCode: 0,
        online: true,
      }));
    }
    case 'QueueUnbound': {
      const event = unbindEvent(fact.data.driver);
      return mapQueues(state, fact.data.queues, (queue) => step(queue, event));
    }
    case 'QueueReset':
      return queueReset(state, fact);
    case 'DriverOverrideChanged':
      return mapQueues(state, [fact.data.queue], (queue) => ({
        ...step(queue, { type: 'OVERRIDE', areMasksFull: true }),
        driverOverride: fact.data.driver,
      }));
  }
}

function queueNamed(name: string): number {
  const queue = parseApqn(name);
  if (queue === undefined) throw new ImpossibleFact(`${name} is no queue`);
  return queue;
}

function cardOf(state: HostState, apid: number): Card {
  const card = state.cards.get(apid);
  if (card === undefined) throw new ImpossibleFact(`there is no card ${apid}`);
  return card;
}

function existing(queue: Queue | undefined): Queue {
  if (queue === undefined) throw new ImpossibleFact('a fact about a queue that does not exist');
  return queue;
}

/** One step of the queue's machine. */
function step(queue: Queue | undefined, event: QueueEvent): Queue {
  const before = existing(queue);
  return {
    ...before,
    state: allowed(queueAfter(before.state, event), `${event.type} of a queue in ${before.state}`),
  };
}

const withCard = (state: HostState, apid: number, card: Card): HostState => ({
  ...state,
  cards: new Map(state.cards).set(apid, card),
});

const withHardware = (state: HostState, change: Partial<HostState['hardware']>): HostState => ({
  ...state,
  hardware: { ...state.hardware, ...change },
});

/** Replaces each named queue by what `change` makes of it (undefined = gone); copies each touched card once. */
function mapQueues(
  state: HostState,
  names: readonly string[],
  change: (queue: Queue | undefined) => Queue | undefined,
): HostState {
  const cards = new Map(state.cards);
  const touched = new Map<number, Map<number, Queue>>();
  for (const name of names) {
    const queue = queueNamed(name);
    const apid = apidOf(queue);
    let queues = touched.get(apid);
    if (queues === undefined) {
      const card = cardOf(state, apid);
      queues = new Map(card.queues);
      touched.set(apid, queues);
      cards.set(apid, { ...card, queues });
    }
    const after = change(queues.get(apqiOf(queue)));
    if (after === undefined) queues.delete(apqiOf(queue));
    else queues.set(apqiOf(queue), after);
  }
  return { ...state, cards };
}

function hardwareChanged(state: HostState, { data }: FactOf<'HardwareChanged'>): HostState {
  const { config, cards } = state.hardware;
  const changed = matrixOfIds({
    adapters: data.adapters ?? [],
    domains: data.domains ?? [],
    controlDomains: data.controlDomains ?? [],
  });
  return withHardware(state, {
    config: {
      adapters: data.adapters === undefined ? config.adapters : changed.adapters,
      domains: data.domains === undefined ? config.domains : changed.domains,
      controlDomains: data.controlDomains === undefined ? config.controlDomains : changed.controlDomains,
    },
    cards: new Map([
      ...cards,
      ...(data.cards ?? []).map((card) => [card.adapter, cardHardware(card)] as const),
    ]),
  });
}

/** SCLP (de)configure: the hardware and the card's own flag at once, the queues' flags at the next scan (driver-rules 6.7). */
function configureCard(state: HostState, apid: number, configured: boolean): HostState {
  const set = configured ? withoutBit : withBit;
  const changed = withHardware(state, { deconfigured: set(state.hardware.deconfigured, apid) });
  return withCard(changed, apid, { ...cardOf(state, apid), configured });
}

function onlineChanged(state: HostState, { data }: FactOf<'OnlineChanged'>): HostState {
  const apid = parseCard(data.device);
  if (apid === undefined)
    return mapQueues(state, [data.device], (queue) => ({ ...existing(queue), online: data.online }));
  return withCard(state, apid, { ...cardOf(state, apid), online: data.online });
}

/** A reset uses up a queue's injected fault, leaves its answer behind, and moves the adapters that wait for it. */
function queueReset(state: HostState, { data }: FactOf<'QueueReset'>): HostState {
  const resetFaults = new Map(state.hardware.resetFaults);
  for (const name of data.queues) {
    const [, ...rest] = resetFaults.get(queueNamed(name)) ?? [];
    if (rest.length > 0) resetFaults.set(queueNamed(name), rest);
    else resetFaults.delete(queueNamed(name));
  }
  const after = withHardware(state, { resetFaults });
  if (data.by === 'bus') return after;
  const stored = mapQueues(after, data.queues, (queue) => ({
    ...existing(queue),
    resetCode: data.responseCode,
  }));
  return {
    ...stored,
    mdevs: adaptersReset(stored, new Set(data.queues.map((name) => apidOf(queueNamed(name))))),
  };
}

function adaptersReset(state: HostState, apids: ReadonlySet<number>): HostState['mdevs'] {
  const mdevs = new Map(state.mdevs);
  for (const mdev of state.mdevs.values()) {
    const concerned = [...apids].filter((apid) => mdev.plug.has(apid));
    if (concerned.length === 0) continue;
    mdevs.set(mdev.uuid, { ...mdev, plug: afterReset(state, mdev, concerned) });
  }
  return mdevs;
}

/** A reset only says why an absent adapter is absent: where the machine lists none, it changes nothing. */
function afterReset(state: HostState, mdev: Mdev, apids: readonly number[]): PlugStates {
  const plug = new Map(mdev.plug);
  for (const apid of apids) {
    const after = plugAfter(plug.get(apid), { type: resetResult(state, mdev.uuid, apid) });
    if (after !== undefined) plug.set(apid, after);
  }
  return plug;
}

/** An adapter's reset failed while any of its queues in the mdev has a bad last answer. */
function resetResult(state: HostState, uuid: string, apid: number): 'RESET_DONE' | 'RESET_FAILED' {
  const domains = state.mdevs.get(uuid)?.assigned.domains;
  for (const [apqi, queue] of state.cards.get(apid)?.queues ?? [])
    if (
      domains !== undefined &&
      has(domains, apqi) &&
      queue.state === 'vfio_ap' &&
      !isPassable(state.driver, queue.resetCode)
    )
      return 'RESET_FAILED';
  return 'RESET_DONE';
}
