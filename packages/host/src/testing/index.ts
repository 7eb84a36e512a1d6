/** Histories of hosts, for tests of whoever folds them. */
export { EDGES, history, registration } from './histories.ts';
export { legal } from './legal.ts';
