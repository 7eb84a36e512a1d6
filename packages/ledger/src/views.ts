/** The read model of a ledger: opened when a question first needs it, caught up with the log, made anew, closed. */
import type { EventLog } from '@apledger/event-log';
import {
  CacheUnusable,
  memoryStore,
  openReadModel,
  type Progress,
  type ReadModel,
  type ReadModelStore,
} from '@apledger/projections';
import { errorText } from '@apledger/text';

/** Facts beyond the read model's checkpoint that are folded at every query before they are worth a checkpoint. */
const STALE_FACTS = 1000;

interface ViewsOptions {
  readonly log: EventLog;
  /** Opens what keeps the folded matrices; asked once. Default: memory. */
  readonly store: (() => ReadModelStore | Promise<ReadModelStore>) | undefined;
  /** Instead of one over log and store. */
  readonly readModel: ReadModel | undefined;
  /** `waits`: a question waits until all is folded; `follows`: it is folded in the background; `reads`: somebody else folds it. */
  readonly catchUp: 'waits' | 'follows' | 'reads';
  /** Gets what went wrong in the background. */
  readonly report: ((message: string) => void) | undefined;
  /** Gets the progress of long work, '' at its end. */
  readonly show: (text: string) => void;
}

export class Views {
  readonly #options: ViewsOptions;
  #readModel: Promise<ReadModel> | undefined;
  #caughtUp: Promise<unknown> | undefined;
  #following: Promise<void> | undefined;
  #store: ReadModelStore | undefined;
  #isEnding = false;
  /** Position up to which was folded here. */
  #folded = 0;

  constructor(options: ViewsOptions) {
    this.#options = options;
  }

  /** What keeps the folded matrices; undefined before it is opened. */
  get store(): ReadModelStore | undefined {
    return this.#store;
  }

  /** As far as a question needs it. */
  async current(): Promise<ReadModel> {
    const readModel = await this.opened();
    const { catchUp, report } = this.#options;
    if (catchUp === 'follows') this.#follow(readModel);
    if (catchUp !== 'waits') return readModel;
    this.#caughtUp ??= this.#fold((options) => readModel.catchUp(options)).catch((error: unknown) => {
      // Without what could not be kept, answers are right and slower.
      if (!(error instanceof CacheUnusable)) throw error;
      report?.(error.message);
    });
    await this.#caughtUp;
    return readModel;
  }

  /** The same, folded anew from the first fact. Throws CacheUnusable when what was kept cannot be replaced. */
  async rebuilt(): Promise<ReadModel> {
    const readModel = await this.opened();
    await this.#fold((options) => readModel.rebuild(options));
    return readModel;
  }

  /** As it was kept: nothing is caught up. */
  opened(): Promise<ReadModel> {
    this.#readModel ??= this.#open();
    return this.#readModel;
  }

  /** The log is about to be closed: a folding that ends by that is no fault. */
  expectEnd(): void {
    this.#isEnding = true;
  }

  /** After the log was closed: what was folded is kept, the rest is folded another time. */
  async close(): Promise<void> {
    await this.#following;
    (await this.#readModel?.catch(() => undefined))?.close();
  }

  async #open(): Promise<ReadModel> {
    const { log, readModel } = this.#options;
    if (readModel !== undefined) return readModel;
    const store = await (this.#options.store ?? memoryStore)();
    this.#store = store;
    try {
      return await openReadModel({ log, store });
    } catch (error) {
      store.close();
      throw error;
    }
  }

  async #fold(
    fold: (options: { readonly onProgress: (progress: Progress) => void }) => Promise<number>,
  ): Promise<void> {
    const { show } = this.#options;
    await fold({ onProgress: (progress) => show(progressText(progress)) });
    show('');
  }

  #follow(readModel: ReadModel): void {
    this.#following ??= this.#catchUp(readModel)
      .catch((error: unknown) => {
        const reason = errorText(error);
        if (!this.#isEnding) this.#options.report?.(`the read model cannot follow the log: ${reason}`);
      })
      .finally(() => {
        this.#following = undefined;
      });
  }

  async #catchUp(readModel: ReadModel): Promise<void> {
    if ((await this.#options.log.lastPosition()) - this.#folded < STALE_FACTS) return;
    this.#folded = await readModel.catchUp();
  }
}

const progressText = ({ done, total, perSecond }: Progress): string =>
  total === 0
    ? ''
    : `reading the log: ${done} of ${total} facts (${Math.floor((100 * done) / total)} %), ${Math.round(perSecond)} a second`;
