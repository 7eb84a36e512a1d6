/**
 * What would happen: steps in the spelling of scripts, decided one on top of the other on a host as it is, or was at any moment.
 *
 * suppose.ts is the pure part: a state and steps give facts that nobody records, refusals with their reasons, and the state after
 * them. `whatIf` fetches state and matrices as of one revision and tells them before and after, and who loses and gains what.
 * Nothing is appended. The facts are decided by the code that decides commands, and folded by the code that folds the log.
 */
export { BadStep, type Outcome, type SupposedStep } from './suppose.ts';
export { type Share, type WhatIf, type WhatIfQuestion, whatIf } from './what-if.ts';
