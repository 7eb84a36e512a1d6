/** Requests without valid credentials, counted: one fact a source and minute, or a stranger could fill the disk. */
import type { AccessControl } from '@apledger/ledger';
import { errorText } from '@apledger/text';

const MINUTE_MS = 60_000;
/** Sources told apart in one minute; what comes from more is counted together. */
const MAX_SOURCES = 1000;
const OTHERS = 'others';

/** Why a request was not let in. */
export type Failure =
  | 'none'
  | 'malformed'
  | 'unknown'
  | 'expired'
  | 'revoked'
  | 'cross-site'
  | 'id-token'
  | 'replayed';

interface Count {
  readonly from: string;
  until: string;
  count: number;
  readonly reasons: Record<string, number>;
}

export class FailureCounter {
  readonly #access: AccessControl;
  readonly #report: (line: string) => void;
  readonly #timer: NodeJS.Timeout;
  #counts = new Map<string, Count>();
  #writing: Promise<void> = Promise.resolve();

  constructor(access: AccessControl, report: (line: string) => void) {
    this.#access = access;
    this.#report = report;
    this.#timer = setInterval(() => void this.flush(), MINUTE_MS).unref();
  }

  count(source: string, reason: Failure): void {
    const { at } = this.#access;
    const key = this.#counts.has(source) || this.#counts.size < MAX_SOURCES ? source : OTHERS;
    const count = this.#counts.get(key) ?? { from: at, until: at, count: 0, reasons: {} };
    count.count += 1;
    count.until = at;
    count.reasons[reason] = (count.reasons[reason] ?? 0) + 1;
    this.#counts.set(key, count);
  }

  /** Records what was counted. What cannot be recorded now is counted on. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const counts = this.#counts;
    if (counts.size === 0) return;
    this.#counts = new Map();
    try {
      await this.#access.append(
        [...counts].map(([source, count]) => ({ type: 'AuthenticationFailed', data: { source, ...count } })),
        { actor: 'apledger ledger' },
      );
    } catch (error) {
      this.#report(`failed sign-ins could not be recorded: ${errorText(error)}`);
      for (const [source, count] of counts) this.#putBack(source, count);
    }
  }

  #putBack(source: string, { from, count, reasons }: Count): void {
    const later = this.#counts.get(source);
    const merged = { from, until: later?.until ?? from, count: count + (later?.count ?? 0), reasons };
    for (const [reason, times] of Object.entries(later?.reasons ?? {}))
      merged.reasons[reason] = (merged.reasons[reason] ?? 0) + times;
    this.#counts.set(source, merged);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }
}
