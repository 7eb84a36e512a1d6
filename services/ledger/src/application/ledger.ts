/** What the endpoints work on: the log, the commands' handler and the read model over one data directory. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CommandHandler, type SnapshotStore, snapshotFiles } from '@apledger/command-handler';
import { type EventLog, openLog } from '@apledger/event-log';
import { openReadModel, openSqliteStore, type ReadModel } from '@apledger/projections';
import { Heads } from './heads.ts';

/** Facts beyond the read model's checkpoint that are folded at every query before they are worth a checkpoint. */
const STALE_FACTS = 1000;
const READ_MODEL = 'read-model.sqlite';
const SNAPSHOTS = 'snapshots';

export interface LedgerOptions {
  readonly log: EventLog;
  readonly readModel: ReadModel;
  /** Where the states that commands are decided on are kept; default: nowhere. */
  readonly snapshots?: SnapshotStore;
  /** Count `Nats-Request-Info` as who asks; see actor.ts. */
  readonly trustsRequestInfo?: boolean;
  readonly now?: () => Date;
  /** Told of what went wrong in the background. */
  readonly report?: (message: string) => void;
}

/** One ledger; closing it closes log and read model. */
export class Ledger {
  readonly log: EventLog;
  readonly readModel: ReadModel;
  readonly handler: CommandHandler;
  readonly heads: Heads;
  readonly trustsRequestInfo: boolean;
  readonly now: () => Date;
  readonly #report: (message: string) => void;
  #isClosing = false;
  #folded = 0;
  #folding: Promise<void> | undefined;

  constructor(options: LedgerOptions) {
    const { log, readModel, snapshots, trustsRequestInfo = false } = options;
    const { now = () => new Date(), report = () => {} } = options;
    this.log = log;
    this.readModel = readModel;
    this.handler = new CommandHandler(log, {
      now,
      report,
      ...(snapshots === undefined ? {} : { snapshots }),
    });
    this.heads = new Heads(log);
    this.trustsRequestInfo = trustsRequestInfo;
    this.now = now;
    this.#report = report;
  }

  /** Lets the read model follow the log, in the background: answers are right without, only slower on a long log. */
  follow(): void {
    this.#folding ??= this.#fold()
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : error;
        if (!this.#isClosing) this.#report(`the read model cannot follow the log: ${reason}`);
      })
      .finally(() => {
        this.#folding = undefined;
      });
  }

  /** Ends also a folding that is under way: what it kept is kept, the rest is folded another time. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.handler.close();
    await this.log.close();
    await this.#folding;
    this.readModel.close();
  }

  async #fold(): Promise<void> {
    if ((await this.log.lastPosition()) - this.#folded < STALE_FACTS) return;
    this.#folded = await this.readModel.catchUp();
  }
}

export interface PlaceOptions extends Omit<LedgerOptions, 'log' | 'readModel' | 'snapshots'> {
  /** Holds read model and snapshots, and the log unless `log` names another. */
  readonly directory: string;
  /** `sqlite:DIR`, `nats://…`, `kurrentdb://…`; default: SQLite in the directory. */
  readonly log?: string;
}

/** Opens log and read model. Throws LogError, or TypeError for a URL that names no log. */
export async function openLedger({ directory, log: url, ...rest }: PlaceOptions): Promise<Ledger> {
  const log = await openLog(url ?? `sqlite:${encodeURIComponent(directory)}`, { directory });
  try {
    mkdirSync(directory, { recursive: true });
    const readModel = await openReadModel({ log, store: openSqliteStore(join(directory, READ_MODEL)) });
    const snapshots = snapshotFiles(join(directory, SNAPSHOTS));
    return new Ledger({ log, readModel, snapshots, ...rest });
  } catch (error) {
    await log.close();
    throw error;
  }
}
