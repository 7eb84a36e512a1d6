/**
 * One server: as many channels to it as its calls need, and an end for all of them at once.
 *
 * Servers allow a hundred calls on one HTTP/2 connection (Kestrel's default); what is beyond waits in the client
 * without a word. So a call that finds a hundred others gets a channel of its own.
 */

import type { ChannelCredentials, ChannelOptions } from '@grpc/grpc-js';
import { type Address, type Endpoint, targetOf } from './address.ts';
import { Fault } from './faults.ts';
import type { Protocol } from './protocol.ts';

const CALLS_PER_CHANNEL = 100;
/** The largest event that a server keeps, and a mebibyte around it. */
const LARGEST_MESSAGE = 17 * 1024 * 1024;

type StreamsClient = InstanceType<Protocol['streamsGrpc']['StreamsClient']>;

interface Lane {
  readonly client: StreamsClient;
  calls: number;
}

/** A call that has begun. */
export interface Begun {
  readonly client: StreamsClient;
  /** Says that an answer is waited for, or is not any more: what waits for long makes the node suspect. */
  waits(isWaiting: boolean): void;
  /** Has to be called when the call has ended, however it did. */
  done(): void;
}

export class Node {
  readonly endpoint: Endpoint;
  /** When the node said something last, as `performance.now()` counts. */
  heardAt = performance.now();
  readonly #protocol: Protocol;
  readonly #credentials: ChannelCredentials;
  readonly #options: ChannelOptions;
  readonly #lanes: Lane[] = [];
  readonly #ends = new Set<(fault: Fault) => void>();
  /** When each call that waits for an answer began to, oldest first. */
  readonly #waiting = new Map<object, number>();
  #fault: Fault | undefined;

  constructor(protocol: Protocol, endpoint: Endpoint, address: Address, credentials: ChannelCredentials) {
    this.endpoint = endpoint;
    this.#protocol = protocol;
    this.#credentials = credentials;
    this.#options = channelOptions(address);
  }

  /** Calls under way. */
  get calls(): number {
    return this.#ends.size;
  }

  /** How long the oldest unanswered call has waited. */
  get waitedMs(): number {
    for (const since of this.#waiting.values()) return performance.now() - since;
    return 0;
  }

  /** Reserves a place for a call; `end` has to end it when the node is given up. Throws the fault of a node that was. */
  begin(end: (fault: Fault) => void): Begun {
    if (this.#fault !== undefined) throw this.#fault;
    const lane = this.#lane();
    const key = {};
    lane.calls += 1;
    this.#ends.add(end);
    return {
      client: lane.client,
      waits: (isWaiting) => {
        if (isWaiting) this.#waiting.set(key, performance.now());
        else this.#waiting.delete(key);
      },
      done: () => {
        if (!this.#ends.delete(end)) return;
        this.#waiting.delete(key);
        lane.calls -= 1;
        this.#tidy(lane);
      },
    };
  }

  /** Says that an answer is waited for on a call that carries many. */
  wait(): { done(): void } {
    const key = {};
    this.#waiting.set(key, performance.now());
    return { done: () => void this.#waiting.delete(key) };
  }

  /** Ends every call with the fault, and the channels. */
  giveUp(fault: Fault): void {
    if (this.#fault !== undefined) return;
    this.#fault = fault;
    for (const end of [...this.#ends]) end(fault);
    this.#ends.clear();
    this.#waiting.clear();
    for (const { client } of this.#lanes.splice(0)) client.close();
  }

  #lane(): Lane {
    const free = this.#lanes.find(({ calls }) => calls < CALLS_PER_CHANNEL);
    if (free !== undefined) return free;
    const { StreamsClient } = this.#protocol.streamsGrpc;
    const client = new StreamsClient(targetOf(this.endpoint), this.#credentials, this.#options);
    const lane = { client, calls: 0 };
    this.#lanes.push(lane);
    return lane;
  }

  /** Closes a channel that nothing uses while others have room. */
  #tidy(lane: Lane): void {
    const index = this.#lanes.indexOf(lane);
    const hasRoom = this.#lanes.some((other) => other !== lane && other.calls < CALLS_PER_CHANNEL / 2);
    if (lane.calls > 0 || index < 0 || !hasRoom) return;
    this.#lanes.splice(index, 1);
    lane.client.close();
  }
}

function channelOptions({ keepAliveMs, keepAliveTimeoutMs }: Address): ChannelOptions {
  const never = 2 ** 31 - 1;
  return {
    'grpc.use_local_subchannel_pool': 1, // or all channels would share one connection
    'grpc.keepalive_time_ms': keepAliveMs < 0 ? never : keepAliveMs,
    'grpc.keepalive_timeout_ms': keepAliveTimeoutMs < 0 ? never : keepAliveTimeoutMs,
    'grpc.max_receive_message_length': LARGEST_MESSAGE,
    'grpc.max_send_message_length': -1,
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
  };
}

/** The fault of calls that are ended because the log is closed. */
export const closedFault = (): Fault => new Fault('unavailable', 'the log was closed');
