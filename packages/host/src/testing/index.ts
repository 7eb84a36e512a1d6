/** Histories of hosts, for tests of anyone who folds them. */
export { EDGES, history, historyInUse, registration } from './histories.ts';
export { legal } from './legal.ts';
