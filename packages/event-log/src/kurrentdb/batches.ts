/**
 * Appending in batches: many appends on one call, each with an answer and a deadline of its own.
 *
 * The call stays open from the first append on; a call that breaks fails the appends that wait on it, and the next
 * append begins a new one. The events of an append keep their ids when it is made again, so the server writes it once.
 */

import { randomUUID } from 'node:crypto';
import type { Cluster } from './cluster.ts';
import type { NewEvent } from './events.ts';
import { Fault, faultOf, isFault } from './faults.ts';
import type { Begun, Node } from './node.ts';
import type { BatchCall, BatchResponse, Place, Protocol, Requests } from './protocol.ts';

/** Of one message of an append: more events come in the next. */
const MESSAGE_BYTES = 1024 * 1024;
/** An append without an answer for so long: the connection is given up, and all calls on it. */
const HUNG_MS = 5_000;

/** Where an append ended. */
export interface End {
  readonly revision: number;
  /** Of its last event; undefined when the server does not say. */
  readonly place: Place | undefined;
}

interface Waiting {
  readonly wait: { done(): void };
  readonly resolve: (end: End) => void;
  readonly reject: (fault: Fault) => void;
  readonly deadline: NodeJS.Timeout;
}

export class Batches {
  readonly #protocol: Protocol;
  readonly #requests: Requests;
  readonly #cluster: Cluster;
  readonly #metadata: () => InstanceType<Protocol['grpc']['Metadata']>;
  #open: Batch | undefined;

  constructor(
    protocol: Protocol,
    requests: Requests,
    cluster: Cluster,
    metadata: () => InstanceType<Protocol['grpc']['Metadata']>,
  ) {
    this.#protocol = protocol;
    this.#requests = requests;
    this.#cluster = cluster;
    this.#metadata = metadata;
  }

  /** Appends behind a revision, -1 for a stream that is to begin. Throws Fault. */
  async append(
    stream: string,
    revision: number,
    events: readonly NewEvent[],
    deadlineMs: number,
  ): Promise<End> {
    const node = await this.#cluster.node();
    let batch = this.#open;
    if (batch === undefined || batch.node !== node || batch.isOver) {
      batch = new Batch(this.#protocol, node, this.#cluster, this.#metadata());
      this.#open = batch;
    }
    const id = randomUUID();
    return batch.append(id, this.#requests.batch(id, stream, revision, events, MESSAGE_BYTES), deadlineMs);
  }
}

class Batch {
  readonly node: Node;
  isOver = false;
  readonly #protocol: Protocol;
  readonly #cluster: Cluster;
  readonly #call: BatchCall;
  readonly #begun: Begun;
  readonly #waiting = new Map<string, Waiting>();

  constructor(
    protocol: Protocol,
    node: Node,
    cluster: Cluster,
    metadata: InstanceType<Protocol['grpc']['Metadata']>,
  ) {
    this.node = node;
    this.#protocol = protocol;
    this.#cluster = cluster;
    this.#begun = node.begin((fault) => this.#end(fault));
    this.#call = this.#begun.client.batchAppend(metadata);
    this.#call.on('data', (response: BatchResponse) => this.#answered(response));
    this.#call.on('error', (error: unknown) => this.#end(faultOf(error)));
    this.#call.on('end', () => this.#end(new Fault('unavailable', 'the server ended the call')));
  }

  append(
    id: string,
    messages: Iterable<Parameters<BatchCall['write']>[0]>,
    deadlineMs: number,
  ): Promise<End> {
    return new Promise((resolve, reject) => {
      const wait = this.node.wait();
      const deadline = setTimeout(() => {
        this.#settle(id);
        const fault = new Fault('timeout', 'the append was not answered in time');
        reject(fault);
        if (deadlineMs >= HUNG_MS) this.#cluster.failed(this.node, fault);
        else this.#cluster.doubt();
      }, deadlineMs);
      this.#waiting.set(id, { wait, resolve, reject, deadline });
      // Not slowed down by what the connection takes: its caller keeps an append in memory until it is answered.
      for (const message of messages) this.#call.write(message);
    });
  }

  #settle(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    clearTimeout(waiting.deadline);
    waiting.wait.done();
    return waiting;
  }

  #answered(response: BatchResponse): void {
    this.node.heardAt = performance.now();
    const waiting = this.#settle(response.getCorrelationId()?.getString() ?? '');
    if (waiting === undefined) return; // its deadline had passed
    const success = response.getSuccess();
    if (success !== undefined) {
      const at = success.getPosition();
      const place = at && {
        commit: Number(at.getCommitPosition()),
        prepare: Number(at.getPreparePosition()),
      };
      waiting.resolve({ revision: Number(success.getCurrentRevision()), place });
      return;
    }
    const fault = this.#refusal(response);
    waiting.reject(fault);
    if (isFault(fault, 'timeout'))
      this.#cluster.doubt(); // it answers, but its followers may not
    else this.#cluster.failed(this.node, fault);
  }

  #refusal(response: BatchResponse): Fault {
    const { shared } = this.#protocol;
    const error = response.getError();
    const details = error?.getDetails();
    const message = error?.getMessage() ?? '';
    switch (details?.getTypeName()) {
      case 'event_store.client.WrongExpectedVersion': {
        const wrong = shared.WrongExpectedVersion.deserializeBinary(details.getValue_asU8());
        const revision = Number(wrong.getCurrentStreamRevision());
        const actual = wrong.hasCurrentStreamRevision() && Number.isSafeInteger(revision) ? revision : -1;
        return new Fault('wrong-expected-version', message, { actual });
      }
      case 'event_store.client.StreamDeleted':
        return new Fault('stream-deleted', message);
      case 'event_store.client.AccessDenied':
        return new Fault('access-denied', message);
      case 'event_store.client.MaximumAppendSizeExceeded':
        return new Fault('too-large', message);
      case 'event_store.client.Timeout':
        return new Fault('timeout', 'the server did not carry the append out in time');
    }
    if (/Maximum Append/i.test(message)) return new Fault('too-large', message);
    // A node that is not ready, too busy, or knows of no leader says so in words only.
    return new Fault(/^Server Is|leader/i.test(message) ? 'unavailable' : 'unknown', message || 'unknown');
  }

  /** Fails what waits. */
  #end(fault: Fault): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#begun.done();
    this.#call.cancel();
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(fault);
    this.#cluster.failed(this.node, fault);
  }
}
