/** The agents of all hosts, each brought up to date when it is asked for. */
import { type EventLog, InTurn } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import { LRUCache } from 'lru-cache';
import { Watched } from './watched.ts';

/** Kept in memory; the one used longest ago is forgotten, and folded again when it is needed. */
const MAX_HOSTS = 1000;

export class ObservedHosts {
  readonly #log: EventLog;
  readonly #known = new LRUCache<string, Watched>({ max: MAX_HOSTS });
  readonly #turns = new Map<string, InTurn>();
  readonly #ending = new AbortController();

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** As of the host's last fact. The caller does not change it; it moves on with the next call. */
  async sync(host: string): Promise<Watched> {
    const turns = this.#turns.get(host) ?? new InTurn();
    this.#turns.set(host, turns);
    try {
      return await turns.run(() => this.#read(host));
    } finally {
      if (turns.waiting === 0) this.#turns.delete(host);
    }
  }

  /** Hosts with an agent that this process has heard of, as of then. */
  *watched(): Generator<readonly [host: string, watched: Watched]> {
    for (const [host, watched] of this.#known.entries()) if (watched.epoch > 0) yield [host, watched];
  }

  /** Nobody waits any more: the process is about to end. */
  release(): void {
    this.#ending.abort();
  }

  get isReleased(): boolean {
    return this.#ending.signal.aborted;
  }

  /**
   * Resolves when the host has a fact after the revision, or after `waitMs`, or when the log ends, or after `release`. For facts of other
   * processes, too.
   */
  async wait(host: string, { revision, position }: Watched, waitMs: number): Promise<void> {
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(), waitMs);
    const stream = streamOf(host);
    const signal = AbortSignal.any([ended.signal, this.#ending.signal]);
    try {
      for await (const delivery of this.#log.subscribe({ after: position, signal }))
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
    this.#known.set(host, known);
    return known;
  }
}
