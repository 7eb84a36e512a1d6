/** The relay's life: connect, find out where to go on, publish until something breaks, and again. */

import { setTimeout as delay } from 'node:timers/promises';
import { type EventLog, factAtPosition, type RecordedFact } from '@apledger/event-log';
import { hostOf } from '@apledger/events';
import { BrokerError, brokerError, isOfBroker, Link, type ServerOptions } from '@apledger/nats';
import { jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { backoff } from '@nats-io/transport-node';
import { type FactMessage, factMessage } from '../cloud-event.ts';
import { notPublishedMessage } from '../dead-letters.ts';
import { type Attachments, entityOf, STREAM_NAME } from '../subjects.ts';
import { attachmentsAt } from './attachments.ts';
import {
  followed,
  noteInMemory,
  type Place,
  type PlaceNote,
  type StoredMessage,
  trustedPlace,
} from './place.ts';
import { FactPublisher, Unpublishable, WrongPlace } from './publisher.ts';
import { claimOf, isSame, messagesBehind, openStream } from './stream.ts';

/** A subject's line must stay well below the 4096 bytes that a server takes. */
const MAX_SUBJECT_LENGTH = 3000;
/** Of a message's headers: its version line, and what stands around each name and value. */
const HEADERS_BYTES = 256;
const HEADER_BYTES = 4;
/** How long the facts that are on their way at the end may take. */
const DRAIN_TIMEOUT_MS = 5000;
/** The place is noted no more often than that: a process that is killed reads again what came since. */
const NOTE_MS = 1000;
const RETRY_MS = [0, 250, 500, 1000, 2000, 5000];
/** What waiting does not mend. */
const HOPELESS: ReadonlySet<string> = new Set(['denied', 'other-configuration', 'other-log']);

/** What the relay is doing, for anyone who watches it. */
export type RelayState =
  | { readonly state: 'publishing'; readonly after: number }
  /** Everything up to this position is in the stream, and nothing is on its way. */
  | { readonly state: 'acknowledged'; readonly position: number }
  /** It will try again. */
  | { readonly state: 'waiting'; readonly reason: string }
  /** In the place of this fact the stream has a letter about it. */
  | { readonly state: 'not-published'; readonly position: number; readonly reason: string };

export interface RelayOptions {
  readonly log: EventLog;
  readonly server: ServerOptions;
  /** Ends it: what is on its way is waited for, nothing more is sent. */
  readonly signal: AbortSignal;
  /** Name of the JetStream stream, APLEDGER by default. */
  readonly stream?: string;
  /** Copies of the stream when it has to be created: 1, the default, or 3. */
  readonly replicas?: number;
  /** Where it notes how far it has got; by default only for as long as the process lives, and the next one reads the whole stream. */
  readonly note?: PlaceNote;
  readonly onState?: (state: RelayState) => void;
}

/**
 * Publishes the log's facts until the signal. A broker that is away is waited for. Throws BrokerError `denied`, `other-configuration` or
 * `other-log`, and LogError when the log cannot be read.
 */
export async function relay(options: RelayOptions): Promise<void> {
  await new Relay(options).run();
}

class Relay {
  readonly #log: EventLog;
  readonly #options: RelayOptions;
  readonly #signal: AbortSignal;
  readonly #stream: string;
  /** Why the broker did not take facts that looked all right, by position. */
  readonly #unpublishable = new Map<number, string>();
  readonly #note: PlaceNote;
  /** The last fact that the broker acknowledged, and the message that it is. */
  #stored: Place = { position: 0, sequence: 0 };
  #notedAt = 0;
  #attempt = 0;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#signal = options.signal;
    this.#stream = options.stream ?? STREAM_NAME;
    this.#note = options.note ?? noteInMemory();
  }

  async run(): Promise<void> {
    let link: Link | undefined;
    try {
      while (!this.#signal.aborted) {
        try {
          link ??= await Link.open(this.#options.server, 'relay');
          await link.standing(this.#signal);
          if (!this.#signal.aborted) await this.#session(link);
        } catch (error) {
          await this.#recover(error);
        }
      }
    } finally {
      await link?.close();
    }
  }

  /** From the place on, until the signal; throws what broke it. */
  async #session(link: Link): Promise<void> {
    const manager = await jetstreamManager(link.nc, { checkAPI: false });
    const info = await openStream(manager, { stream: this.#stream, replicas: this.#options.replicas ?? 1 });
    const maxBytes = Math.min(
      link.nc.info?.max_payload ?? Number.POSITIVE_INFINITY,
      info.config.max_msg_size > 0 ? info.config.max_msg_size : Number.POSITIVE_INFINITY,
    );
    const place = await this.#find(link, info, maxBytes);
    this.#stored = place;
    const attachments = await attachmentsAt(this.#log, place.position);
    const publisher = new FactPublisher(link, info.state.last_seq, {
      onStored: (position, sequence) => {
        this.#stored = { position, sequence };
      },
      onIdle: (position) => {
        this.#acknowledged(position);
        if (performance.now() - this.#notedAt > NOTE_MS) void this.#noteDown(info).catch(() => undefined);
      },
    });
    try {
      this.#report({ state: 'publishing', after: place.position });
      await this.#noteDown(info);
      if (place.position > 0) this.#acknowledged(place.position);
      await this.#publishAll(publisher, place.position, (fact) => this.#message(fact, attachments, maxBytes));
    } finally {
      publisher.close();
      await this.#noteDown(info).catch(() => undefined); // a log that was closed: the note is older then
    }
  }

  /** Where to go on: behind what was noted, and what is found behind that. */
  async #find(link: Link, info: StreamInfo, maxBytes: number): Promise<Place> {
    const log = this.#log;
    const place = await trustedPlace(this.#note, info, log);
    if (place !== undefined && (await log.lastPosition()) <= place.position) return place;
    let attachments: Attachments | undefined;
    let next: { readonly position: number; readonly message: FactMessage } | undefined;
    // A fact's message depends on who has the mdev open then: each is composed once, in order.
    const messageOf = async (fact: RecordedFact): Promise<FactMessage> => {
      const { position } = fact;
      if (next?.position === position) return next.message;
      if (attachments === undefined || next?.position !== position - 1)
        attachments = await attachmentsAt(log, position - 1);
      const { message } = this.#compose(fact, attachments, maxBytes);
      next = { position, message };
      return message;
    };
    async function* stored(): AsyncGenerator<StoredMessage> {
      for await (const found of messagesBehind(link, info, place?.sequence ?? 0))
        yield {
          sequence: found.seq,
          claim: claimOf(found),
          isOf: async (fact) => isSame(found, await messageOf(fact)),
        };
    }
    return followed(log, place, stored(), this.#stream);
  }

  async #noteDown({ created }: StreamInfo): Promise<void> {
    this.#notedAt = performance.now();
    const { position, sequence } = this.#stored;
    const hash = (await factAtPosition(this.#log, position))?.hash ?? '';
    this.#note.write({ position, sequence, created, hash });
  }

  async #publishAll(
    publisher: FactPublisher,
    after: number,
    messageOf: (fact: RecordedFact) => FactMessage,
  ): Promise<void> {
    const signal = AbortSignal.any([this.#signal, publisher.broken]);
    for await (const delivery of this.#log.subscribe({ after, signal })) {
      if (!('fact' in delivery)) continue;
      const { fact } = delivery;
      publisher.publish(messageOf(fact), fact.position);
      if (publisher.isFull) await publisher.room();
    }
    if (!publisher.broken.aborted) {
      const late = setTimeout(
        () => publisher.fail(new BrokerError('unreachable', 'the broker did not acknowledge the last facts')),
        DRAIN_TIMEOUT_MS,
      );
      await publisher.idle();
      clearTimeout(late);
    }
    // The signal ends the relay all the same: what is not acknowledged is sent at its next start.
    if (publisher.broken.aborted && !this.#signal.aborted) throw publisher.broken.reason;
  }

  /** The fact's message, or where the broker could not take it a letter in its place. */
  #message(fact: RecordedFact, attachments: Attachments, maxBytes: number): FactMessage {
    const { message, reason } = this.#compose(fact, attachments, maxBytes);
    if (reason !== undefined) this.#report({ state: 'not-published', position: fact.position, reason });
    return message;
  }

  #compose(
    fact: RecordedFact,
    attachments: Attachments,
    maxBytes: number,
  ): { readonly message: FactMessage; readonly reason?: string } {
    const host = hostOf(fact.stream);
    const entity = entityOf(fact.type, fact.data);
    const guest = host === undefined ? undefined : attachments.follow(host, entity, fact.type, fact.data);
    const message = factMessage(fact, guest, entity);
    const against = this.#unpublishable.get(fact.position) ?? reasonAgainst(message, fact, maxBytes);
    if (message !== undefined && against === undefined) return { message };
    const reason = against ?? 'its stream has no name';
    return { message: notPublishedMessage(fact, reason), reason };
  }

  /** Waits before the next attempt; throws what no attempt will mend. */
  async #recover(error: unknown): Promise<void> {
    if (this.#signal.aborted) return;
    // Somebody else wrote to the stream: look again where it ends. Alone that is no reason to wait.
    if (error instanceof Unpublishable) this.#unpublishable.set(error.position, error.message);
    else if (!(error instanceof WrongPlace)) {
      const problem = isOfBroker(error) ? brokerError(error, this.#stream) : undefined;
      if (problem === undefined || HOPELESS.has(problem.code)) throw problem ?? error;
      this.#report({ state: 'waiting', reason: problem.message });
    }
    const pause = backoff(RETRY_MS).backoff(this.#attempt);
    this.#attempt += 1;
    await delay(pause, undefined, { signal: this.#signal }).catch(() => undefined);
  }

  #acknowledged(position: number): void {
    this.#attempt = 0;
    this.#report({ state: 'acknowledged', position });
  }

  #report(state: RelayState): void {
    this.#options.onState?.(state);
  }
}

function reasonAgainst(
  message: FactMessage | undefined,
  { type }: RecordedFact,
  maxBytes: number,
): string | undefined {
  if (message === undefined) return undefined;
  if (message.subject.length > MAX_SUBJECT_LENGTH) return `its names make too long a subject (type ${type})`;
  const bytes = sizeOf(message);
  return bytes <= maxBytes ? undefined : `its message has ${bytes} bytes, the broker takes ${maxBytes}`;
}

/** Bytes of headers and body, at most a few more than they are. */
function sizeOf({ headers, body }: FactMessage): number {
  let bytes = HEADERS_BYTES + Buffer.byteLength(body);
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0) + HEADER_BYTES;
  return bytes;
}
