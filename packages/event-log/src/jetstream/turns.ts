/**
 * Whose turn it is to append to a stream, among the processes that write to it at the same time.
 *
 * The one who appended last knows where the stream ends, and would be first again; the others have to ask before each
 * attempt, and would always be late (seen for as long as the first one went on). So an append that lost a race says so,
 * with its age, on a subject of its own that is not stored; younger appends wait until it is done. It is a courtesy
 * only: what holds the order together is the server's check of each append, and nobody waits long for one that is
 * silent. Users that may not use the subject (`<log>.waiting.*`) append as well, but may have to wait for a gap.
 */

import type { Link } from '@apledger/nats';
import type { Subscription } from '@nats-io/transport-node';

/** How long to wait for an older append that says nothing more: its process may be gone. */
const PATIENCE_MS = 250;
/** How often an append says that it is there, and how long others wait for one that does. */
const SAY_MS = PATIENCE_MS / 4;
const MAX_WAIT_MS = 10_000;
/** Streams whose waiting appends are remembered. */
const MAX_STREAMS = 10_000;
const DONE = 'done';

interface Waiting {
  /** When its turn among the appends of its process came, by `performance.now()` of this one. */
  readonly since: number;
  readonly heardAt: number;
}

/** An append that may have to wait for others. */
export interface Turn {
  /** The stream's subject token. */
  readonly stream: string;
  /** Id of the call. */
  readonly call: string;
  /** When its turn among the appends of this process came, by `performance.now()`: a long queue here delays nobody elsewhere. */
  readonly since: number;
}

export class Turns {
  readonly #link: Link;
  readonly #prefix: string;
  /** By stream and call: appends here and elsewhere that lost a race. */
  readonly #waiting = new Map<string, Map<string, Waiting>>();
  readonly #woken = new Map<string, () => void>();
  #subscription: Subscription | undefined;

  constructor(link: Link, prefix: string) {
    this.#link = link;
    this.#prefix = prefix;
  }

  /** Tells the others that an append waits. */
  announce({ stream, call, since }: Turn): void {
    this.#say(stream, `${call} ${Math.round(performance.now() - since)}`);
  }

  /**
   * Has the others wait while the append does what it must before it can try again: the way to the server may be so long, or the
   * machine so slow, that they would be first every time.
   */
  async hold<T>(turn: Turn, work: () => Promise<T>): Promise<T> {
    this.announce(turn);
    const again = setInterval(() => this.announce(turn), SAY_MS);
    try {
      return await work();
    } finally {
      clearInterval(again);
    }
  }

  /** Tells the others that an announced append waits no longer. */
  done({ stream, call }: Turn): void {
    this.#say(stream, `${call} ${DONE}`);
  }

  /** Waits while an older append does. False when there was none. */
  async come(turn: Turn): Promise<boolean> {
    this.#listen();
    if (this.#longestFor(turn) <= 0) return false;
    this.announce(turn);
    const end = performance.now() + MAX_WAIT_MS;
    for (;;) {
      const longest = Math.min(this.#longestFor(turn), end - performance.now());
      if (longest <= 0) return true;
      await this.#change(turn.stream, longest);
    }
  }

  close(): void {
    this.#subscription?.unsubscribe();
  }

  /** How much longer to wait for older appends, ms. */
  #longestFor({ stream, call, since }: Turn): number {
    const others = this.#waiting.get(stream);
    if (others === undefined) return 0;
    const now = performance.now();
    let longest = 0;
    for (const [other, waiting] of others) {
      const left = waiting.heardAt + PATIENCE_MS - now;
      if (left <= 0) others.delete(other);
      else if (other !== call && waiting.since < since) longest = Math.max(longest, left);
    }
    if (others.size === 0) this.#waiting.delete(stream);
    return longest;
  }

  /** Resolves when somebody said something about the stream, or the time is over. One append of a stream waits at a time. */
  #change(stream: string, patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(late);
        this.#woken.delete(stream);
        resolve();
      };
      const late = setTimeout(wake, patienceMs);
      this.#woken.set(stream, wake);
    });
  }

  #listen(): void {
    this.#subscription ??= this.#link.nc.subscribe(`${this.#prefix}*`, {
      callback: (error, message) => {
        if (error === null) this.#heard(message.subject.slice(this.#prefix.length), message.string());
      },
    });
  }

  #heard(stream: string, text: string): void {
    const [call = '', waited = ''] = text.split(' ');
    const others = this.#waiting.get(stream) ?? new Map<string, Waiting>();
    const now = performance.now();
    if (waited === DONE) others.delete(call);
    else others.set(call, { since: now - Number(waited), heardAt: now });
    if (others.size === 0) this.#waiting.delete(stream);
    else if (this.#waiting.size < MAX_STREAMS) this.#waiting.set(stream, others);
    this.#woken.get(stream)?.();
  }

  #say(stream: string, text: string): void {
    if (!this.#link.nc.isClosed()) this.#link.nc.publish(this.#prefix + stream, text);
  }
}
