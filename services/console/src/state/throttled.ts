/** A function that runs at most once in so many milliseconds, and always once more after the last call. */
interface Throttled {
  (): void;
  /** Runs now, and forgets what was to run later. */
  flush(): void;
  cancel(): void;
}

export function throttled(milliseconds: number, run: () => void): Throttled {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ranAt = Number.NEGATIVE_INFINITY;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    ranAt = performance.now();
    run();
  };
  const call = (): void => {
    if (timer !== undefined) return;
    timer = setTimeout(flush, Math.max(0, ranAt + milliseconds - performance.now()));
  };
  const cancel = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  return Object.assign(call, { flush, cancel });
}
