/** Mutants that no history can tell from the machine, and why. */
import type { Mutant } from './mutate.ts';

/** Why a surviving mutant says the same as the machine; undefined when it does not. */
export function whyEquivalent({ kind, name }: Mutant): string | undefined {
  const [, from, to, event] = /^adapter-plug: (\w+) --> (\w+): (\w+)$/.exec(name) ?? [];
  if (kind !== 'transition added' || event === undefined) return undefined;
  if (event.startsWith('RESET_') && from === to)
    return 'a state that lists no such reset stays as it is: an arrow to itself says the same';
  if (event === 'UNPLUG' && to === 'plugged')
    return 'the driver asks whether the adapter leaves the guest matrix: `plugged` says no, as the missing arrow does';
  return undefined;
}
