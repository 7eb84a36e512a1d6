/**
 * A fake of a KurrentDB node: clients talk to it over real gRPC. The protocol is that of the client's own generated
 * stubs; the behaviour is what the server documents, and where a server was measured to be stricter, that
 * (docs/decisions/0013-kurrentdb-connection.md). What it is for: tests on machines on which no KurrentDB can be
 * installed. What it is not: durable, distributed, fast, or complete (no projections, users, ACLs, persistent
 * subscriptions, link resolution).
 */

import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { type AppendCall, append, type BatchCall, batchAppend, deletion } from './appending.ts';
import type { Certificate } from './certificate.ts';
import { type ReadCall, read } from './reading.ts';
import { Store, type StoreOptions } from './store.ts';
import {
  CallError,
  errors,
  features,
  featuresGrpc,
  gossip,
  gossipGrpc,
  shared,
  streams,
  streamsGrpc,
} from './wire.ts';

/** What happens to a call instead of being served: it fails, hangs, or is carried out and then not answered. */
export type Fault = CallError | 'hang' | 'lose-answer';
/** `append` is one append, by whichever call it came; `batchAppend` a call that carries many. */
type Method = 'read' | 'append' | 'batchAppend';

export interface FakeOptions extends StoreOptions {
  /** The data; nodes that share a store are a cluster. */
  readonly store?: Store;
  /** Serves TLS, and then only these users (name to password): clients send credentials over TLS only. */
  readonly tls?: Certificate;
  readonly users?: Readonly<Record<string, string>>;
  /** This node is a follower of that one: calls that require the leader are sent there. */
  readonly follows?: FakeKurrentDB;
  /** Of one append, in bytes; the server's default is a mebibyte. */
  readonly maxAppendSize?: number;
  /** Asked before each read and each append. */
  readonly fault?: (method: Method) => Fault | undefined;
  readonly port?: number;
  /** After a restart it listens, and says "Server Is Not Ready" for so long. */
  readonly notReadyMs?: number;
  /** False as in 22.10. */
  readonly saysCaughtUp?: boolean;
  /** False for a server without the fault of EventStore#4023. */
  readonly checkpointsEarly?: boolean;
}

const MAX_APPEND_SIZE = 1024 * 1024;
const NOT_READY_MS = 30;
/** Kestrel's default. */
const MAX_STREAMS = 100;
const HOST = '127.0.0.1';
/** What a client asks for before it dares to call: methods, and the features of them. */
const METHODS: readonly (readonly [service: string, method: string, features: readonly string[]])[] = [
  ['event_store.client.streams.streams', 'read', ['position', 'events']],
  ['event_store.client.streams.streams', 'append', []],
  ['event_store.client.streams.streams', 'batchappend', ['deadline_duration']],
  ['event_store.client.streams.streams', 'delete', []],
  ['event_store.client.streams.streams', 'tombstone', []],
];
/** The nodes of each cluster. */
const CLUSTERS = new WeakMap<Store, Set<FakeKurrentDB>>();

export class FakeKurrentDB {
  readonly store: Store;
  readonly saysCaughtUp: boolean;
  readonly checkpointsEarly: boolean;
  readonly maxAppendSize: number;
  /** Calls and appends served so far. */
  readonly calls: Record<Method, number> = { read: 0, append: 0, batchAppend: 0 };
  fault: FakeOptions['fault'];
  readonly #options: FakeOptions;
  readonly #cluster: Set<FakeKurrentDB>;
  #follows: FakeKurrentDB | undefined;
  #server: Server | undefined;
  #port: number;
  #readyAt = 0;
  #paused: PromiseWithResolvers<void> | undefined;

  constructor(options: FakeOptions = {}) {
    this.store = options.store ?? new Store(options);
    this.saysCaughtUp = options.saysCaughtUp ?? true;
    this.checkpointsEarly = options.checkpointsEarly ?? true;
    this.maxAppendSize = options.maxAppendSize ?? MAX_APPEND_SIZE;
    this.fault = options.fault;
    this.#options = options;
    this.#follows = options.follows;
    this.#port = options.port ?? 0;
    this.#cluster = CLUSTERS.get(this.store) ?? new Set();
    CLUSTERS.set(this.store, this.#cluster.add(this));
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
    const server = new Server({
      'grpc.max_receive_message_length': 17 * 1024 * 1024,
      'grpc.max_concurrent_streams': MAX_STREAMS,
    });
    server.addService(streamsGrpc.StreamsService, this.#streams());
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
    this.resume();
    this.store.forget();
  }

  async restart(): Promise<void> {
    this.stop();
    await this.start();
    this.#readyAt = performance.now() + (this.#options.notReadyMs ?? NOT_READY_MS);
  }

  /** As SIGSTOP: connections stay, nothing is answered. */
  pause(): void {
    this.#paused ??= Promise.withResolvers();
  }

  resume(): void {
    this.#paused?.resolve();
    this.#paused = undefined;
  }

  async running(): Promise<void> {
    await this.#paused?.promise;
  }

  /** Makes this node the leader of its cluster. */
  lead(): void {
    for (const node of this.#cluster) node.#follows = node === this ? undefined : this;
  }

  #streams() {
    return {
      read: (call: ReadCall) => {
        this.#serve(
          call,
          async () => {
            if (this.#admit('read', call) === 'hang') return;
            await read(call, this);
            call.end();
          },
          (error) => call.emit('error', error),
        );
      },
      append: (call: AppendCall, callback: sendUnaryData<InstanceType<typeof streams.AppendResp>>) => {
        this.#serve(
          call,
          async () => {
            const fault = this.#admit('append', call);
            if (fault === 'hang') return;
            const response = await append(call, this.store, this.maxAppendSize);
            if (fault === 'lose-answer') callback(errors.notReady());
            else callback(null, response);
          },
          (error) => callback(error),
        );
      },
      batchAppend: (call: BatchCall) => {
        this.calls.batchAppend += 1;
        // The handler listens at once: what comes before would be lost.
        const { store, maxAppendSize } = this;
        batchAppend(call, {
          store,
          maxAppendSize,
          running: () => this.running(),
          admit: () => {
            if (performance.now() < this.#readyAt) return 'not-ready';
            return this.#admit('append', call);
          },
        });
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
    call: { readonly cancelled: boolean },
    work: () => Promise<unknown>,
    fail: (error: CallError) => void,
  ): void {
    this.running()
      .then(work)
      .catch((error: unknown) => {
        if (!call.cancelled) fail(error instanceof CallError ? error : errors.invalidArgument(String(error)));
      });
  }

  /** Counts a call and throws when it is not to be served. */
  #admit(method: Method, call: Pick<ReadCall, 'metadata'>): Exclude<Fault, CallError> | undefined {
    this.calls[method] += 1;
    const { users } = this.#options;
    if (users !== undefined) {
      const [authorization = ''] = call.metadata.get('authorization');
      if (authorization === '') throw errors.accessDenied();
      const given = Buffer.from(String(authorization).slice('Basic '.length), 'base64').toString();
      const name = given.slice(0, given.indexOf(':'));
      if (users[name] === undefined || `${name}:${users[name]}` !== given) throw errors.unauthenticated();
    }
    if (performance.now() < this.#readyAt) throw errors.notReady();
    if (this.#follows !== undefined && call.metadata.get('requires-leader')[0] === 'true') {
      throw errors.notLeader(HOST, this.#follows.port);
    }
    const fault = this.fault?.(method);
    if (fault instanceof CallError) throw fault;
    return fault;
  }

  readonly #gossip = (
    _: ServerUnaryCall<unknown, unknown>,
    callback: sendUnaryData<InstanceType<typeof gossip.ClusterInfo>>,
  ): void => {
    void this.running().then(() => {
      const members = [...this.#cluster].filter((node) => node.#port !== 0).map((node) => this.#member(node));
      callback(null, new gossip.ClusterInfo().setMembersList(members));
    });
  };

  #member(node: FakeKurrentDB): InstanceType<typeof gossip.MemberInfo> {
    const { LEADER, FOLLOWER } = gossip.MemberInfo.VNodeState;
    const endPoint = new gossip.EndPoint().setAddress(HOST).setPort(node.port);
    const id = new shared.UUID().setString(`00000000-0000-4000-8000-${String(node.port).padStart(12, '0')}`);
    return new gossip.MemberInfo()
      .setHttpEndPoint(endPoint)
      .setIsAlive(node.#server !== undefined && (node === this || node.#paused === undefined))
      .setInstanceId(id)
      .setTimeStamp(String(Date.now()))
      .setState(node.#follows === undefined ? LEADER : FOLLOWER);
  }
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
