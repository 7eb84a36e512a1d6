/** The persistent-subscriptions service: create, update, delete, read, info, list, replay. */

import { randomUUID } from 'node:crypto';
import type {
  ServerDuplexStream,
  ServerUnaryCall,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { type Consumer, Group, type GroupSettings, type Refusal } from './groups.ts';
import type { Store } from './store.ts';
import { type CallError, errors, filterOf, groupEvent, persistent, textOf, uuidOf } from './wire.ts';

type CreateRequest = InstanceType<typeof persistent.CreateReq>;
type ReadRequest = InstanceType<typeof persistent.ReadReq>;
type ReadCall = ServerDuplexStream<ReadRequest, InstanceType<typeof persistent.ReadResp>>;
type Info = InstanceType<typeof persistent.SubscriptionInfo>;

const ALL = '$all';
const REFUSALS: readonly Refusal[] = ['retry', 'park', 'retry', 'skip', 'stop'];
const STRATEGIES = ['DispatchToSingle', 'RoundRobin', 'Pinned'] as const;

/** Answers a unary call with what `work` gives or throws. */
function unary<Request, Response>(
  work: (request: Request) => Response,
): (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => void {
  return (call, callback) => {
    try {
      callback(null, work(call.request));
    } catch (error) {
      callback(error as CallError);
    }
  };
}

/** The service over a store. `guard` throws when the node must not serve the call. */
export function persistentService(
  store: Store,
  guard: (call: ReadCall) => void,
): UntypedServiceImplementation {
  const find = (source: string, name: string): Group => {
    const group = store.groups.get(`${source}::${name}`);
    if (group === undefined) throw errors.group('persistent-subscription-does-not-exist', source, name);
    return group;
  };
  store.on('appended', () => {
    for (const group of store.groups.values()) group.pump();
  });
  return {
    create: unary((request: CreateRequest) => create(store, request)),
    update: unary((request: InstanceType<typeof persistent.UpdateReq>) => {
      const options = request.getOptions();
      const source = options?.hasAll() ? ALL : textOf(options?.getStream()?.getStreamIdentifier());
      find(source, options?.getGroupName() ?? '').update(settingsOf(options?.getSettings()));
      return new persistent.UpdateResp();
    }),
    delete: unary((request: InstanceType<typeof persistent.DeleteReq>) => {
      const group = find(...named(request.getOptions()));
      group.dropAll();
      store.groups.delete(`${group.source}::${group.name}`);
      return new persistent.DeleteResp();
    }),
    getInfo: unary((request: InstanceType<typeof persistent.GetInfoReq>) => {
      return new persistent.GetInfoResp().setSubscriptionInfo(
        infoOf(store, find(...named(request.getOptions()))),
      );
    }),
    list: unary((request: InstanceType<typeof persistent.ListReq>) => {
      const only = request.getOptions()?.getListForStream();
      const source = only === undefined ? undefined : only.hasAll() ? ALL : textOf(only.getStream());
      const groups = [...store.groups.values()].filter(
        (group) => source === undefined || group.source === source,
      );
      if (groups.length === 0)
        throw errors.group('persistent-subscription-does-not-exist', source ?? ALL, '');
      return new persistent.ListResp().setSubscriptionsList(groups.map((group) => infoOf(store, group)));
    }),
    replayParked: unary((request: InstanceType<typeof persistent.ReplayParkedReq>) => {
      const options = request.getOptions();
      const limit = options?.hasStopAt() ? Number(options.getStopAt()) : Number.POSITIVE_INFINITY;
      find(...named(options)).replay(limit);
      return new persistent.ReplayParkedResp();
    }),
    restartSubsystem: unary((empty: object) => empty),
    read: (call: ReadCall) => {
      try {
        guard(call);
        consume(call, find);
      } catch (error) {
        call.emit('error', error);
      }
    },
  };
}

function create(store: Store, request: CreateRequest): InstanceType<typeof persistent.CreateResp> {
  const options = request.getOptions();
  const all = options?.getAll();
  const name = options?.getGroupName() ?? '';
  const source = all === undefined ? textOf(options?.getStream()?.getStreamIdentifier()) : ALL;
  const key = `${source}::${name}`;
  if (store.groups.has(key)) throw errors.group('persistent-subscription-exists', source, name);
  const position = all?.getPosition();
  const from = position === undefined ? undefined : store.indexOf(BigInt(position.getCommitPosition()));
  const end = all?.hasEnd() || options?.getStream()?.hasEnd() ? store.log.length : 0;
  const revision = options?.getStream()?.hasRevision() ? Number(options.getStream()?.getRevision()) : 0;
  const filter = filterOf(all?.getFilter());
  const group = new Group(store, {
    source,
    name,
    settings: settingsOf(options?.getSettings()),
    start: from ?? end,
    passes: (event) =>
      source === ALL ? filter(event) : event.stream === source && (end > 0 || event.revision >= revision),
  });
  store.groups.set(key, group);
  return new persistent.CreateResp();
}

/** One consumer: the first message says which group; then it acknowledges and refuses. */
function consume(call: ReadCall, find: (source: string, name: string) => Group): void {
  let joined: { readonly group: Group; readonly consumer: Consumer } | undefined;
  const leave = (): void => {
    const left = joined;
    joined = undefined;
    left?.group.leave(left.consumer);
  };
  const begin = (options: InstanceType<typeof persistent.ReadReq.Options>): void => {
    const group = find(...named(options));
    const dropped = errors.group('persistent-subscription-dropped', group.source, group.name);
    const consumer: Consumer = {
      slots: options.getBufferSize(),
      name: String(call.metadata.get('connection-name')[0] ?? ''),
      deliver: (event, retryCount) => void call.write(groupEvent(event, retryCount)),
      drop: () => {
        leave();
        call.emit('error', dropped);
      },
    };
    joined = { group, consumer };
    const confirmation = new persistent.ReadResp.SubscriptionConfirmation();
    confirmation.setSubscriptionId(`${group.source}::${group.name}/${randomUUID()}`);
    call.write(new persistent.ReadResp().setSubscriptionConfirmation(confirmation));
    if (!group.join(consumer)) throw errors.group('maximum-subscribers-reached', group.source, group.name);
  };
  call.on('data', (request: ReadRequest) => {
    try {
      const options = request.getOptions();
      if (options !== undefined) begin(options);
      const ack = request.getAck();
      if (ack !== undefined) joined?.group.ack(ack.getIdsList().map(uuidOf));
      const nack = request.getNack();
      if (nack === undefined || joined === undefined) return;
      const refusal = REFUSALS[nack.getAction()] ?? 'retry';
      joined.group.nack(nack.getIdsList().map(uuidOf), refusal, nack.getReason(), joined.consumer);
    } catch (error) {
      joined = undefined;
      call.emit('error', error);
    }
  });
  call.on('cancelled', leave);
  call.on('end', () => {
    leave();
    call.end();
  });
}

interface NamedGroup {
  hasAll(): boolean;
  getGroupName(): string;
  getStreamIdentifier(): Parameters<typeof textOf>[0];
}

function named(options: NamedGroup | undefined): [string, string] {
  if (options === undefined) throw errors.invalidArgument('options');
  return [options.hasAll() ? ALL : textOf(options.getStreamIdentifier()), options.getGroupName()];
}

type Settings =
  | InstanceType<typeof persistent.CreateReq.Settings>
  | InstanceType<typeof persistent.UpdateReq.Settings>;

function settingsOf(settings: Settings | undefined): GroupSettings {
  if (settings === undefined) throw errors.invalidArgument('settings');
  return {
    messageTimeoutMs: settings.getMessageTimeoutMs(),
    maxRetryCount: settings.getMaxRetryCount(),
    maxSubscriberCount: settings.getMaxSubscriberCount(),
    strategy: STRATEGIES[settings.getNamedConsumerStrategy()] ?? 'RoundRobin',
  };
}

function infoOf(store: Store, group: Group): Info {
  const place = (index: number): string => {
    const position = store.log[index]?.position;
    return position === undefined ? '' : `C:${position}/P:${position}`;
  };
  const connections = group.consumers.map((consumer) => {
    const inFlight = [...group.inFlight.values()].filter((message) => message.consumer === consumer).length;
    const connection = new persistent.SubscriptionInfo.ConnectionInfo().setConnectionName(consumer.name);
    connection.setInFlightMessages(inFlight).setAvailableSlots(consumer.slots - inFlight);
    return connection.setTotalItems('0').setCountSinceLastMeasurement('0');
  });
  const info = new persistent.SubscriptionInfo().setEventSource(group.source).setGroupName(group.name);
  info.setStatus(group.consumers.length > 0 ? 'Live' : 'NotReady').setConnectionsList(connections);
  info.setTotalItems(String(group.handled)).setCountSinceLastMeasurement('0').setLiveBufferCount('0');
  info.setStartFrom(group.source === ALL ? 'C:0/P:0' : '0');
  info
    .setMessageTimeoutMilliseconds(group.settings.messageTimeoutMs)
    .setMaxRetryCount(group.settings.maxRetryCount);
  info
    .setMaxSubscriberCount(group.settings.maxSubscriberCount)
    .setNamedConsumerStrategy(group.settings.strategy);
  info.setRetryBufferCount(group.retries.length).setTotalInFlightMessages(group.inFlight.size);
  info.setOutstandingMessagesCount(group.inFlight.size).setParkedMessageCount(String(group.parked.length));
  info.setLastCheckpointedEventPosition(place(group.next - 1 - group.inFlight.size));
  return info.setLastKnownEventPosition(place(store.log.length - 1));
}
