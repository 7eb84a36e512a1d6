/** The agent's own commands as evidence of who did something: the best there is (host-facts 4). */

import { UNATTRIBUTED } from '@apledger/events';
import type { Interval, Subject, Testimony, Witness } from '@apledger/observe';

interface Own {
  readonly request: string;
  readonly actor: string;
  readonly file: string;
  readonly mdev?: string | undefined;
  readonly from: string;
  /** Undefined while it is under way. */
  to?: string;
}

/** What others than commands of the ledger do beside them is told by these. */
const OF_OTHERS: ReadonlySet<string> = new Set(['notifier', 'audit', 'libvirt']);
/** Longer ago, nobody asks any more. */
const MAX_KEPT = 1000;

/** Asks the others, too: where they name somebody else, it is not certain. */
export class OwnCommands implements Witness {
  readonly #others: Witness;
  readonly #now: () => Date;
  readonly #commands: Own[] = [];

  constructor(others: Witness, now: () => Date = () => new Date()) {
    this.#others = others;
    this.#now = now;
  }

  /** From now on; the result ends it. */
  begin(command: Omit<Own, 'from' | 'to'>): () => void {
    const own: Own = { ...command, from: this.#now().toISOString() };
    this.#commands.push(own);
    if (this.#commands.length > MAX_KEPT) this.#commands.shift();
    return () => {
      own.to = this.#now().toISOString();
    };
  }

  async evidenceFor(interval: Interval, about: Subject): Promise<Testimony> {
    const others = await this.#others.evidenceFor(interval, about);
    const own = this.#commands.filter((each) => isAbout(each, about) && overlaps(each, interval));
    if (own.length === 0) return others;
    const evidence = own.map(({ request, actor, from }) => ({
      source: 'command' as const,
      at: from,
      actor: actor.slice(0, 255),
      text: request,
    }));
    const foreign = others.evidence.filter(
      ({ source, actor }) => actor !== undefined && OF_OTHERS.has(source),
    );
    const actors = new Set(evidence.map(({ actor }) => actor));
    const [only] = actors;
    const isCertain = actors.size === 1 && only !== undefined && foreign.length === 0;
    return {
      certainty: isCertain ? 'certain' : 'several',
      actor: isCertain ? only : UNATTRIBUTED,
      evidence: [...evidence, ...foreign].slice(0, 64),
    };
  }
}

const isAbout = ({ file, mdev }: Own, { files, mdevs }: Subject): boolean =>
  files.includes(file) || (mdev !== undefined && mdevs.includes(mdev));

const overlaps = ({ from, to }: Own, { notBefore, notAfter }: Interval): boolean =>
  from <= notAfter && (to === undefined || notBefore === null || to >= notBefore);
