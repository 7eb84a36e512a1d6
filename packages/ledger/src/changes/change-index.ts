/** Every change of the log, folded, and brought up to date when it is asked for. */
import { type Change, foldChange } from '@apledger/access';
import type { EventLog, Head } from '@apledger/event-log';
import { changeOf, changeStreamOf } from '@apledger/events';
import { recordedAccess } from '../access/facts.ts';

/** A change, and where its stream ends. */
export interface Indexed {
  readonly change: Change;
  readonly revision: number;
}

/** By id where two were proposed at once: an order in which somebody can go on from any of them. */
const newestFirst = (a: Change, b: Change): number =>
  compare(b.proposedAt, a.proposedAt) || compare(a.proposal.change, b.proposal.change);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export class ChangeIndex {
  readonly #log: EventLog;
  readonly #known = new Map<string, Indexed>();

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** The change as it is now; undefined when nobody proposed it. */
  async get(id: string): Promise<Indexed | undefined> {
    const head = await this.#log.head(changeStreamOf(id));
    return head === undefined ? undefined : this.#upTo(id, head);
  }

  /** All of them, the newest first. */
  async all(): Promise<readonly Change[]> {
    const found: Change[] = [];
    for (const head of await this.#log.heads()) {
      const id = changeOf(head.stream);
      const indexed = id === undefined ? undefined : await this.#upTo(id, head);
      if (indexed !== undefined) found.push(indexed.change);
    }
    return found.sort(newestFirst);
  }

  async #upTo(id: string, { stream, revision }: Head): Promise<Indexed | undefined> {
    const known = this.#known.get(id);
    if (known !== undefined && known.revision >= revision) return known;
    let change = known?.change;
    for await (const recorded of this.#log.readStream(stream, {
      from: (known?.revision ?? -1) + 1,
      to: revision,
    }))
      change = foldChange(change, recordedAccess(recorded));
    if (change === undefined) return undefined;
    const indexed = { change, revision };
    this.#known.set(id, indexed);
    return indexed;
  }
}
