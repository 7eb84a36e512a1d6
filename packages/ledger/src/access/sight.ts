/** What one caller may see of what goes by, asked thousands of times a second. */
import type { Caller } from './caller.ts';
import type { AccessControl, Seen } from './control.ts';

/** What ends by itself, as a role that was bound until noon, is noticed this much later at most. */
const AGE_MS = 1000;

export class Sight {
  readonly #access: AccessControl;
  readonly #caller: Caller;
  #known = new Map<string, boolean>();
  #revision = -2;
  #since = 0;
  #isOver = false;

  constructor(access: AccessControl, caller: Caller) {
    this.#access = access;
    this.#caller = caller;
  }

  /** Nothing can be seen any more: the credential has ended, or every role was taken away. */
  get isOver(): boolean {
    this.#refresh();
    return this.#isOver;
  }

  sees(seen: Seen): boolean {
    this.#refresh();
    if (this.#isOver) return false;
    const key = `${seen.stream}\n${seen.host ?? ''}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const answer = this.#access.sees(this.#caller, seen);
    this.#known.set(key, answer);
    return answer;
  }

  #refresh(): void {
    const { revision } = this.#access.state;
    const now = performance.now();
    if (revision === this.#revision && now - this.#since < AGE_MS) return;
    this.#known = new Map();
    this.#revision = revision;
    this.#since = now;
    this.#isOver = this.#access.seesNothing(this.#caller);
  }
}
