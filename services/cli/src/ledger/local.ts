/** A ledger over a log that this process has opened; what it needs beside the log is made when it is asked for. */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandHandler } from '@apledger/command-handler';
import {
  type EventLog,
  type Head,
  type Moment,
  type RecordedFact,
  type Verification,
  verify,
} from '@apledger/event-log';
import { hostOf, packRecorded, parseFact, streamOf } from '@apledger/events';
import {
  CannotFold,
  type CustodyQueries,
  type HostView,
  memoryStore,
  openCustody,
  openReadModel,
  openSqliteStore,
  type Progress,
  type ReadModel,
  type ReadModelStore,
} from '@apledger/projections';
import { BadStep, type WhatIf, whatIf } from '@apledger/what-if';
import { cacheDirectory, type LogPlace } from '../data.ts';
import { Failure } from '../failure.ts';
import type { Output } from '../output.ts';
import type { Ledger, Question, Wanted } from './ledger.ts';

const FILE = 'read-model.sqlite';

export class LocalLedger implements Ledger {
  readonly custody: CustodyQueries;
  readonly #log: EventLog;
  /** Keeps what was folded; undefined = nothing does. */
  readonly #directory: string | undefined;
  readonly #output: Output;
  #handler: CommandHandler | undefined;
  #readModel: Promise<ReadModel> | undefined;

  constructor(log: EventLog, place: LogPlace | undefined, output: Output) {
    this.#log = log;
    this.#directory = place && cacheDirectory(place);
    this.#output = output;
    this.custody = openCustody({ log });
  }

  get commands(): CommandHandler {
    this.#handler ??= new CommandHandler(this.#log, {
      states: { stateAt: async (host, revision) => (await this.#caughtUp()).stateAt(host, revision) },
    });
    return this.#handler;
  }

  lastPosition(): Promise<number> {
    return this.#log.lastPosition();
  }

  async hosts(): Promise<readonly string[]> {
    return (await this.#log.heads()).flatMap(({ stream }) => hostOf(stream) ?? []).sort();
  }

  async hostAt(host: string, moment?: Moment): Promise<HostView | undefined> {
    const readModel = await this.#caughtUp();
    return moment === undefined ? readModel.now(host) : readModel.hostAt(host, moment);
  }

  async *facts({ after = 0, host, types }: Wanted): AsyncGenerator<RecordedFact> {
    const stream = host === undefined ? undefined : streamOf(host);
    for await (const fact of this.#log.readAll({ after }))
      if ((stream === undefined || fact.stream === stream) && types?.includes(fact.type) !== false)
        yield fact;
  }

  async *follow({ after = 0, host, types }: Wanted, signal: AbortSignal): AsyncGenerator<RecordedFact> {
    const stream = host === undefined ? undefined : streamOf(host);
    for await (const delivery of this.#log.subscribe({ after, signal })) {
      if (!('fact' in delivery)) continue;
      const { fact } = delivery;
      if ((stream === undefined || fact.stream === stream) && types?.includes(fact.type) !== false)
        yield fact;
    }
  }

  async whatIf(question: Question): Promise<WhatIf | undefined> {
    const readModel = await this.#caughtUp();
    try {
      return await whatIf({ handler: this.commands, readModel, ...question });
    } catch (error) {
      throw error instanceof BadStep ? new Failure(2, error.message) : error;
    }
  }

  async verify(noted: readonly Head[]): Promise<Verification> {
    const walk = verify(this.#log, { repack, noted });
    let step = await walk.next();
    while (!step.done) {
      const { position, lastPosition } = step.value;
      this.#show(`verifying: position ${position} of ${lastPosition}`);
      step = await walk.next();
    }
    this.#show('');
    return step.value;
  }

  async rebuild(): Promise<void> {
    this.#readModel = this.#open((readModel, options) => readModel.rebuild(options));
    await this.#readModel;
  }

  /** An error of the log's content as what ends a command. */
  explained(error: unknown): unknown {
    return error instanceof CannotFold ? new Failure(2, error.message) : error;
  }

  async close(): Promise<void> {
    (await this.#readModel?.catch(() => undefined))?.close();
  }

  #caughtUp(): Promise<ReadModel> {
    this.#readModel ??= this.#open((readModel, options) => readModel.catchUp(options));
    return this.#readModel;
  }

  async #open(
    fold: (readModel: ReadModel, options: { onProgress: (progress: Progress) => void }) => Promise<number>,
  ): Promise<ReadModel> {
    const store = await this.#openStore();
    try {
      const readModel = await openReadModel({ log: this.#log, store });
      await fold(readModel, { onProgress: (progress) => this.#show(progressText(progress)) });
      this.#show('');
      return readModel;
    } catch (error) {
      store.close();
      throw error;
    }
  }

  /** The read model is a cache: where it cannot be written, this command does without one. */
  async #openStore(): Promise<ReadModelStore> {
    if (this.#directory === undefined) return memoryStore();
    const isWritable = await access(this.#directory, constants.W_OK).then(
      () => true,
      () => false,
    );
    return isWritable ? openSqliteStore(join(this.#directory, FILE)) : memoryStore();
  }

  /** Progress, to a person; '' takes it away. */
  #show(text: string): void {
    if (this.#output.isInteractive) this.#output.err(text === '' ? '\r\x1b[K' : `\r${text}`);
  }
}

const repack = ({ type, version, data }: RecordedFact, stored: Uint8Array): Uint8Array =>
  packRecorded(parseFact(type, version, data), version, stored);

const progressText = ({ done, total, perSecond }: Progress): string =>
  total === 0
    ? ''
    : `reading the log: ${done} of ${total} facts (${Math.floor((100 * done) / total)} %), ${Math.round(perSecond)} a second`;
