/** What the relay of this process does, for those who watch the service. */
import type { RelayState } from '@apledger/messages/nats';

type Relaying = 'off' | 'publishing' | 'waiting' | 'ended';

export class RelayStanding {
  #state: Relaying = 'off';
  #reason: string | undefined;
  #position = 0;

  /** `off` = this process publishes nothing; `waiting` = the broker is away, or another relay has its turn; `ended` = it cannot go on. */
  get state(): Relaying {
    return this.#state;
  }

  /** Why it waits, or has ended. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Of the last fact that the broker has acknowledged; 0 = none yet. */
  get position(): number {
    return this.#position;
  }

  take(state: RelayState): void {
    this.#state = state.state === 'waiting' ? 'waiting' : 'publishing';
    this.#reason = state.state === 'waiting' ? state.reason : undefined;
    if (state.state === 'acknowledged') this.#position = state.position;
    if (state.state === 'publishing') this.#position = Math.max(this.#position, state.after);
  }

  end(reason: string): void {
    this.#state = 'ended';
    this.#reason = reason;
  }
}
