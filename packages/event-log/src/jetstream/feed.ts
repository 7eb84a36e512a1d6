/**
 * Messages of a subject in order, without gap or duplicate, across lost connections, servers and leaders.
 *
 * The server side is an ephemeral pull consumer without acknowledgements. It is thrown away and made again from the
 * next sequence whenever anything looks odd: a delivery out of order, silence, a lost connection. How much may be on
 * its way is bounded by what was asked for, so a slow reader slows the server down.
 */

import type { Msg, Subscription } from '@nats-io/transport-node';
import type { Broker } from './broker.ts';
import { Refused } from './broker.ts';
import { NO_MESSAGE } from './faults.ts';
import type { Stored } from './record.ts';

export interface FeedOptions {
  /** JetStream stream. */
  readonly archive: string;
  /** Subject, wildcards allowed. */
  readonly subject: string;
  /** First sequence wanted. */
  readonly from: number;
  /** Last sequence wanted, which need not exist; without it the feed goes on for ever. */
  readonly upTo?: number;
  /** The last message of each subject, those that come after `upTo` while they are read included. */
  readonly heads?: boolean;
  readonly signal?: AbortSignal;
}

/** Messages and bytes that may be on their way or wait here. */
const WINDOW_MESSAGES = 2048;
const WINDOW_BYTES = 16 * 1024 * 1024;
/** The server says so often that it is alive; after so much silence it is taken to be lost. */
const HEARTBEAT_MS = 1000;
const SILENCE_MS = 4500;
const PULL_EXPIRES_MS = 60_000;
/** A server forgets a consumer that nobody pulled from for so long. */
const FORGET_MS = 30_000;
const NANOS = 1_000_000;
/** For a live feed nobody waits: it goes on when the servers come back, whenever that is. */
const FOR_EVER_MS = Number.POSITIVE_INFINITY;

/**
 * Yields runs of messages, each at least one. Ends after `upTo`, or without an error on abort. A bounded feed throws
 * LogError when the servers stay away; an unbounded one waits for them.
 */
export async function* feed(
  broker: Broker,
  options: FeedOptions,
): AsyncGenerator<readonly Stored[], void, undefined> {
  const { upTo = Number.POSITIVE_INFINITY, heads = false, signal } = options;
  const isOver = (): boolean => signal?.aborted === true;
  let next = options.from;
  while (!isOver()) {
    const pull = await Pull.open(broker, options, next);
    let due = heads ? pull.pending : 0;
    try {
      for (;;) {
        const run = await pull.take(signal);
        if (run === 'lost' || isOver()) break;
        const wanted = heads ? run : run.filter((stored) => stored.sequence <= upTo);
        next = (run.at(-1)?.sequence ?? next - 1) + 1;
        due -= run.length;
        if (wanted.length > 0) yield wanted;
        if (next > upTo && due <= 0) return;
        // Silence: is there really more? A message that was deleted from the stream never comes.
        if (run.length === 0 && options.upTo !== undefined && !(await exists(broker, options, next))) return;
      }
    } finally {
      pull.close();
    }
  }
}

async function exists(broker: Broker, options: FeedOptions, next: number): Promise<boolean> {
  try {
    const question = { seq: next, next_by_subj: options.subject };
    const reply = await broker.ask(`STREAM.MSG.GET.${options.archive}`, question);
    const { message } = reply as { message: { seq: number } };
    return message.seq <= (options.upTo ?? message.seq);
  } catch (error) {
    if (error instanceof Refused && error.error.err_code === NO_MESSAGE) return false;
    throw error;
  }
}

/** What the server says of a consumer that it made. */
interface Made {
  readonly name: string;
  readonly num_pending: number;
}

/** One consumer on the server, until it is lost. */
class Pull {
  /** Messages that there were for it when it was made. */
  readonly pending: number;
  readonly #broker: Broker;
  readonly #archive: string;
  readonly #consumer: string;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #watchdog: NodeJS.Timeout;
  readonly #lose = (): void => this.#end();
  #waiting: Stored[] = [];
  #waitingBytes = 0;
  /** Messages that the server may still send without being asked again. */
  #asked = 0;
  #requests = 0;
  #next: number;
  #delivered = 0;
  #heardAt = performance.now();
  #lost = false;
  #wake: (() => void) | undefined;

  private constructor(broker: Broker, options: FeedOptions, from: number, made: Made) {
    const { archive } = options;
    this.pending = made.num_pending;
    this.#consumer = made.name;
    this.#next = options.heads === true ? 0 : from;
    this.#broker = broker;
    this.#inbox = broker.inbox();
    this.#archive = archive;
    this.#subscription = broker.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#received(message);
        else this.#end();
      },
    });
    broker.events.on('lost', this.#lose);
    this.#watchdog = setInterval(() => {
      if (performance.now() - this.#heardAt > SILENCE_MS) this.#end();
    }, HEARTBEAT_MS);
    this.#ask();
  }

  static async open(broker: Broker, options: FeedOptions, from: number): Promise<Pull> {
    const { archive, subject, heads, upTo, signal } = options;
    const config = {
      ack_policy: 'none',
      filter_subject: subject,
      ...(heads === true
        ? { deliver_policy: 'last_per_subject' }
        : { deliver_policy: 'by_start_sequence', opt_start_seq: from }),
      replay_policy: 'instant',
      inactive_threshold: FORGET_MS * NANOS,
      num_replicas: 1,
      mem_storage: true,
    };
    const question = { stream_name: archive, config };
    const patienceMs = upTo === undefined ? FOR_EVER_MS : broker.timeoutMs;
    const reply = await broker.demand(`CONSUMER.CREATE.${archive}`, question, { patienceMs, signal });
    return new Pull(broker, options, from, reply as Made);
  }

  /** What has come; nothing when the server has been quiet for a while; `lost` when nothing more will come. */
  async take(signal?: AbortSignal): Promise<readonly Stored[] | 'lost'> {
    if (this.#waiting.length === 0 && !this.#lost && signal?.aborted !== true) await this.#something(signal);
    if (this.#waiting.length === 0 && this.#lost) return 'lost';
    const run = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#ask();
    return run;
  }

  close(): void {
    this.#lost = true;
    clearInterval(this.#watchdog);
    this.#broker.events.off('lost', this.#lose);
    this.#subscription.unsubscribe();
    if (!this.#broker.connected) return;
    // Nobody waits for the answer: the server forgets the consumer by itself as well.
    this.#broker.nc
      .request(`$JS.API.CONSUMER.DELETE.${this.#archive}.${this.#consumer}`)
      .catch(() => undefined);
  }

  #something(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wake = undefined;
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#wake = wake;
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Asks for as much as there is room for. */
  #ask(): void {
    const room = WINDOW_MESSAGES - this.#asked - this.#waiting.length;
    if (this.#lost || room < WINDOW_MESSAGES / 2 || this.#waitingBytes > WINDOW_BYTES) return;
    this.#asked += room;
    this.#requests += 1;
    const question = {
      batch: room,
      max_bytes: WINDOW_BYTES,
      expires: PULL_EXPIRES_MS * NANOS,
      idle_heartbeat: HEARTBEAT_MS * NANOS,
    };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.#archive}.${this.#consumer}`;
    try {
      this.#broker.nc.publish(subject, JSON.stringify(question), {
        reply: `${this.#inbox}.${this.#requests}`,
      });
    } catch {
      this.#end(); // the connection was closed
    }
  }

  #received(message: Msg): void {
    this.#heardAt = performance.now();
    if (message.subject.startsWith(this.#inbox)) this.#status(message);
    else this.#delivery(message);
  }

  #delivery(message: Msg): void {
    const place = placeOf(message.reply ?? '');
    if (place === undefined || place.delivery !== this.#delivered + 1) {
      this.#end();
      return;
    }
    this.#delivered = place.delivery;
    this.#asked -= 1;
    // A 2.9 that recovered from a full disk delivers from the stream's start whatever was asked for.
    if (place.sequence < this.#next) return;
    this.#next = place.sequence + 1;
    this.#waiting.push({ sequence: place.sequence, subject: message.subject, data: message.data });
    this.#waitingBytes += message.data.length;
    this.#wake?.();
  }

  /** Heartbeats, and the ends of requests: fulfilled in part (404, 408, 409 with what is left), or lost. */
  #status(message: Msg): void {
    const code = message.headers?.code ?? 0;
    const left = message.headers?.get('Nats-Pending-Messages') ?? '';
    if (code === 100) {
      this.#wake?.();
    } else if ((code === 404 || code === 408 || code === 409) && left !== '') {
      this.#asked -= Number(left);
      this.#ask();
    } else {
      this.#end();
    }
  }

  #end(): void {
    this.#lost = true;
    this.#wake?.();
  }
}

/** Place of a delivery, from its reply: `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<n>.<sequence>.<delivery>…` */
function placeOf(reply: string): { readonly sequence: number; readonly delivery: number } | undefined {
  const tokens = reply.split('.');
  const at = tokens.length === 9 ? 5 : 7;
  const sequence = Number(tokens[at]);
  const delivery = Number(tokens[at + 1]);
  return Number.isSafeInteger(sequence) && Number.isSafeInteger(delivery)
    ? { sequence, delivery }
    : undefined;
}
