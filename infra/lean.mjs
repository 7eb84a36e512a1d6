/**
 * The environment in which a service, or what measures one, gives back the memory that it does not need any more: over 10,000 large
 * hosts it takes 0.5 GB in place of 0.75. What is set already stays.
 *
 * States of hosts are buffers of some 50 kB. glibc keeps those that were freed, apart for each thread, unless it maps each by itself; V8
 * frees young ones when its young objects fill their space, which may grow to 16 MB and more.
 */
export const lean = (env) => ({
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '32768',
  MALLOC_TRIM_THRESHOLD_: '131072',
  ...env,
  NODE_OPTIONS: `--max-semi-space-size=8 ${env.NODE_OPTIONS ?? ''}`.trim(),
});
