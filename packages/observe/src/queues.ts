/** What is done to single queues: a driver for them alone, bound and unbound by hand, switched off and on. */
import { apidOf, apqiOf, formatApqn, formatCard } from '@apledger/ap';
import type { ObservedQueue } from '@apledger/capture';
import { rulesOf } from '@apledger/driver';
import { type Command, type Fact, isQueueDriver, type QueueDriver } from '@apledger/events';
import { type Card, driverOf, type HostState, type Queue, queueOf } from '@apledger/host';
import type { Move, Stage } from './move.ts';

const folderOf = (queue: number): string => `devices/ap/${formatCard(apidOf(queue))}/${formatApqn(queue)}`;

export const overrides: Stage = (state, { host }) => {
  if (!rulesOf(state.driver).files.has('queue/driver_override')) return [];
  if (host.files['queue/driver_override'] !== true) return [];
  return host.queues.flatMap(({ queue, driverOverride = null }): Move[] => {
    const device = queueOf(state, apidOf(queue), apqiOf(queue));
    if (device === undefined || device.driverOverride === driverOverride) return [];
    const name = formatApqn(queue);
    return [
      {
        key: `override ${name} ${driverOverride}`,
        says: `${driverOverride ?? 'nothing'} to driver_override of ${name}`,
        commands: [{ type: 'OverrideDriver', queue: name, text: driverOverride ?? '\n' }],
        file: `${folderOf(queue)}/driver_override`,
        asSeen: () => [{ type: 'DriverOverrideChanged', data: { queue: name, driver: driverOverride } }],
        drift: {
          what: `driver_override of ${name}`,
          predicted: device.driverOverride ?? 'none',
          actual: driverOverride ?? 'none',
        },
      },
    ];
  });
};

/** Queues that another driver has than the rules say. */
export const bindings: Stage = (state, { host }) => {
  const moves = host.queues.flatMap((seen) => moveOf(state, seen) ?? []);
  return moves;
};

function moveOf(state: HostState, { queue, driver }: ObservedQueue): Move | undefined {
  if (driver === undefined || (driver !== null && !isQueueDriver(driver))) return undefined;
  if (queueOf(state, apidOf(queue), apqiOf(queue)) === undefined) return undefined;
  const is = driverOf(state, queue);
  if (is === driver) return undefined;
  const text = formatApqn(queue);
  const commands: Command[] = [
    ...(is === null ? [] : [{ type: 'UnbindQueue', driver: is, text } as const]),
    ...(driver === null ? [] : [{ type: 'BindQueue', driver, text } as const]),
  ];
  return {
    key: `bind ${text} ${driver}`,
    says: driver === null ? `${text} to unbind of ${is}` : `${text} to bind of ${driver}`,
    commands,
    file: `bus/ap/drivers/${driver ?? is}/${driver === null ? 'unbind' : 'bind'}`,
    asSeen: (now) => boundAsSeen(now, queue, driver),
    drift: { what: `queue ${text}`, predicted: is ?? 'no driver', actual: driver ?? 'no driver' },
  };
}

function boundAsSeen(state: HostState, queue: number, driver: QueueDriver | null): Fact[] {
  const is = driverOf(state, queue);
  const queues = [formatApqn(queue)];
  return [
    ...(is === null ? [] : [{ type: 'QueueUnbound', data: { driver: is, queues } } as const]),
    ...(driver === null ? [] : [{ type: 'QueueBound', data: { driver, queues } } as const]),
  ];
}

/** As the file shows it: what is taken away or check-stopped is never online. */
const shown = (device: Card | Queue): boolean => device.configured && !device.checkStopped && device.online;

/** Cards first: a write to theirs switches their queues. */
export const online: Stage = (state, { host }) => {
  const cards = host.cards.flatMap(({ adapter, online: is }) => {
    const card = state.cards.get(adapter);
    return card === undefined
      ? []
      : onlineMove(formatCard(adapter), `devices/ap/${formatCard(adapter)}`, card, is);
  });
  if (cards.length > 0) return cards;
  return host.queues.flatMap(({ queue, online: is }) => {
    const device = queueOf(state, apidOf(queue), apqiOf(queue));
    return device?.state === 'zcrypt' ? onlineMove(formatApqn(queue), folderOf(queue), device, is) : [];
  });
};

function onlineMove(name: string, folder: string, device: Card | Queue, is: boolean | undefined): Move[] {
  if (is === undefined || shown(device) === is) return [];
  return [
    {
      key: `online ${name} ${is}`,
      says: `${is ? 1 : 0} to online of ${name}`,
      commands: [{ type: 'SetOnline', device: name, text: is ? '1' : '0' }],
      file: `${folder}/online`,
      isWide: name.startsWith('card'),
      asSeen: () => [{ type: 'OnlineChanged', data: { device: name, online: is } }],
    },
  ];
}
