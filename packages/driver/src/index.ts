/**
 * The rules of the AP bus and of vfio_ap, as pure functions over one host's state.
 *
 * `decide(state, command)` says what a command does: facts in the kernel's order, or an errno that explains
 * itself. `evolve(state, fact)` is the state after a fact. Neither does I/O, reads a clock or throws for bad
 * input. `commands/` carries out what is asked, the same for every driver generation, and asks one interface
 * (`generation.ts`) for what differs; `generations/` implements it from the parts in `rules/`. Imports go one
 * way: commands, generations, rules, state.
 */
export { type Decision, decide } from './decide.ts';
export type { GenerationRules } from './generation.ts';
export { rulesOf } from './generations/index.ts';
export { compatibleType, tapq } from './hardware.ts';
export type { Refusal } from './refusal.ts';
