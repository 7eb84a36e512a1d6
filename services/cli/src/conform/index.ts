/** The kernel's recorded answers, and how they are replayed: for tests that need them without the command line. */
export { type Decider, replayVector } from './replay.ts';
export { readVectors, type Vector } from './vectors.ts';
