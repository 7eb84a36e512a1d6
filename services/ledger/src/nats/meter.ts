/** Counts what an endpoint did. The library counts by itself only what a handler does before its first await. */
import type { ProblemCode } from '@apledger/api';
import type { Endpoint as LibraryEndpoint } from '@nats-io/services';

const NANOSECONDS_PER_MS = 1_000_000;
/** One message tells of all endpoints. */
const MAX_LAST_ERROR = 300;

/** What the library keeps of an endpoint, and sends for `$SRV.STATS`. */
interface LibraryCounts {
  num_errors: number;
  last_error?: string;
  processing_time: number;
  average_processing_time: number;
}

export class Meter {
  inFlight = 0;
  #answered = 0;
  #milliseconds = 0;
  #lastError: string | undefined;
  readonly #errors = new Map<ProblemCode, number>();

  answered(milliseconds: number): void {
    this.#answered += 1;
    this.#milliseconds += milliseconds;
  }

  failed(code: ProblemCode, message: string): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
    this.#lastError = `${code}: ${message}`.slice(0, MAX_LAST_ERROR);
  }

  /** For the endpoint's `data` in `$SRV.STATS`; puts the same into the counts that every NATS tool shows. */
  report(endpoint: LibraryEndpoint): { inFlight: number; errors: Record<string, number> } {
    const counts = countsOf(endpoint);
    if (counts !== undefined) {
      counts.num_errors = this.#errors.values().reduce((sum, count) => sum + count, 0);
      if (this.#lastError !== undefined) counts.last_error = this.#lastError;
      counts.processing_time = Math.round(this.#milliseconds * NANOSECONDS_PER_MS);
      counts.average_processing_time = Math.round(counts.processing_time / Math.max(this.#answered, 1));
    }
    return { inFlight: this.inFlight, errors: Object.fromEntries(this.#errors) };
  }
}

/** The library hands its own record of an endpoint to `statsHandler`; its type does not mention the counts. */
function countsOf(endpoint: LibraryEndpoint): LibraryCounts | undefined {
  const stats: unknown = 'stats' in endpoint ? endpoint.stats : undefined;
  return typeof stats === 'object' && stats !== null && 'num_errors' in stats && 'processing_time' in stats
    ? (stats as LibraryCounts)
    : undefined;
}
