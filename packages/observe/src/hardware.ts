/** What the bus itself finds: host configuration, cards, queues, and their condition. Nobody writes a file for it. */
import {
  andNot,
  apidOf,
  apqiOf,
  apqn,
  equalMatrices,
  equals,
  formatApqn,
  formatCard,
  idsOf,
  idsOfMatrix,
  isEmpty,
  type Mask256,
  maskOf,
} from '@apledger/ap';
import { NEWEST_TYPE, type ObservedCard, type ObservedHost } from '@apledger/capture';
import type { CardModel, Command, CommandOf, Fact } from '@apledger/events';
import {
  type Card,
  driverOf,
  type HostState,
  isCheckStopped,
  isDeconfigured,
  queueOf,
  queuesOf,
} from '@apledger/host';
import type { Move, Stage } from './move.ts';

/** One scan that finds all of it, after the hardware has changed; and cards that were switched off or on. */
export const hardware: Stage = (state, { host }) => [...scanned(state, host), ...configured(state, host)];

function scanned(state: HostState, host: ObservedHost): Move[] {
  const change = changeOf(state, host);
  const stops = host.cards.flatMap(({ adapter, checkStopped }): Command[] =>
    checkStopped === undefined || !state.cards.has(adapter) || isCheckStopped(state, adapter) === checkStopped
      ? []
      : [{ type: 'SetCheckStop', adapter, checkStopped }],
  );
  const asSeen = seenDevices(state, host);
  if (change === undefined && stops.length === 0 && asSeen.length === 0) return [];
  const commands: Command[] = [...(change === undefined ? [] : [change]), ...stops, { type: 'ScanBus' }];
  return [
    {
      key: 'scan',
      says: 'a scan of the bus',
      commands,
      isWide: true,
      asSeen: (now) => seenDevices(now, host),
      drift: {
        what: 'devices of the bus',
        predicted: 'as the host configuration says',
        actual: asSeen.map(({ type }) => type).join(', '),
      },
    },
  ];
}

/** The machine as it must be now. Without QCI only devices tell of it. */
function changeOf(state: HostState, host: ObservedHost): CommandOf<'ChangeHardware'> | undefined {
  const { cards, queues, config } = host;
  if (config === undefined) return undefined;
  const wanted = config ?? {
    adapters: maskOf(cards.map(({ adapter }) => adapter)),
    domains: maskOf(queues.map(({ queue }) => apqiOf(queue))),
    controlDomains: state.hardwareConfig.controlDomains,
  };
  const changed = (axis: keyof typeof wanted): object => {
    // Domains of a host without cards are not seen.
    if (config === null && axis === 'domains' && isEmpty(wanted.domains)) return {};
    return equals(wanted[axis], state.hardwareConfig[axis]) ? {} : { [axis]: idsOf(wanted[axis]) };
  };
  const models = modelsOf(state, cards, wanted.adapters);
  const command = {
    type: 'ChangeHardware',
    ...changed('adapters'),
    ...changed('domains'),
    ...changed('controlDomains'),
    ...(models.length === 0 ? {} : { cards: models }),
  } as const;
  return Object.keys(command).length === 1 ? undefined : command;
}

/** Slots with another card than is known, or without the one that was there. */
function modelsOf(state: HostState, cards: readonly ObservedCard[], adapters: Mask256): CardModel[] {
  const there = new Set(cards.map(({ adapter }) => adapter));
  const other = cards.flatMap((card): CardModel[] => {
    const known = state.cards.get(card.adapter) ?? state.slot(card.adapter);
    return known !== undefined && known.type !== 0 && isModel(card, known) ? [] : [modelOf(card)];
  });
  const gone = idsOf(adapters).filter(
    (apid) => !there.has(apid) && state.cards.has(apid) && state.slot(apid)?.type !== 0,
  );
  return [...other, ...gone.map((adapter) => ({ adapter, type: 0, mode: 'C' }) as const)];
}

const typeOf = ({ type = NEWEST_TYPE }: ObservedCard): number => Math.min(type, NEWEST_TYPE);

const isModel = (card: ObservedCard, known: Pick<Card, 'type' | 'mode' | 'functions'>): boolean =>
  typeOf(card) === known.type &&
  (card.mode ?? known.mode) === known.mode &&
  (card.functions ?? known.functions) === known.functions;

const modelOf = (card: ObservedCard): CardModel => ({
  adapter: card.adapter,
  type: typeOf(card),
  mode: card.mode ?? 'C',
  ...(card.functions === undefined ? {} : { functions: card.functions }),
});

/** `config` of a card is written, or the support element does it: the kernel's answer is the same. */
const configured = (state: HostState, { cards }: ObservedHost): Move[] =>
  cards.flatMap(({ adapter, configured: is }): Move[] => {
    const card = state.cards.get(adapter);
    if (is === undefined || card === undefined) return [];
    if (card.configured === is && isDeconfigured(state, adapter) === !is) return [];
    const text = is ? '1' : '0';
    return [
      {
        key: `config ${adapter} ${text}`,
        says: `${text} to config of ${formatCard(adapter)}`,
        commands: [{ type: 'ConfigureCard', adapter, text }],
        file: `devices/ap/${formatCard(adapter)}/config`,
        isWide: true,
        asSeen: () => [{ type: is ? 'CardConfigured' : 'CardDeconfigured', data: { adapter } }],
      },
    ];
  });

/** What differs of cards and queues, as facts. */
function seenDevices(state: HostState, host: ObservedHost): Fact[] {
  const { config } = host;
  const facts: Fact[] = [];
  if (config && !equalMatrices(config, state.config))
    facts.push({ type: 'HostConfigChanged', data: idsOfMatrix(config) });
  const seen = Map.groupBy(host.queues, ({ queue }) => apidOf(queue));
  const cards = new Map(host.cards.map((card) => [card.adapter, card]));
  for (const [apid, known] of state.cards) {
    const card = cards.get(apid);
    const isOther = card === undefined || !isModel(card, known);
    const queues = isOther ? [] : (seen.get(apid) ?? []);
    facts.push(...goneQueues(state, apid, maskOf(queues.map(({ queue }) => apqiOf(queue)))));
    if (isOther) facts.push({ type: 'CardRemoved', data: { adapter: apid } });
  }
  for (const card of host.cards) facts.push(...cardFacts(state, card));
  for (const card of host.cards) facts.push(...queueFacts(state, card, seen.get(card.adapter) ?? []));
  return facts;
}

function goneQueues(state: HostState, apid: number, left: Mask256): Fact[] {
  const gone = idsOf(andNot(queuesOf(state, apid), left)).map((apqi) => apqn(apid, apqi));
  if (gone.length === 0) return [];
  const bound = Map.groupBy(gone, (queue) => driverOf(state, queue));
  const unbound = [...bound].flatMap(([driver, queues]): Fact[] =>
    driver === null ? [] : [{ type: 'QueueUnbound', data: { driver, queues: queues.map(formatApqn) } }],
  );
  return [...unbound, { type: 'QueueRemoved', data: { queues: gone.map(formatApqn) } }];
}

function cardFacts(state: HostState, card: ObservedCard): Fact[] {
  const known = state.cards.get(card.adapter);
  const { adapter, configured = true, checkStopped = false } = card;
  if (known !== undefined && isModel(card, known))
    return known.checkStopped === checkStopped || card.checkStopped === undefined
      ? []
      : [{ type: 'CardCheckStopNoticed', data: { adapter, checkStopped } }];
  const { type, mode, functions = 0 } = modelOf(card);
  return [{ type: 'CardDetected', data: { adapter, type, mode, functions, configured, checkStopped } }];
}

/** Queues that came, and those whose condition is another one. */
function queueFacts(state: HostState, card: ObservedCard, queues: ObservedHost['queues']): Fact[] {
  const known = state.cards.get(card.adapter);
  const isKnown = known !== undefined && isModel(card, known);
  const changed = queues.flatMap(({ queue, configured, checkStopped }) => {
    const device = isKnown ? queueOf(state, card.adapter, apqiOf(queue)) : undefined;
    const now = {
      queue,
      isNew: device === undefined,
      configured: configured ?? device?.configured ?? true,
      checkStopped: checkStopped ?? device?.checkStopped ?? false,
    };
    const isSame =
      device !== undefined &&
      device.configured === now.configured &&
      device.checkStopped === now.checkStopped;
    return isSame ? [] : [now];
  });
  const groups = Map.groupBy(changed, (now) => `${now.isNew} ${now.configured} ${now.checkStopped}`);
  return [...groups.values()].flatMap((group): Fact[] => {
    const [first] = group;
    if (first === undefined) return [];
    const data = {
      queues: group.map(({ queue }) => formatApqn(queue)),
      configured: first.configured,
      checkStopped: first.checkStopped,
    };
    return [{ type: first.isNew ? 'QueueDetected' : 'QueueStateNoticed', data }];
  });
}
