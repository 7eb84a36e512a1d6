/** Histories of hosts, for tests of anyone who folds them. */
export { EDGES, history, registration } from './histories.ts';
export { legal } from './legal.ts';
