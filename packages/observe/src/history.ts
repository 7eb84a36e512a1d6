/** What may have happened, as far as it was found out: a host that the facts so far have changed, and these facts as steps. */
import { decide, type Refusal } from '@apledger/driver';
import type { Command, Evidence, Fact } from '@apledger/events';
import { evolve, type HostState, ImpossibleFact } from '@apledger/host';

/** A group of facts with one cause. */
export interface Step {
  readonly facts: readonly Fact[];
  /** Files of sysfs that were written for it, as far as is known. */
  readonly files: readonly string[];
  readonly mdevs: readonly string[];
  /** When a watch saw it. */
  readonly at: string | undefined;
  /** What tells of it, beside what tells who did it. */
  readonly evidence: readonly Evidence[];
}

export type About = Partial<Omit<Step, 'facts'>>;

export class History {
  /** The host after the steps so far; nobody else has it. */
  readonly state: HostState;
  readonly steps: Step[] = [];
  /** What was done last, for a person. */
  last = 'nothing that is known';

  constructor(state: HostState) {
    this.state = state.fork();
  }

  /** Lets the commands happen, one after the other: all, or none if the rules refuse one. `edit` replaces counters by those that were seen. */
  attempt(
    commands: readonly Command[],
    about: About,
    options: { readonly mayBlock?: boolean; readonly edit?: (fact: Fact) => Fact } = {},
  ): Refusal | undefined {
    // One command alone changes nothing before it is decided.
    const trial = commands.length === 1 ? this.state : this.state.fork();
    const all: Fact[] = [];
    for (const command of commands) {
      const { facts, refusal, isBlocked } = decide(trial, command);
      if (refusal !== undefined) return refusal;
      if (isBlocked && options.mayBlock !== true) return BLOCKED;
      if (facts.some(({ type }) => type === 'CommandHadNoEffect')) continue;
      if (trial !== this.state) for (const fact of facts) evolve(trial, fact);
      all.push(...facts);
    }
    if (all.length > 0) this.#append(options.edit === undefined ? all : all.map(options.edit), about);
    return undefined;
  }

  /** Takes facts that no rule decided; false, and nothing changed, when they cannot follow the facts before them. */
  record(facts: readonly Fact[], about: About): boolean {
    if (facts.length === 0) return false;
    this.state.begin();
    try {
      for (const fact of facts) evolve(this.state, fact);
    } catch (error) {
      if (error instanceof ImpossibleFact) return false;
      throw error;
    } finally {
      this.state.rollback();
    }
    this.#append(facts, about);
    return true;
  }

  #append(facts: readonly Fact[], { files = [], mdevs = [], at, evidence = [] }: About): void {
    for (const fact of facts) evolve(this.state, fact);
    const before = this.steps.at(-1);
    const isSame =
      before !== undefined && before.at === at && same(before.files, files) && same(before.mdevs, mdevs);
    if (!isSame) {
      this.steps.push({ facts, files, mdevs, at, evidence });
      return;
    }
    this.steps[this.steps.length - 1] = {
      ...before,
      facts: [...before.facts, ...facts],
      evidence: [...before.evidence, ...evidence],
    };
  }
}

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, at) => text === b[at]);

/** The removal of an mdev that is gone cannot wait. */
const BLOCKED: Refusal = {
  errno: 'EBUSY',
  explanation: 'The removal would wait for the guest.',
  conflicts: [],
  remedy: 'Stop the guest.',
};
