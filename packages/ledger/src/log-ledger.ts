/** A ledger over a log that this process has opened; what it needs beside the log is made when it is first asked for. */
import type { OperationName, Receipt, Reply, Request } from '@apledger/api';
import { CommandHandler, type Submission } from '@apledger/command-handler';
import type { EventLog, RecordedFact } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import type { HostState } from '@apledger/host';
import {
  memoryStore,
  openReadModel,
  type Progress,
  type ReadModel,
  type ReadModelStore,
} from '@apledger/projections';
import { notSignedIn } from './access/caller.ts';
import { AccessControl } from './access/control.ts';
import type { Answer } from './answer.ts';
import { allPages } from './answers/events.ts';
import { answers } from './answers/index.ts';
import { ChangeIndex } from './changes/change-index.ts';
import { Heads } from './heads.ts';
import type { Filtered, Ledger, Wanted } from './ledger.ts';

/** Facts beyond the read model's checkpoint that are folded at every query before they are worth a checkpoint. */
const STALE_FACTS = 1000;

export interface LogLedgerOptions {
  readonly log: EventLog;
  /** Opens what keeps the folded matrices; asked once, when a question needs them. Default: memory. */
  readonly store?: () => ReadModelStore | Promise<ReadModelStore>;
  readonly now?: () => Date;
  /** Everybody needs a right for what he asks. Default: whoever has the log may do everything. */
  readonly isControlled?: boolean;
  /** Gets what went wrong in the background. */
  readonly report?: (message: string) => void;
  /**
   * Gets the progress of long work, a line each, '' at its end. With it a question waits until the read model has
   * caught up; without it, the read model follows the log in the background and answers are right all the same.
   */
  readonly onProgress?: (text: string) => void;
}

/** Closing it closes log and read model. */
export class LogLedger implements Ledger {
  readonly log: EventLog;
  readonly handler: CommandHandler;
  readonly heads: Heads;
  readonly now: () => Date;
  readonly access: AccessControl;
  readonly changes: ChangeIndex;
  readonly isControlled: boolean;
  readonly #options: LogLedgerOptions;
  #readModel: Promise<ReadModel> | undefined;
  #caughtUp: Promise<unknown> | undefined;
  #following: Promise<void> | undefined;
  #isClosing = false;
  #folded = 0;

  constructor(options: LogLedgerOptions) {
    const { log, now = () => new Date(), isControlled = false } = options;
    this.#options = options;
    this.log = log;
    const stateAt = async (host: string, revision: number): Promise<HostState> =>
      (await this.views()).stateAt(host, revision);
    this.handler = new CommandHandler(log, { now, states: { stateAt } });
    this.heads = new Heads(log);
    this.now = now;
    this.access = new AccessControl(log, now);
    this.changes = new ChangeIndex(log);
    this.isControlled = isControlled;
  }

  /** As who has the log itself; where access is controlled, `answeredOperations` and `submit` take the caller. */
  async ask<Name extends OperationName>(name: Name, request: Request<Name>): Promise<Reply<Name>> {
    if (this.isControlled) throw notSignedIn();
    const answer: Answer<Name> = answers[name];
    return answer(this, request, { maxReplyBytes: Number.POSITIVE_INFINITY });
  }

  async submit(submission: Submission): Promise<Receipt> {
    return { host: submission.host, ...(await this.handler.submit(submission)) };
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

  /** The read model, as far as a question needs it. */
  async views(): Promise<ReadModel> {
    const readModel = await this.#open();
    if (this.#options.onProgress === undefined) {
      this.#follow(readModel);
      return readModel;
    }
    this.#caughtUp ??= this.#fold((options) => readModel.catchUp(options));
    await this.#caughtUp;
    return readModel;
  }

  /** The same, folded anew from the first fact. */
  async rebuildViews(): Promise<ReadModel> {
    const readModel = await this.#open();
    await this.#fold((options) => readModel.rebuild(options));
    return readModel;
  }

  /** Says at once what an operator has to know. */
  alarm(message: string): void {
    this.#options.report?.(message);
  }

  /** Progress of long work, for a person. */
  show(text: string): void {
    this.#options.onProgress?.(text);
  }

  /** Ends also a folding that is under way: what it kept is kept, the rest is folded another time. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.log.close();
    await this.#following;
    (await this.#readModel?.catch(() => undefined))?.close();
  }

  #open(): Promise<ReadModel> {
    this.#readModel ??= this.#openNow();
    return this.#readModel;
  }

  async #openNow(): Promise<ReadModel> {
    const store = await (this.#options.store ?? memoryStore)();
    try {
      return await openReadModel({ log: this.log, store });
    } catch (error) {
      store.close();
      throw error;
    }
  }

  async #fold(
    fold: (options: { readonly onProgress: (progress: Progress) => void }) => Promise<number>,
  ): Promise<void> {
    await fold({ onProgress: (progress) => this.show(progressText(progress)) });
    this.show('');
  }

  #follow(readModel: ReadModel): void {
    this.#following ??= this.#catchUp(readModel)
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : error;
        if (!this.#isClosing) this.#options.report?.(`the read model cannot follow the log: ${reason}`);
      })
      .finally(() => {
        this.#following = undefined;
      });
  }

  async #catchUp(readModel: ReadModel): Promise<void> {
    if ((await this.log.lastPosition()) - this.#folded < STALE_FACTS) return;
    this.#folded = await readModel.catchUp();
  }
}

const isWanted = (fact: RecordedFact, { host, types }: Wanted): boolean =>
  (host === undefined || fact.stream === streamOf(host)) && types?.includes(fact.type) !== false;

const progressText = ({ done, total, perSecond }: Progress): string =>
  total === 0
    ? ''
    : `reading the log: ${done} of ${total} facts (${Math.floor((100 * done) / total)} %), ${Math.round(perSecond)} a second`;
