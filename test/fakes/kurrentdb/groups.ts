/**
 * A persistent subscription of the fake: the server remembers how far a group of consumers has come, hands each event
 * to one of them, and takes it back when it is not acknowledged in time, refused, or its consumer goes away.
 * Kept in memory with the store, so a restarted fake goes on; the real server writes a checkpoint now and then, and
 * after a restart delivers again what came behind it.
 */

import type { Store } from './store.ts';
import type { Stored } from './wire.ts';

export interface GroupSettings {
  readonly messageTimeoutMs: number;
  readonly maxRetryCount: number;
  /** 0 for any number. */
  readonly maxSubscriberCount: number;
  readonly strategy: 'RoundRobin' | 'DispatchToSingle' | 'Pinned';
}

/** One connected consumer; `slots` is how many unacknowledged events it takes. */
export interface Consumer {
  readonly slots: number;
  readonly name: string;
  deliver(event: Stored, retryCount: number): void;
  drop(): void;
}

interface Message {
  readonly event: Stored;
  readonly retryCount: number;
}

interface InFlight extends Message {
  readonly consumer: Consumer;
  readonly timer: NodeJS.Timeout;
}

export type Refusal = 'park' | 'retry' | 'skip' | 'stop';

/** Longest time between redeliveries that Node's timers can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export class Group {
  /** `$all` or the name of a stream. */
  readonly source: string;
  readonly name: string;
  settings: GroupSettings;
  readonly consumers: Consumer[] = [];
  readonly inFlight = new Map<string, InFlight>();
  readonly parked: (Message & { readonly reason: string })[] = [];
  readonly retries: Message[] = [];
  /** Index in $all of the next event to look at. */
  next: number;
  handled = 0;
  readonly #store: Store;
  readonly #passes: (event: Stored) => boolean;
  #turn = 0;

  constructor(
    store: Store,
    which: {
      readonly source: string;
      readonly name: string;
      readonly settings: GroupSettings;
      readonly start: number;
      readonly passes: (event: Stored) => boolean;
    },
  ) {
    this.#store = store;
    this.source = which.source;
    this.name = which.name;
    this.settings = which.settings;
    this.next = which.start;
    this.#passes = which.passes;
  }

  /** False when the group has as many consumers as it may have. */
  join(consumer: Consumer): boolean {
    const { maxSubscriberCount } = this.settings;
    if (maxSubscriberCount > 0 && this.consumers.length >= maxSubscriberCount) return false;
    this.consumers.push(consumer);
    this.pump();
    return true;
  }

  leave(consumer: Consumer): void {
    const index = this.consumers.indexOf(consumer);
    if (index >= 0) this.consumers.splice(index, 1);
    for (const [id, message] of this.inFlight)
      if (message.consumer === consumer) this.#retry(id, 'its consumer left');
    this.pump();
  }

  ack(ids: readonly string[]): void {
    for (const id of ids) this.#settle(id);
    this.pump();
  }

  nack(ids: readonly string[], refusal: Refusal, reason: string, consumer: Consumer): void {
    for (const id of ids) {
      if (refusal === 'park') this.#park(id, reason);
      else if (refusal === 'retry') this.#retry(id, reason);
      else if (refusal === 'skip') this.#settle(id);
    }
    if (refusal === 'stop') consumer.drop();
    this.pump();
  }

  /** Hands parked events out again, at most so many. */
  replay(limit: number): void {
    this.retries.push(...this.parked.splice(0, limit).map(({ event }) => ({ event, retryCount: 0 })));
    this.pump();
  }

  update(settings: GroupSettings): void {
    this.settings = settings;
    this.dropAll();
  }

  dropAll(): void {
    for (const consumer of [...this.consumers]) consumer.drop();
  }

  /** Hands out whatever a consumer has room for. */
  pump(): void {
    for (;;) {
      const message = this.retries[0] ?? this.#ahead();
      if (message === undefined) return;
      const consumer = this.#choose(message.event);
      if (consumer === undefined) return;
      if (this.retries[0] === message) this.retries.shift();
      else this.next = this.#indexAhead() + 1;
      this.#deliver(message, consumer);
    }
  }

  #deliver(message: Message, consumer: Consumer): void {
    const { id } = message.event;
    const timeout = Math.min(this.settings.messageTimeoutMs, MAX_TIMEOUT_MS);
    const timer = setTimeout(() => {
      this.#retry(id, 'it was not acknowledged in time');
      this.pump();
    }, timeout);
    timer.unref();
    this.inFlight.set(id, { ...message, consumer, timer });
    consumer.deliver(message.event, message.retryCount);
  }

  #indexAhead(): number {
    let index = this.next;
    for (; index < this.#store.log.length; index++) {
      const event = this.#store.log[index];
      if (event !== undefined && this.#passes(event)) break;
    }
    return index;
  }

  #ahead(): Message | undefined {
    const event = this.#store.log[this.#indexAhead()];
    return event === undefined ? undefined : { event, retryCount: 0 };
  }

  #choose(event: Stored): Consumer | undefined {
    const busy = (consumer: Consumer): number =>
      [...this.inFlight.values()].filter((message) => message.consumer === consumer).length;
    const free = this.consumers.filter((consumer) => busy(consumer) < consumer.slots);
    if (this.settings.strategy === 'DispatchToSingle') return free[0];
    if (this.settings.strategy === 'Pinned') {
      const sum = [...event.stream].reduce((hash, char) => (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0, 7);
      const pinned = this.consumers[sum % Math.max(this.consumers.length, 1)];
      return pinned !== undefined && free.includes(pinned) ? pinned : free[0];
    }
    this.#turn += 1;
    return free[this.#turn % Math.max(free.length, 1)];
  }

  #settle(id: string): InFlight | undefined {
    const message = this.inFlight.get(id);
    if (message === undefined) return undefined;
    clearTimeout(message.timer);
    this.inFlight.delete(id);
    this.handled += 1;
    return message;
  }

  #retry(id: string, reason: string): void {
    const message = this.inFlight.get(id);
    if (message === undefined) return;
    if (message.retryCount >= this.settings.maxRetryCount) {
      this.#park(id, reason);
      return;
    }
    this.#settle(id);
    this.retries.push({ event: message.event, retryCount: message.retryCount + 1 });
  }

  #park(id: string, reason: string): void {
    const message = this.#settle(id);
    if (message === undefined) return;
    this.parked.push({ event: message.event, retryCount: message.retryCount, reason });
  }
}
