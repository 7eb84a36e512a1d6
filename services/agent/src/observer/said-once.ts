/** What cannot be seen of a host, or not be said of it: each once. */
import { detectGeneration, type ObservedHost } from '@apledger/capture';
import type { Fact } from '@apledger/events';
import type { Known, Step, Unsaid } from '@apledger/observe';
import { limitsOf } from './limits.ts';
import type { Sight } from './reader.ts';

const MAX_TEXT = 1000;

export class SaidOnce {
  readonly #said = new Set<string>();

  /** What was not said before, as a step. */
  stepsOf(
    { sight, host }: { readonly sight: Sight; readonly host: ObservedHost },
    { state, seenAt }: Known,
    unsaid: readonly Unsaid[],
  ): readonly Step[] {
    const { driver, evidence } = detectGeneration(host);
    const otherDriver = {
      what: 'generation of the driver',
      reason: `it is registered as ${state.driver}, whose rules are applied; now: ${evidence}`,
    };
    const all = [
      ...(seenAt === null ? limitsOf(state) : []),
      ...unsaid,
      ...sight.problems.map(({ where, what }) => ({ what: where, reason: what })),
      ...sight.guests.missing.map((missing) => ({ what: 'guests', reason: missing })),
      ...(driver === state.driver ? [] : [otherDriver]),
    ].filter(({ what, reason }) => !this.#said.has(`${what}: ${reason}`));
    for (const { what, reason } of all) this.#said.add(`${what}: ${reason}`);
    const facts = all.map(
      ({ what, reason }): Fact => ({
        type: 'ObservationIncomplete',
        data: { what: what.slice(0, MAX_TEXT), reason: reason.slice(0, MAX_TEXT) },
      }),
    );
    return facts.length === 0 ? [] : [{ facts, files: [], mdevs: [], at: undefined, evidence: [] }];
  }
}
