/**
 * Access to a ledger: the stream `access` as it is now, and whether a caller may do something. What is denied to somebody is a fact
 * before he hears of it.
 */
import {
  AccessState,
  coversEverything,
  foldAccess,
  matchesHost,
  may,
  standingOf,
  whyNot,
} from '@apledger/access';
import { Problem } from '@apledger/api';
import { decideAgain, type EventLog, type RecordedFact } from '@apledger/event-log';
import { changeOf, hostOf, type LedgerFact, type Verb } from '@apledger/events';
import { actorOf, authOf, type Caller, notSignedIn } from './caller.ts';
import { ACCESS_STREAM, type Author, appendLedgerFacts, recordedAccess } from './facts.ts';

/** Readers may see what other processes recorded this much later; one who changes something sees all of it. */
const STALE_MS = 100;
const MAX_REASON = 500;

/** A fact, as far as it matters who may see it. */
export interface Seen {
  readonly stream: string;
  /** What a change is about. */
  readonly host?: string;
}

/** By what a right to see a fact is judged: its stream, and the host that a fact of the ledger's own streams names. */
export function seenOf({ stream, data }: Pick<RecordedFact, 'stream' | 'data'>): Seen {
  const { host } = data;
  return typeof host === 'string' ? { stream, host } : { stream };
}

export class AccessControl {
  readonly #log: EventLog;
  readonly #now: () => Date;
  readonly #isAway: () => boolean;
  readonly #state = new AccessState();
  #syncedAt = Number.NEGATIVE_INFINITY;
  #syncing: Promise<unknown> = Promise.resolve();

  /** While the log is away, readers are judged by what is known. */
  constructor(log: EventLog, now: () => Date, isAway: () => boolean = () => false) {
    this.#isAway = isAway;
    this.#log = log;
    this.#now = now;
  }

  /** As far as it was read last. */
  get state(): AccessState {
    return this.#state;
  }

  /** RFC 3339 in UTC with milliseconds. */
  get at(): string {
    return this.#now().toISOString();
  }

  /** Reads what has come. With `maxAgeMs`, only when that was longer ago. */
  async sync(maxAgeMs = 0): Promise<AccessState> {
    const isKnown = this.#syncedAt > Number.NEGATIVE_INFINITY;
    if (maxAgeMs > 0 && isKnown && (this.#isAway() || performance.now() - this.#syncedAt < maxAgeMs))
      return this.#state;
    const turn = this.#syncing.then(() => this.#read());
    this.#syncing = turn.catch(() => undefined);
    await turn;
    return this.#state;
  }

  async #read(): Promise<void> {
    const startedAt = performance.now();
    const head = await this.#log.head(ACCESS_STREAM);
    if (head !== undefined && head.revision > this.#state.revision) {
      const from = this.#state.revision + 1;
      for await (const recorded of this.#log.readStream(ACCESS_STREAM, { from })) this.apply(recorded);
    }
    this.#syncedAt = startedAt;
  }

  /** Folds a fact that has come in the order of the log; what is missing before it is read with the next `sync`. */
  apply(recorded: RecordedFact): void {
    if (recorded.stream !== ACCESS_STREAM || recorded.revision !== this.#state.revision + 1) return;
    foldAccess(this.#state, recordedAccess(recorded));
    this.#state.revision = recorded.revision;
  }

  /** Why the caller's credential counts no longer; undefined when it does. */
  ended(caller: Caller): string | undefined {
    const { credential, until } = caller;
    if (this.at >= until) return 'it has expired';
    const known = credential === undefined ? undefined : this.#state.credentials.get(credential);
    if (credential !== undefined && known === undefined) return 'it is not known any more';
    const standing = known === undefined ? 'valid' : standingOf(known, this.at);
    return standing === 'valid' ? undefined : `it was ${standing}`;
  }

  /** Whether the caller may do this on the host, null = on the ledger as a whole, as far as is known. */
  may(caller: Caller, verb: Verb, host: string | null): boolean {
    const { hosts, subject } = caller;
    if (this.ended(caller) !== undefined) return false;
    return (
      (host === null ? coversEverything(hosts) : matchesHost(hosts, host)) &&
      may(this.#state, subject, verb, host, this.at)
    );
  }

  /**
   * Resolves when the caller may do this; `asked` names the operation or the command. Otherwise the denial is recorded, and a Problem
   * thrown: 401 when the credential counts no longer, 403 when the right is missing.
   */
  async permit(caller: Caller | undefined, verb: Verb, host: string | null, asked: string): Promise<void> {
    if (caller === undefined) throw notSignedIn();
    const isReading = verb === 'read' || verb === 'report';
    await this.sync(isReading ? STALE_MS : 0);
    if (this.may(caller, verb, host)) return;
    throw await this.denied(caller, verb, host, asked, this.#whyNot(caller, verb, host));
  }

  #whyNot(caller: Caller, verb: Verb, host: string | null): string {
    if (may(this.#state, caller.subject, verb, host, this.at))
      return `this ${caller.method} is for the hosts ${caller.hosts} only`;
    return whyNot(this.#state, caller.subject, verb, host, this.at);
  }

  /** Records the denial; resolves with the Problem that says it. */
  async denied(
    caller: Caller,
    verb: Verb,
    host: string | null,
    asked: string,
    reason: string,
  ): Promise<Problem> {
    const ended = this.ended(caller);
    if (ended !== undefined) return notSignedIn(`this ${caller.method} counts no longer, because ${ended}`);
    const data = { verb, host, asked: asked.slice(0, 128), reason: reason.slice(0, MAX_REASON) };
    await this.append([{ type: 'AccessDenied', data }], { actor: actorOf(caller), auth: authOf(caller) });
    return new Problem(403, 'denied', reason.endsWith('.') ? reason : `${reason}.`);
  }

  /** What the caller may see of the log as things are; undefined = all of it. Throws as `permit` when that is nothing. */
  async visible(caller: Caller | undefined, asked: string): Promise<((seen: Seen) => boolean) | undefined> {
    if (caller === undefined) throw notSignedIn();
    await this.sync(STALE_MS);
    const isAuditor = this.may(caller, 'report', null) || this.may(caller, 'administer', null);
    if (isAuditor && this.may(caller, 'read', null)) return undefined;
    if (this.seesNothing(caller))
      throw await this.denied(
        caller,
        'read',
        null,
        asked,
        whyNot(this.#state, caller.subject, 'read', null, this.at),
      );
    return (seen) => this.sees(caller, seen);
  }

  /** Whether there is no host, existing or not, of which the caller may read. */
  seesNothing(caller: Caller): boolean {
    if (this.ended(caller) !== undefined) return true;
    if (this.may(caller, 'report', null) || this.may(caller, 'administer', null)) return false;
    const patterns = [...this.#state.bindingsOf(caller.subject)].filter(
      ({ until }) => until === null || this.at < until,
    );
    return patterns.every(({ role }) => role === 'access-admin');
  }

  /** Facts of a host and of its changes are for those who may read the host; the rest is for auditors and for who administers access. */
  sees(caller: Caller, { stream, host }: Seen): boolean {
    const about = hostOf(stream) ?? (changeOf(stream) === undefined ? undefined : host);
    if (about !== undefined) return this.may(caller, 'read', about);
    return this.may(caller, 'report', null) || this.may(caller, 'administer', null);
  }

  /** Appends facts that hang on nothing. */
  async append(facts: readonly LedgerFact[], author: Author): Promise<void> {
    await appendLedgerFacts(this.#log, ACCESS_STREAM, 'any', facts, author, this.at);
    await this.sync();
  }

  /**
   * Appends what `decide` makes of the state, and decides again when another process was faster. Resolves with the facts.
   * Throws what `decide` throws.
   */
  async record(
    author: Author,
    decide: (state: AccessState, at: string) => readonly LedgerFact[],
  ): Promise<readonly LedgerFact[]> {
    return decideAgain(async () => {
      const state = await this.sync();
      const facts = decide(state, this.at);
      if (facts.length === 0) return facts;
      await appendLedgerFacts(this.#log, ACCESS_STREAM, state.revision, facts, author, this.at);
      await this.sync();
      return facts;
    });
  }

  /** The state as it was after a revision of the stream; the caller's own. */
  async stateAt(revision: number): Promise<AccessState> {
    const state = new AccessState();
    if (revision < 0) return state;
    for await (const recorded of this.#log.readStream(ACCESS_STREAM, { from: 0, to: revision })) {
      foldAccess(state, recordedAccess(recorded));
      state.revision = recorded.revision;
    }
    return state;
  }
}
