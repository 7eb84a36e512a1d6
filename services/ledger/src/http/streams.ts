/** Every stream of facts that is open here. */

import type { ServerResponse } from 'node:http';
import { Problem } from '@apledger/api';
import type { EventLog, RecordedFact } from '@apledger/event-log';
import { Feed } from './feed.ts';
import { SECURITY_HEADERS } from './guard.ts';
import { FactStream, type Wanted } from './stream.ts';

/** Streams in one process; each is a socket and a few hundred bytes. */
const MAX_STREAMS = 10_000;
const BEAT_MS = 15_000;
/** How long a client waits before it comes back. */
const CLIENT_RETRY_MS = 1000;

export interface StreamsOptions {
  readonly log: EventLog;
  readonly report: (message: string) => void;
  /** Gets each fact before any stream. */
  readonly onFact?: (fact: RecordedFact) => void;
  /** Time between two signs of life. */
  readonly beatMs?: number;
}

export class Streams {
  readonly #log: EventLog;
  readonly #feed: Feed;
  readonly #report: (message: string) => void;
  readonly #open = new Set<FactStream>();
  readonly #timer: NodeJS.Timeout;

  private constructor({ log, report, onFact, beatMs = BEAT_MS }: StreamsOptions) {
    this.#log = log;
    this.#report = report;
    this.#feed = new Feed(log, report, onFact);
    this.#timer = setInterval(() => {
      const now = performance.now();
      for (const stream of this.#open) stream.beat(now);
    }, beatMs).unref();
  }

  /** Begins to follow the log. Throws LogError when it cannot be asked. */
  static async start(options: StreamsOptions): Promise<Streams> {
    const streams = new Streams(options);
    await streams.#feed.start();
    return streams;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Position of the last fact that came. */
  get position(): number {
    return this.#feed.position;
  }

  /** Throws Problem `overloaded` when no more streams fit. */
  checkRoom(): void {
    if (this.#open.size >= MAX_STREAMS)
      throw new Problem(503, 'overloaded', `${MAX_STREAMS} streams are open here; come again later.`);
  }

  /** Answers with a stream; resolves when it is at the live end, or over. */
  async begin(response: ServerResponse, wanted: Wanted): Promise<void> {
    // The body ends with the connection: each write is then one write to the socket, without a chunk around it.
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
    response.socket?.setNoDelay(true).setKeepAlive(true, BEAT_MS);
    response.writeHead(200, {
      ...SECURITY_HEADERS,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write(`retry: ${CLIENT_RETRY_MS}\n\n`);
    const stream = new FactStream({
      feed: this.#feed,
      log: this.#log,
      response,
      report: this.#report,
      ...wanted,
    });
    this.#open.add(stream);
    response.on('close', () => this.#open.delete(stream));
    await stream.run();
  }

  /** Ends all of them: their clients come back, to whoever serves then. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    for (const stream of this.#open) stream.end();
    await this.#feed.close();
  }
}
