/** The agents of all hosts, each brought up to date when it is asked for. */
import type { EventLog } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import { Watched } from './watched.ts';

/** Kept in memory; the one used longest ago is forgotten, and folded again when it is needed. */
const MAX_HOSTS = 1000;

export class ObservedHosts {
  readonly #log: EventLog;
  /** In the order of their last use. */
  readonly #known = new Map<string, Watched>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** As of the host's last fact. The caller does not change it; it moves on with the next call. */
  async sync(host: string): Promise<Watched> {
    const before = this.#turns.get(host) ?? Promise.resolve();
    const turn = before.then(() => this.#read(host));
    const settled = turn.catch(() => undefined);
    this.#turns.set(host, settled);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(host) === settled) this.#turns.delete(host);
    }
  }

  /**
   * Resolves when the host has a fact after the revision, or after `waitMs`, or when the log ends. For facts of other processes, too.
   */
  async wait(host: string, { revision, position }: Watched, waitMs: number): Promise<void> {
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(), waitMs);
    const stream = streamOf(host);
    try {
      for await (const delivery of this.#log.subscribe({ after: position, signal: ended.signal }))
        if ('fact' in delivery && delivery.fact.stream === stream && delivery.fact.revision > revision)
          return;
    } finally {
      clearTimeout(timer);
      ended.abort();
    }
  }

  async #read(host: string): Promise<Watched> {
    const stream = streamOf(host);
    const known = this.#known.get(host) ?? new Watched();
    const head = await this.#log.head(stream);
    if (head !== undefined && head.revision > known.revision) {
      const range = { from: known.revision + 1, to: head.revision };
      for await (const recorded of this.#log.readStream(stream, range)) known.fold(recorded);
    }
    this.#known.delete(host);
    this.#known.set(host, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_HOSTS && oldest !== undefined) this.#known.delete(oldest);
    return known;
  }
}
