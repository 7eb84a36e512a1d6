/**
 * One command under decision: facts are emitted one after the other, and every rule reads the state as the
 * facts so far have made it. That is how `decide` cannot disagree with `evolve`.
 */
import type { Fact, FactData, FactType } from '@apledger/events';
import { evolve, type HostState, type Mdev } from '@apledger/host';
import type { GenerationRules } from './generation.ts';

export class Transaction {
  /** The state after the facts emitted so far. */
  readonly state: HostState;
  /** The rules of the generation that the host runs. */
  readonly rules: GenerationRules;
  readonly facts: Fact[] = [];

  constructor(state: HostState, rules: GenerationRules) {
    this.state = state;
    this.rules = rules;
  }

  emit<T extends FactType>(type: T, data: FactData<T>): void {
    const fact = { type, data } as Fact;
    evolve(this.state, fact);
    this.facts.push(fact);
  }

  /** The mdev as it is now. Throws when it is not there: rules ask for it only after finding it. */
  mdev(uuid: string): Mdev {
    const mdev = this.state.mdevs.get(uuid);
    if (mdev === undefined) throw new Error(`mdev ${uuid} vanished while a command was decided`);
    return mdev;
  }
}
