/** `Streams/Read`: reads of a stream and of $all in both directions, and catch-up subscriptions to both. */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Store } from './store.ts';
import { errors, filterOf, identifierOf, readEvent, type Stored, streams, textOf } from './wire.ts';

type Request = InstanceType<typeof streams.ReadReq>;
type Response = InstanceType<typeof streams.ReadResp>;
type Options = InstanceType<typeof streams.ReadReq.Options>;
export type ReadCall = ServerWritableStream<Request, Response>;

/** Events that the server considers before it tells how far it is, for a filter that names no number. */
const DEFAULT_WINDOW = 32;
const BACKWARDS = 1;

/** The node that a reader asks. */
export interface ReadingNode {
  readonly store: Store;
  /** Servers before 23 say nothing when a subscription has caught up. */
  readonly saysCaughtUp: boolean;
  /** Checkpoints name the next event before it is given, as in EventStore#4023. */
  readonly checkpointsEarly: boolean;
  /** Resolves while the process is not stopped. */
  running(): Promise<void>;
}

/** Events that a subscription considers before others have their turn. */
const TURN = 16;

/** Answers one call until it is done or cancelled. Throws CallError. */
export async function read(call: ReadCall, node: ReadingNode): Promise<void> {
  const { store } = node;
  const options = call.request.getOptions();
  if (options === undefined || !options.hasUuidOption()) throw errors.invalidArgument('uuidOption');
  const subscription = options.hasSubscription();
  if (options.hasAll())
    await (subscription ? subscribeToAll(call, node, options) : readAll(call, store, options));
  else await (subscription ? subscribeToStream(call, node, options) : readStream(call, store, options));
}

/** Sends at the pace of the client. */
export async function send<T>(call: ServerWritableStream<unknown, T>, message: T): Promise<void> {
  if (call.cancelled || call.write(message)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      call.off('drain', done);
      call.off('cancelled', done);
      resolve();
    };
    call.once('drain', done);
    call.once('cancelled', done);
  });
}

async function readAll(call: ReadCall, store: Store, options: Options): Promise<void> {
  const all = options.getAll();
  const position = all?.getPosition();
  const at = position === undefined ? undefined : store.indexOf(BigInt(position.getCommitPosition()));
  const backwards = options.getReadDirection() === BACKWARDS;
  const passes = filterOf(options.getFilter());
  // Forwards a position is that of the first event read; backwards it is the end of the last one.
  const start = at ?? (all?.hasEnd() ? store.visible : 0);
  const step = backwards ? -1 : 1;
  let left = Number(options.getCount());
  for (let index = backwards ? start - 1 : start; left > 0 && !call.cancelled; index += step) {
    const event = index < store.visible ? store.log[index] : undefined;
    if (event === undefined) return;
    store.looked += 1;
    if (!passes(event)) continue;
    left -= 1;
    await send(call, readEvent(event));
  }
}

async function readStream(call: ReadCall, store: Store, options: Options): Promise<void> {
  const which = options.getStream();
  const name = textOf(which?.getStreamIdentifier());
  const readable = store.read(name);
  if (readable === undefined) {
    const notFound = new streams.ReadResp.StreamNotFound().setStreamIdentifier(identifierOf(name));
    await send(call, new streams.ReadResp().setStreamNotFound(notFound));
    return;
  }
  const { events, first, end } = readable;
  const backwards = options.getReadDirection() === BACKWARDS;
  const named = which?.hasRevision() ? Number(which.getRevision()) : undefined;
  const start = backwards
    ? Math.min(named ?? Number.POSITIVE_INFINITY, end - 1)
    : Math.max(named ?? (which?.hasEnd() ? end : 0), first);
  let left = Number(options.getCount());
  for (let index = start; left > 0 && index >= first && index < end; index += backwards ? -1 : 1) {
    const event = events[index];
    if (event === undefined || call.cancelled) return;
    left -= 1;
    await send(call, readEvent(event));
  }
}

async function subscribeToAll(call: ReadCall, node: ReadingNode, options: Options): Promise<void> {
  const { store } = node;
  const all = options.getAll();
  const position = all?.getPosition();
  const start = position === undefined ? undefined : BigInt(position.getCommitPosition());
  const filter = options.getFilter();
  const passes = filterOf(filter);
  const window = filter?.hasMax() ? filter.getMax() : DEFAULT_WINDOW;
  const interval = filter === undefined ? 0 : window * filter.getCheckpointintervalmultiplier();
  let index = start === undefined ? (all?.hasEnd() ? store.visible : 0) : store.indexOf(start);
  await confirm(call);
  let considered = 0;
  const next = async (): Promise<boolean> => {
    const event = index < store.visible ? store.log[index] : undefined;
    if (event === undefined) return false;
    index += 1;
    if (start !== undefined && BigInt(event.position) <= start) return true;
    store.looked += 1;
    considered += 1;
    if (considered % TURN === 0) await setImmediate();
    const reached = interval > 0 && considered % interval === 0;
    if (reached && node.checkpointsEarly) await checkpoint(call, event);
    if (passes(event)) await send(call, readEvent(event));
    if (reached && !node.checkpointsEarly) await checkpoint(call, event);
    return true;
  };
  await follow(call, node, next, async () => {
    const last = store.log[index - 1];
    if (interval > 0 && last !== undefined) await checkpoint(call, last);
  });
}

async function subscribeToStream(call: ReadCall, node: ReadingNode, options: Options): Promise<void> {
  const { store } = node;
  const which = options.getStream();
  const name = textOf(which?.getStreamIdentifier());
  const last = (): number => (store.read(name)?.end ?? 0) - 1;
  let revision = which?.hasRevision() ? Number(which.getRevision()) : which?.hasEnd() ? last() : -1;
  await confirm(call);
  await follow(
    call,
    node,
    async () => {
      const readable = store.read(name);
      const index = Math.max(revision + 1, readable?.first ?? 0);
      const event = index < (readable?.end ?? 0) ? readable?.events[index] : undefined;
      if (event === undefined) return false;
      revision = event.revision;
      await send(call, readEvent(event));
      return true;
    },
    async () => {},
  );
}

/** Sends what `next` finds; says once that it has caught up; then waits for more, until the call is cancelled. */
async function follow(
  call: ReadCall,
  node: ReadingNode,
  next: () => Promise<boolean>,
  beforeCaughtUp: () => Promise<void>,
): Promise<void> {
  const gone = new AbortController();
  call.once('cancelled', () => gone.abort());
  let live = false;
  while (!call.cancelled) {
    await node.running();
    if (await next()) continue;
    if (!live) {
      live = true;
      await beforeCaughtUp();
      if (node.saysCaughtUp)
        await send(call, new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()));
      continue;
    }
    await once(node.store, 'appended', { signal: gone.signal }).catch(() => {});
  }
}

async function confirm(call: ReadCall): Promise<void> {
  const confirmation = new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(randomUUID());
  await send(call, new streams.ReadResp().setConfirmation(confirmation));
}

async function checkpoint(call: ReadCall, event: Stored): Promise<void> {
  const at = String(event.position);
  const reached = new streams.ReadResp.Checkpoint().setCommitPosition(at).setPreparePosition(at);
  await send(call, new streams.ReadResp().setCheckpoint(reached));
}
