/**
 * The version of what `evolve` makes of facts: a state that was kept by another version is not used. It is a hash over the sources
 * that states depend on; test/architecture/state-version.test.ts says what it has to be.
 */
export const STATE_VERSION = '97d670f24ec89e89';
