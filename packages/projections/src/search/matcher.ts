/** Finds, among facts that are read in order, those that a filter asks for. */
import { type Apqn, parseApqn } from '@apledger/ap';
import type { RecordedFact } from '@apledger/event-log';
import { type Fact, hostOf } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { applyRecorded, CannotFold } from '../fold.ts';
import { errnoOf, factOf, guestsOf, hasMoved, mdevOf, queueNamesOf, wordsOf } from './concern.ts';

/** Which facts; what is left out is not asked for. */
export interface FactFilter {
  readonly types?: ReadonlySet<string>;
  /** As the envelope has it. */
  readonly actor?: string;
  readonly guest?: string;
  /** UUID, lower case. */
  readonly mdev?: string;
  /** Like 05.0047. */
  readonly queue?: string;
  readonly errno?: string;
  /** A part of what people see of the fact, in any case. */
  readonly text?: string;
}

/** The host's state after a revision, the caller's own. */
export type StateAt = (host: string, revision: number) => Promise<HostState>;

/** Feed it the facts of each host in their order, without a gap; hosts may alternate. */
export class FactMatcher {
  readonly #filter: FactFilter;
  readonly #text: string | undefined;
  readonly #queue: Apqn | undefined;
  readonly #stateAt: StateAt;
  readonly #states = new Map<string, HostState>();

  constructor(filter: FactFilter, stateAt: StateAt) {
    this.#filter = filter;
    this.#text = filter.text?.toLowerCase();
    this.#queue = filter.queue === undefined ? undefined : parseApqn(filter.queue);
    this.#stateAt = stateAt;
  }

  /** Throws `CannotFold` where what a guest had cannot be known. */
  async matches(recorded: RecordedFact): Promise<boolean> {
    const { types, actor, guest, mdev, queue, errno } = this.#filter;
    const fact = factOf(recorded);
    const isWanted =
      types?.has(recorded.type) !== false &&
      (actor === undefined || recorded.actor === actor) &&
      (mdev === undefined || (fact !== undefined && mdevOf(fact) === mdev)) &&
      (errno === undefined || (fact !== undefined && errnoOf(fact) === errno)) &&
      (this.#text === undefined || wordsOf(recorded, fact).toLowerCase().includes(this.#text));
    if (guest === undefined && queue === undefined) return isWanted;
    // The host is followed also past facts that nobody wants.
    return (await this.#concerns(recorded, fact)) && isWanted;
  }

  async #concerns(recorded: RecordedFact, fact: Fact | undefined): Promise<boolean> {
    const host = hostOf(recorded.stream);
    if (host === undefined) return false;
    if (fact === undefined)
      throw new CannotFold(recorded.position, `${recorded.type} of version ${recorded.version} is not known`);
    const state = this.#states.get(host) ?? (await this.#stateAt(host, recorded.revision - 1));
    this.#states.set(host, state);
    const { guest, queue } = this.#filter;
    const isGuests = guest === undefined || guestsOf(fact, state).has(guest);
    const mdev = mdevOf(fact);
    const before = mdev === undefined ? undefined : state.mdevs.get(mdev);
    applyRecorded(state, fact, recorded);
    if (!isGuests || queue === undefined || this.#queue === undefined) return isGuests;
    for (const name of queueNamesOf(fact)) if (name === queue) return true;
    return mdev !== undefined && hasMoved(this.#queue, before, state.mdevs.get(mdev));
  }
}
