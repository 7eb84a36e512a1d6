/** A ledger over a log that this process has opened; what it needs beside the log is made when it is first asked for. */
import { type OperationName, Problem, type Receipt, type Reply, type Request } from '@apledger/api';
import { CommandHandler, NotCarriedOut, type Submission } from '@apledger/command-handler';
import type { EventLog, RecordedFact } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import type { HostState } from '@apledger/host';
import {
  type CustodyQueries,
  FactIndex,
  forgetIndex,
  type GuestNames,
  GuestTimes,
  type IndexStore,
  memoryStore,
  openCustody,
  type ReadModel,
  type ReadModelStore,
  readModelOf,
} from '@apledger/projections';
import type { SealerState, TileFiles } from '@apledger/sealer';
import { notSignedIn } from './access/caller.ts';
import { AccessControl } from './access/control.ts';
import type { Answer, Limits } from './answer.ts';
import { allPages } from './answers/events.ts';
import { answers } from './answers/index.ts';
import { ChangeIndex } from './changes/change-index.ts';
import { Mover } from './changes/mover.ts';
import type { Elsewhere } from './elsewhere.ts';
import { Heads } from './heads.ts';
import type { Filtered, Ledger, Wanted } from './ledger.ts';
import { ObservedHosts } from './observed/observed-hosts.ts';
import { isRequested, settledReceipt } from './observed/settled.ts';
import { GuardedLog } from './outage/guarded-log.ts';
import { LogHealth } from './outage/health.ts';
import { MemoryLog } from './outage/memory-log.ts';
import { type Reading, read } from './outage/reading.ts';
import { Watch } from './outage/watch.ts';
import { Chains } from './verify/chains.ts';
import type { DirectoryOptions } from './verify/directory.ts';
import { Views } from './views.ts';

export interface LogLedgerOptions {
  readonly log: EventLog;
  /** Opens what keeps the folded matrices; asked once, when a question needs them. Default: memory. */
  readonly store?: () => ReadModelStore | Promise<ReadModelStore>;
  /** Tiles and checkpoints of the log, where it is sealed. */
  readonly tlog?: TileFiles;
  /** Where the log and what was made of it are files of this machine: other threads can verify them. */
  readonly files?: Pick<DirectoryOptions, 'directory' | 'readModel' | 'factIndex'> | undefined;
  readonly now?: () => Date;
  /** Everybody needs a right for what he asks. Default: anyone who has the log may do everything. */
  readonly isControlled?: boolean;
  /** Instead of what the log itself says of rights. */
  readonly access?: AccessControl;
  /** Gets what went wrong in the background. */
  readonly report?: (message: string) => void;
  /**
   * Gets the progress of long work, a line each, '' at its end. With it a question waits until the read model has
   * caught up; without it, the read model follows the log in the background and answers are right all the same.
   */
  readonly onProgress?: (text: string) => void;
  /** Another thread or process folds what is new into the same store: this one only reads there. */
  readonly isFoldedElsewhere?: boolean;
  /** Keeps an index over the facts; the ledger closes it. Default: none, and what it would find is searched for. */
  readonly indexStore?: IndexStore | undefined;
  /** Instead of one over log and store. */
  readonly readModel?: ReadModel;
  /** Instead of those that the log tells. */
  readonly guests?: GuestNames;
  /** Answers long questions of transports. Default: this thread. */
  readonly elsewhere?: Elsewhere;
}

/** Closing it closes log and read model. */
export class LogLedger implements Ledger {
  readonly log: EventLog;
  readonly handler: CommandHandler;
  readonly heads: Heads;
  readonly custody: CustodyQueries;
  readonly chains: Chains;
  /** What was shown last of long work; '' = none is under way. */
  progress = '';
  readonly index: FactIndex | undefined;
  readonly guests: GuestNames;
  readonly #guestTimes: GuestTimes;
  readonly now: () => Date;
  readonly access: AccessControl;
  readonly changes: ChangeIndex;
  /** The agents of real hosts. */
  readonly observed: ObservedHosts;
  readonly isControlled: boolean;
  readonly tlog: TileFiles | undefined;
  /** How the sealer of this process stands; undefined where there is none. */
  sealerState: () => SealerState | undefined = () => undefined;
  readonly files: LogLedgerOptions['files'];
  /** What is known of the log; nothing bad until it is watched. */
  readonly health = new LogHealth();
  readonly elsewhere: Elsewhere | undefined;
  readonly #options: LogLedgerOptions;
  readonly #views: Views;
  #watch: Promise<Watch> | undefined;
  #watched: Watch | undefined;
  /** The ledger as this process remembers it, made when the log is away and something is asked. */
  #memory: LogLedger | undefined;

  constructor(options: LogLedgerOptions) {
    const { log, now = () => new Date(), isControlled = false } = options;
    this.#options = options;
    this.log = log;
    this.files = options.files;
    const { store, readModel, report, onProgress, isFoldedElsewhere = false } = options;
    this.#views = new Views({
      ...{ log, store, readModel, report },
      catchUp: onProgress !== undefined ? 'waits' : isFoldedElsewhere ? 'reads' : 'follows',
      show: (text) => this.show(text),
    });
    const stateAt = async (host: string, revision: number): Promise<HostState> =>
      (await this.views()).stateAt(host, revision);
    this.handler = new CommandHandler(new GuardedLog(log, this.health), {
      now: options.now,
      states: { stateAt },
    });
    this.heads = new Heads(log);
    const { indexStore } = options;
    this.index =
      indexStore &&
      new FactIndex({ log, store: indexStore, stateAt, ...(report !== undefined && { report }) });
    this.custody = openCustody({ log, stateAt, headers: this.index });
    this.chains = this.newChains(onProgress !== undefined);
    this.#guestTimes = new GuestTimes(log);
    this.guests = options.guests ?? this.#guestTimes;
    this.now = now;
    this.tlog = options.tlog;
    this.elsewhere = options.elsewhere;
    this.access = options.access ?? new AccessControl(log, now, () => this.health.isAway);
    this.changes = new ChangeIndex(log);
    this.observed = new ObservedHosts(log);
    this.isControlled = isControlled;
  }

  /**
   * Watches the log from now on: questions are then answered while it is away, and commands do not wait for it one after the
   * other. For a process that serves others. Throws LogError when the log cannot be asked now.
   */
  watch(): Promise<Watch> {
    this.#watch ??= this.#startWatch();
    return this.#watch;
  }

  /** An answer from the log, or from memory while it is away: as the asker wants it. */
  read<T>(work: (ledger: LogLedger) => Promise<T>, reading: Reading = {}): Promise<T> {
    const watch = this.#watched;
    if (watch === undefined) return work(this);
    const sources = {
      health: this.health,
      current: () => watch.current,
      fromLog: () => work(this),
      fromMemory: () => work(this.#remembered(watch)),
    };
    return read(sources, reading);
  }

  /** As who has the log itself; where access is controlled, `answeredOperations` and `submit` take the caller. */
  async ask<Name extends OperationName>(name: Name, request: Request<Name>): Promise<Reply<Name>> {
    if (this.isControlled) throw notSignedIn();
    return this.answer(name, request, { maxReplyBytes: Number.POSITIVE_INFINITY });
  }

  /** The same within what a transport allows, in this thread. */
  answer<Name extends OperationName>(
    name: Name,
    request: Request<Name>,
    limits: Limits,
  ): Promise<Reply<Name>> {
    const answer: Answer<Name> = answers[name];
    return answer(this, request, limits);
  }

  /** Throws Problem where an agent carries the command out, and it did not work or is not known to have worked. */
  async submit(submission: Submission): Promise<Receipt> {
    return this.settled(await this.record(submission));
  }

  /** Decides the command, or asks the agent of an observed host for it. Throws Problem for what no agent can carry out. */
  async record(submission: Submission): Promise<Receipt> {
    try {
      return { host: submission.host, ...(await this.handler.submit(submission)) };
    } catch (error) {
      if (error instanceof NotCarriedOut)
        throw new Problem(422, 'not-on-real-hosts', error.message, {}, error);
      throw error;
    }
  }

  /** The receipt, when an agent carries the command out: after that. Throws Problem as `submit` does. */
  settled(receipt: Receipt, waitMs?: number): Promise<Receipt> {
    return isRequested(receipt) ? settledReceipt(this, receipt, waitMs) : Promise.resolve(receipt);
  }

  state(host: string): Promise<HostState | undefined> {
    return this.handler.state(host);
  }

  async *facts({ after = 0, host, types, ...filters }: Filtered): AsyncGenerator<RecordedFact> {
    const wanted = { ...(host !== undefined && { host }), ...(types !== undefined && { types }) };
    if (Object.values(filters).some((value) => value !== undefined))
      return yield* allPages(this, { ...filters, ...wanted, after });
    for await (const fact of this.log.readAll({ after })) if (isWanted(fact, wanted)) yield fact;
  }

  async *follow({ after = 0, ...wanted }: Wanted, signal: AbortSignal): AsyncGenerator<RecordedFact> {
    for await (const delivery of this.log.subscribe({ after, signal }))
      if ('fact' in delivery && isWanted(delivery.fact, wanted)) yield delivery.fact;
  }

  move(change: string, signal: AbortSignal): Promise<void> {
    return new Mover(this).run(signal, change);
  }

  /** The read model, as far as a question needs it. */
  views(): Promise<ReadModel> {
    return this.#views.current();
  }

  /** The same, folded anew from the first fact. Throws CacheUnusable when what was kept cannot be replaced. */
  async rebuildViews(): Promise<ReadModel> {
    const readModel = await this.#views.rebuilt();
    const { factIndex } = this.files ?? {};
    if (this.index === undefined && factIndex !== undefined) forgetIndex(factIndex, this.#options.report);
    this.index?.clear();
    void this.index?.catchUp();
    return readModel;
  }

  /** Chains of which nothing was recomputed yet. */
  newChains(waits = true): Chains {
    const directory = this.files?.directory;
    return new Chains({ log: this.log, directory, waits, onProgress: (text) => this.show(text) });
  }

  /** Says at once what an operator has to know. */
  alarm(message: string): void {
    this.#options.report?.(message);
  }

  /** Progress of long work, for a person. */
  show(text: string): void {
    this.progress = text;
    this.#options.onProgress?.(text);
  }

  /** Ends also a folding that is under way: what it kept is kept, the rest is folded another time. */
  async close(): Promise<void> {
    this.#views.expectEnd();
    const watching = this.#watched?.close();
    const indexClosed = this.index?.close();
    await this.log.close();
    await Promise.all([watching, indexClosed]);
    await this.#views.close();
  }

  async #startWatch(): Promise<Watch> {
    const { report = () => {} } = this.#options;
    const watch = await Watch.start({
      log: this.log,
      health: this.health,
      now: this.now,
      report,
      keep: async () => {
        const position = await (await this.#views.opened()).catchUp();
        await this.heads.upTo(position);
        await this.#guestTimes.keep();
        return position;
      },
    });
    this.health.on('away', () => report(`the log is away: ${this.health.reading?.error.message}`));
    this.health.on('back', () => {
      this.#memory = undefined;
      report('the log is back');
    });
    this.#watched = watch;
    return watch;
  }

  #remembered({ tail }: Watch): LogLedger {
    if (this.#memory === undefined) {
      const log = new MemoryLog({ tail, heads: this.heads.known });
      const readModel = readModelOf(log, this.#views.store ?? memoryStore());
      this.#memory = new LogLedger({
        log,
        readModel,
        now: this.now,
        guests: this.#guestTimes.remembered(log),
        access: this.access,
        isControlled: this.isControlled,
      });
    }
    return this.#memory;
  }
}

const isWanted = (fact: RecordedFact, { host, types }: Wanted): boolean =>
  (host === undefined || fact.stream === streamOf(host)) && types?.includes(fact.type) !== false;
