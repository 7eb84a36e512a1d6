/**
 * The rules of the AP bus and of vfio_ap, as pure functions over one host's state.
 *
 * `decide(state, command)` says what a command does: facts in the kernel's order, or an errno that explains
 * itself. `evolve(state, fact)` is the state after a fact. Neither does I/O, reads a clock or throws for bad
 * input. Three driver generations implement one interface (`generations/`); what they share lies in `rules/`,
 * a file for each part of docs/driver-rules.md.
 */
export { type Decision, decide } from './decide.ts';
export type { GenerationRules } from './generations/generation.ts';
export { rulesOf } from './generations/index.ts';
export { tapq } from './hardware.ts';
export type { Refusal } from './refusal.ts';
