/**
 * A fake of a KurrentDB node: the official clients talk to it over real gRPC. The protocol is that of the client's own
 * generated stubs; the behaviour is what the server documents. What it is for: tests on machines on which no
 * KurrentDB can be installed. What it is not: durable, distributed, fast, or complete (no projections, users, ACLs,
 * scavenging, link resolution).
 */

import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { type AppendCall, append, type BatchCall, batchAppend, deletion } from './appending.ts';
import type { Certificate } from './certificate.ts';
import { persistentService } from './persistent.ts';
import { type ReadCall, read } from './reading.ts';
import { Store } from './store.ts';
import {
  CallError,
  errors,
  features,
  featuresGrpc,
  gossip,
  gossipGrpc,
  persistentGrpc,
  shared,
  streams,
  streamsGrpc,
} from './wire.ts';

/** What happens to a call instead of being served: it fails, hangs, or is carried out and then not answered. */
export type Fault = CallError | 'hang' | 'lose-answer';
type Method = 'read' | 'append' | 'batchAppend' | 'consume';

export interface FakeOptions {
  /** The data; share a store between nodes to have a cluster. */
  readonly store?: Store;
  /** Serves TLS, and then only these users (name to password): clients send credentials over TLS only. */
  readonly tls?: Certificate;
  readonly users?: Readonly<Record<string, string>>;
  /** This node is a follower of that one: calls that require the leader are sent there. */
  readonly follows?: FakeKurrentDB;
  /** Of one append, in bytes; the server's default is a mebibyte. */
  readonly maxAppendSize?: number;
  /** Asked before each call. */
  readonly fault?: (method: Method) => Fault | undefined;
  readonly port?: number;
}

const MAX_APPEND_SIZE = 1024 * 1024;
const HOST = '127.0.0.1';
/** What a client asks for before it dares to call: methods, and the features of them. */
const ALL = ['stream', 'all'];
const METHODS: readonly (readonly [service: string, method: string, features: readonly string[]])[] = [
  ['event_store.client.streams.streams', 'read', ['position', 'events']],
  ['event_store.client.streams.streams', 'append', []],
  ['event_store.client.streams.streams', 'batchappend', ['deadline_duration']],
  ['event_store.client.streams.streams', 'delete', []],
  ['event_store.client.streams.streams', 'tombstone', []],
  ...['create', 'update', 'delete', 'read', 'getinfo', 'replayparked', 'list', 'restartsubsystem'].map(
    (method) => ['event_store.client.persistent_subscriptions.persistentsubscriptions', method, ALL] as const,
  ),
];

export class FakeKurrentDB {
  readonly store: Store;
  /** Calls served so far. */
  readonly calls: Record<Method, number> = { read: 0, append: 0, batchAppend: 0, consume: 0 };
  fault: FakeOptions['fault'];
  readonly #options: FakeOptions;
  #server: Server | undefined;
  #port: number;

  constructor(options: FakeOptions = {}) {
    this.store = options.store ?? new Store();
    this.fault = options.fault;
    this.#options = options;
    this.#port = options.port ?? 0;
  }

  get port(): number {
    return this.#port;
  }

  /** What a client connects with; `user` as `name:password`. */
  connectionString(user?: string): string {
    const credentials = user === undefined ? '' : `${user}@`;
    return `esdb://${credentials}${HOST}:${this.#port}?tls=${this.#options.tls !== undefined}`;
  }

  /** Serves, on the port that it had before if it was stopped. */
  async start(): Promise<this> {
    const server = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
    server.addService(streamsGrpc.StreamsService, this.#streams());
    server.addService(
      persistentGrpc.PersistentSubscriptionsService,
      persistentService(this.store, (call) => this.#admit('consume', call)),
    );
    server.addService(gossipGrpc.GossipService, { read: this.#gossip });
    server.addService(featuresGrpc.ServerFeaturesService, { getSupportedMethods: supportedMethods });
    const { tls } = this.#options;
    const credentials =
      tls === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(null, [{ private_key: tls.key, cert_chain: tls.certificate }]);
    this.#port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`${HOST}:${this.#port}`, credentials, (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    this.#server = server;
    return this;
  }

  /** Breaks all connections at once. The data stays, for the next start. */
  stop(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
    this.store.forget();
    for (const group of this.store.groups.values())
      for (const consumer of [...group.consumers]) group.leave(consumer);
  }

  async restart(): Promise<void> {
    this.stop();
    await this.start();
  }

  #streams() {
    const { maxAppendSize = MAX_APPEND_SIZE } = this.#options;
    return {
      read: (call: ReadCall) => {
        this.#serve(
          'read',
          call,
          () => read(call, this.store).then(() => call.end()),
          (error) => call.emit('error', error),
        );
      },
      append: (call: AppendCall, callback: sendUnaryData<InstanceType<typeof streams.AppendResp>>) => {
        this.#serve(
          'append',
          call,
          async (lost) => {
            const response = await append(call, this.store, maxAppendSize);
            if (lost) callback(errors.notReady());
            else callback(null, response);
          },
          (error) => callback(error),
        );
      },
      batchAppend: (call: BatchCall) => {
        this.#serve(
          'batchAppend',
          call,
          async () => batchAppend(call, this.store, maxAppendSize),
          (error) => call.emit('error', error),
        );
      },
      delete: deletion(
        (stream, expected) => this.store.delete(stream, expected),
        (position) => {
          const at = new streams.DeleteResp.Position().setCommitPosition(String(position));
          return new streams.DeleteResp().setPosition(at.setPreparePosition(String(position)));
        },
      ),
      tombstone: deletion(
        (stream, expected) => this.store.tombstone(stream, expected),
        (position) => {
          const at = new streams.TombstoneResp.Position().setCommitPosition(String(position));
          return new streams.TombstoneResp().setPosition(at.setPreparePosition(String(position)));
        },
      ),
    };
  }

  #serve(
    method: Method,
    call: ReadCall | AppendCall | BatchCall,
    work: (loseAnswer: boolean) => Promise<unknown>,
    fail: (error: CallError) => void,
  ): void {
    const failed = (error: unknown): void => {
      fail(error instanceof CallError ? error : errors.invalidArgument(String(error)));
    };
    try {
      const fault = this.#admit(method, call);
      if (fault === 'hang') return;
      work(fault === 'lose-answer').catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Counts a call and throws when it is not to be served. */
  #admit(method: Method, call: Pick<ReadCall, 'metadata'>): Fault | undefined {
    this.calls[method] += 1;
    const { users, follows } = this.#options;
    if (users !== undefined) {
      const [authorization = ''] = call.metadata.get('authorization');
      if (authorization === '') throw errors.accessDenied();
      const [name = '', password] = Buffer.from(String(authorization).slice('Basic '.length), 'base64')
        .toString()
        .split(':');
      if (users[name] === undefined || users[name] !== password) throw errors.unauthenticated();
    }
    if (follows !== undefined && call.metadata.get('requires-leader')[0] === 'true') {
      throw errors.notLeader(HOST, follows.port);
    }
    const fault = this.fault?.(method);
    if (fault instanceof CallError) throw fault;
    return fault;
  }

  readonly #gossip = (
    _: ServerUnaryCall<unknown, unknown>,
    callback: sendUnaryData<InstanceType<typeof gossip.ClusterInfo>>,
  ): void => {
    const { follows } = this.#options;
    const member = (node: FakeKurrentDB, leads: boolean) => {
      const { LEADER, FOLLOWER } = gossip.MemberInfo.VNodeState;
      const endPoint = new gossip.EndPoint().setAddress(HOST).setPort(node.port);
      const info = new gossip.MemberInfo().setHttpEndPoint(endPoint).setIsAlive(true);
      const id = new shared.UUID().setString(
        `00000000-0000-4000-8000-${String(node.port).padStart(12, '0')}`,
      );
      return info
        .setInstanceId(id)
        .setTimeStamp(String(Date.now()))
        .setState(leads ? LEADER : FOLLOWER);
    };
    const others = follows === undefined ? [] : [member(follows, true)];
    callback(null, new gossip.ClusterInfo().setMembersList([member(this, follows === undefined), ...others]));
  };
}

function supportedMethods(
  _: ServerUnaryCall<unknown, unknown>,
  callback: sendUnaryData<InstanceType<typeof features.SupportedMethods>>,
): void {
  const methods = METHODS.map(([service, method, offered]) =>
    new features.SupportedMethod()
      .setServiceName(service)
      .setMethodName(method)
      .setFeaturesList([...offered]),
  );
  callback(
    null,
    new features.SupportedMethods().setMethodsList(methods).setEventStoreServerVersion('24.10.0'),
  );
}
