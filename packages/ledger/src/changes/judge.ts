/** What commands would do to a host as it is now, and the hashes by which an approval is bound to them. */
import { effectOf, type Grants } from '@apledger/access';
import type { Judgement } from '@apledger/api';
import { digestOf } from '@apledger/changes';
import { decide } from '@apledger/driver';
import type { Command } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import { diffViews, viewOf } from '@apledger/projections/host';
import type { LogLedger } from '../log-ledger.ts';

export interface Judged extends Omit<Judgement, 'isAsProposed'> {
  /** Of the host, as it was judged; -1 = it does not exist. */
  readonly revision: number;
  readonly grants: boolean;
}

/** What an approval is bound to: the host and exactly these commands, in this order. */
export const workOf = (host: string, content: object): string => digestOf({ host, content });

/**
 * Decides the commands one on top of the other; nothing is recorded. The effect is what differs between both matrices, and what each of
 * the commands gives and takes on the way: a queue that is given and taken again could have been used.
 */
export async function judge(ledger: LogLedger, host: string, commands: readonly Command[]): Promise<Judged> {
  return judged((await ledger.handler.stateAt(host)) ?? new HostState(), commands, host);
}

/** The same on a state, which is left as it is. */
export function judged(from: HostState, commands: readonly Command[], host = from.name): Judged {
  const state = from.fork();
  const { revision } = state;
  const before = viewOf(host, state);
  const gives = new Gains();
  const takes = new Gains();
  let refusal: string | null = null;
  for (const command of commands) {
    const decision = decide(state, command);
    const effect = effectOf(state, decision.facts);
    gives.add(effect.gives);
    takes.add(effect.takes);
    for (const fact of decision.facts) evolve(state, fact);
    if (decision.refusal === undefined) continue;
    const { errno, explanation } = decision.refusal;
    refusal = `${command.type}: ${errno}: ${explanation}`;
    break;
  }
  const after = viewOf(host, state);
  const changes = diffViews(before, after);
  const effect = digestOf({ changes, gives: gives.list, takes: takes.list, refusal });
  return {
    effect,
    refusal,
    gives: gives.list,
    takes: takes.list,
    grants: gives.list.length > 0,
    changes,
    before: before ?? null,
    after: after ?? null,
    revision,
  };
}

/** By holder, everything that came up, once each. */
class Gains {
  readonly #queues = new Map<string, Set<string>>();
  readonly #controlDomains = new Map<string, Set<number>>();

  add({ queues, controlDomains }: Grants): void {
    for (const [holder, names] of queues)
      this.#queues.set(holder, new Set([...(this.#queues.get(holder) ?? []), ...names]));
    for (const [holder, ids] of controlDomains)
      this.#controlDomains.set(holder, new Set([...(this.#controlDomains.get(holder) ?? []), ...ids]));
  }

  get list(): Judgement['gives'] {
    const holders = new Set([...this.#queues.keys(), ...this.#controlDomains.keys()]);
    return [...holders].sort().map((holder) => ({
      holder,
      queues: [...(this.#queues.get(holder) ?? [])].sort(),
      controlDomains: [...(this.#controlDomains.get(holder) ?? [])].sort((a, b) => a - b),
    }));
  }
}
