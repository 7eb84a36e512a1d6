/** The stream of facts, from a position into the live tail; it comes back by itself when the service went away. */
import { Problem, type RecordedFact } from '@apledger/api';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { bearer, type Current } from './api.ts';
import { problemOf } from './problem.ts';

/** A fact; or, once, the position at which history was exhausted and the live tail began. */
export type Delivery = { readonly fact: RecordedFact } | { readonly caughtUp: number };

export interface FollowOptions {
  /** Where the service is, `http://127.0.0.1:8642`; '' = where this page is from. */
  readonly server: string;
  /** Only facts after this position; 0, the default, = from the beginning. */
  readonly after?: number;
  /** Instead: from the first fact at or after this moment on, like `2026-11-17T09:14:00Z` or `-2h`. */
  readonly since?: string;
  readonly host?: string;
  readonly types?: readonly string[];
  readonly signal: AbortSignal;
  /** Of a token or a session. */
  readonly secret?: string | undefined;
  /** Told of every time that the stream was opened. */
  readonly onOpen?: () => void;
  /** Told of every time that the stream broke and is about to be opened again. */
  readonly onBreak?: (reason: unknown) => void;
  /** Told that the service cannot read its log, and up to where it was read; undefined when it can again. */
  readonly onAway?: (current: Current | undefined) => void;
}

const RETRY_MS = 1000;
/** The service shows a sign of life every 15 s; three missing ones are a connection that is none any more. */
const SILENCE_MS = 45_000;
const OK = 200;

/** Every fact once, in the order of the log, until the signal. Throws Problem for what coming back does not mend. */
export async function* followFacts(options: FollowOptions): AsyncGenerator<Delivery, void, undefined> {
  const { signal, onBreak } = options;
  let position = options.since === undefined ? (options.after ?? 0) : undefined;
  let hasCaughtUp = false;
  while (!signal.aborted) {
    const connection = new Connection(signal);
    try {
      for await (const delivery of connection.deliveries(options, position)) {
        if (signal.aborted) return;
        if ('caughtUp' in delivery) {
          position ??= delivery.caughtUp;
          if (hasCaughtUp) continue;
          hasCaughtUp = true;
        } else position = delivery.fact.position;
        yield delivery;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status < 500) throw error;
      onBreak?.(error);
    } finally {
      connection.close();
    }
    await pause(signal);
  }
}

/** One response of the service, while it lasts. */
class Connection {
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = AbortSignal.any([signal, this.#end.signal]);
  }

  async *deliveries(
    { server, since, host, types, secret, onOpen, onAway }: FollowOptions,
    position: number | undefined,
  ): AsyncGenerator<Delivery, void, undefined> {
    const query = new URLSearchParams(
      position === undefined ? { since: since ?? '' } : { after: String(position) },
    );
    if (host !== undefined) query.set('host', host);
    if (types !== undefined) query.set('types', types.join(','));
    this.#heard();
    const response = await fetch(`${server.replace(/\/$/, '')}/api/v1/events/stream?${query}`, {
      headers: { accept: 'text/event-stream', ...bearer(secret) },
      signal: this.#signal,
    });
    if (response.status !== OK || response.body === null)
      throw problemOf(response, await response.json().catch(() => undefined));
    onOpen?.();
    const heard = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        this.#heard();
        controller.enqueue(chunk);
      },
    });
    const messages = response.body
      .pipeThrough(heard)
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    const reader = messages.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (value.event === 'fact') yield { fact: JSON.parse(value.data) as RecordedFact };
      else if (value.event === 'caught-up')
        yield { caughtUp: (JSON.parse(value.data) as { position: number }).position };
      else if (value.event === 'log-away') {
        const { currentTo, position: known } = JSON.parse(value.data) as {
          currentTo: string;
          position: number;
        };
        onAway?.({ time: new Date(currentTo), position: known });
      } else if (value.event === 'log-back') onAway?.(undefined);
    }
  }

  close(): void {
    clearTimeout(this.#silence);
    this.#end.abort();
  }

  #heard(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#end.abort(new Error('nothing was heard any more')), SILENCE_MS);
  }
}

const pause = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, RETRY_MS);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
