/** Every stream of facts that is open here. */

import type { ServerResponse } from 'node:http';
import { Problem } from '@apledger/api';
import type { EventLog } from '@apledger/event-log';
import type { Watch } from '@apledger/ledger';
import { Allowance } from './allowance.ts';
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
  readonly watch: Watch;
  readonly report: (message: string) => void;
  /** Time between two signs of life. */
  readonly beatMs?: number;
}

export class Streams {
  readonly #log: EventLog;
  readonly #watch: Watch;
  readonly #feed: Feed;
  readonly #report: (message: string) => void;
  readonly #open = new Set<FactStream>();
  readonly #allowance = new Allowance();
  readonly #timer: NodeJS.Timeout;
  readonly #unwatch: readonly (() => void)[];

  constructor({ log, watch, report, beatMs = BEAT_MS }: StreamsOptions) {
    this.#log = log;
    this.#watch = watch;
    this.#report = report;
    this.#feed = new Feed(watch.tail);
    this.#unwatch = [
      watch.health.on('away', () => this.#announce(awayMessage(watch))),
      watch.health.on('back', () => this.#announce(BACK)),
    ];
    this.#timer = setInterval(() => {
      const now = performance.now();
      for (const stream of this.#open) stream.beat(now);
    }, beatMs).unref();
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
    if (response.destroyed) return; // its client did not wait
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
    if (this.#watch.health.isAway) response.write(awayMessage(this.#watch));
    const stream = new FactStream({
      feed: this.#feed,
      log: this.#log,
      health: this.#watch.health,
      response,
      allowance: this.#allowance,
      report: this.#report,
      ...wanted,
    });
    this.#open.add(stream);
    response.on('close', () => this.#open.delete(stream));
    await stream.run();
  }

  /** Ends all of them: their clients come back, to the process that serves then. */
  end(): void {
    clearInterval(this.#timer);
    for (const stop of this.#unwatch) stop();
    for (const stream of this.#open) stream.end();
    this.#feed.close();
  }

  #announce(message: Buffer): void {
    for (const stream of this.#open) stream.announce(message);
  }
}

/** Without an id: a client that comes back goes on behind the last fact that it has. */
const BACK = Buffer.from('event: log-back\ndata: {}\n\n');

function awayMessage({ health, current }: Watch): Buffer {
  const since = health.reading?.since.toISOString();
  const data = { since, currentTo: current.time.toISOString(), position: current.position };
  return Buffer.from(`event: log-away\ndata: ${JSON.stringify(data)}\n\n`);
}
