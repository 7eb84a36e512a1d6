/**
 * Who had what, when: the matrices of hosts, mdevs and guests as folds over the log's facts.
 *
 * A *state* is one host in a few typed arrays; packed facts change it in place, a million in about a second. A *view* is a state made
 * readable: plain data, immutable, with a `diffViews` that tells what changed between two of them. A *snapshot* is a state as bytes. The
 * *read model* keeps a snapshot every few hundred facts of a host and the latest state of each, so that a host at any revision, position
 * or time costs one stored state and at most a few hundred facts, however long the log is. What it keeps is a cache and a function of the
 * log alone: delete it, rebuild it, and the bytes are the same. Nothing here asks the driver: a fact says what is so afterwards, and
 * history is not decided again when rules change.
 *
 * *Custody* turns the same facts round: for each queue, who could use it from when to when, by which fact, and whether it was reset in
 * between. `openCustody` answers.
 */

export { type CacheOptions, CacheUnusable, openCacheFile } from './cache-file.ts';
export type { Progress } from './catch-up.ts';
export { chainText, problemsText } from './chain-text.ts';
export { checkStore } from './check-store.ts';
export { type CustodyQueries, type HostPart, openCustody, type ReportParts } from './custody/custody.ts';
export type { Headers } from './custody/facts-behind.ts';
export { NotKnownYet, type Range } from './custody/host-trace.ts';
export { diffViews } from './diff.ts';
export { FactIndex } from './fact-index/fact-index.ts';
export { checkIndex, forgetIndex } from './fact-index/kept.ts';
export { type Asked, search } from './fact-index/search.ts';
export { IndexStore } from './fact-index/store.ts';
export { foldStream, readFacts } from './facts.ts';
export { applyFact, CannotFold, type FoldableFact } from './fold.ts';
export { openReadModel, type ReadModel, readModelOf } from './read-model.ts';
export { type GuestNames, GuestTimes } from './search/guest-times.ts';
export { type FactFilter, FactMatcher } from './search/matcher.ts';
export { openSqliteStore, openUnwritableStore } from './sqlite-store.ts';
export { memoryStore, type ReadModelStore } from './store.ts';
export { type Cell, type HostView, type HostViewJson, type Owner, viewOfJson } from './view.ts';
