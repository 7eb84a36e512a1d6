/**
 * Sees what happens on a host. `Observer` is the loop; `wake-ups.ts` tells it when to look, `reader.ts` reads in a thread of its own,
 * `tree-files.ts` and `guest-files.ts` know which files. What the differences mean is found out in packages/observe.
 */
export { Observer, type ObserverParts } from './observer.ts';
export { Reader } from './reader.ts';
export type { HostReader } from './reader-thread.ts';
