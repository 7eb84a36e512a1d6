/**
 * Which command was appended to which stream, for logs whose servers cannot be asked that: an index in memory, which follows the log from its
 * first fact on. The first question waits until the whole log was read, some seconds for a million facts; later ones for what was
 * appended before they were asked. It knows the newest MAX_COMMANDS commands of the log, about 100 bytes each.
 */
import type { EventLog } from './port.ts';

const MAX_COMMANDS = 1_000_000;

interface Waiting {
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class CommandPlaces {
  readonly #log: Pick<EventLog, 'lastPosition' | 'subscribe'>;
  readonly #maxCommands: number;
  /** Streams by command; one id can be in several. The oldest first. */
  readonly #streams = new Map<string, string | readonly string[]>();
  #position = 0;
  #isFollowing = false;
  #waiting: Waiting[] = [];

  constructor(log: Pick<EventLog, 'lastPosition' | 'subscribe'>, maxCommands = MAX_COMMANDS) {
    this.#log = log;
    this.#maxCommands = maxCommands;
  }

  /** Another stream than this one that has the command. Throws what the log throws when it cannot be read. */
  async elsewhere(stream: string, commandId: string): Promise<string | undefined> {
    await this.#reach(await this.#log.lastPosition());
    const found = this.#streams.get(commandId.toLowerCase());
    return [found ?? []].flat().find((name) => name !== stream);
  }

  async #reach(position: number): Promise<void> {
    if (this.#position >= position) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ position, resolve, reject });
    if (!this.#isFollowing) void this.#follow();
    await promise;
  }

  /** Until the log is closed or cannot be read: the next question then goes on where this one ended. */
  async #follow(): Promise<void> {
    this.#isFollowing = true;
    const { signal } = new AbortController();
    let ended: unknown = new Error('the log was closed');
    try {
      for await (const delivery of this.#log.subscribe({ after: this.#position, signal })) {
        if (!('fact' in delivery)) continue;
        const { cause, stream, position } = delivery.fact;
        this.#put(cause, stream);
        this.#position = position;
        this.#waiting = this.#waiting.filter((waiting) => {
          if (waiting.position > position) return true;
          waiting.resolve();
          return false;
        });
      }
    } catch (error) {
      ended = error;
    }
    this.#isFollowing = false;
    for (const { reject } of this.#waiting.splice(0)) reject(ended);
  }

  #put(cause: string, stream: string): void {
    const known = this.#streams.get(cause);
    if (known === undefined) this.#streams.set(cause, stream);
    else if (![known].flat().includes(stream)) this.#streams.set(cause, [known, stream].flat());
    if (this.#streams.size <= this.#maxCommands) return;
    for (const oldest of this.#streams.keys()) {
      this.#streams.delete(oldest);
      return;
    }
  }
}
