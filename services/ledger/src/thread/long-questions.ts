/** Hands long questions to a thread of their own, and its answers back, which begins with the first of them or by `start`. */
import { Worker } from 'node:worker_threads';
import { type OperationName, Problem, type ReportFormat, type Request } from '@apledger/api';
import { type Elsewhere, type Place, WrittenReply } from '@apledger/ledger';
import type { FromThread, ProblemParts, ThreadData, ToThread } from './messages.ts';

/** Questions under way at once; each holds its answer in memory, of at most what the transport allows. */
const MAX_UNDER_WAY = 32;
/** A wide what-if of 10 at once must not take the machine's memory; the thread then ends, and its questions with it. */
const MAX_HEAP_MB = 4096;
/** By default it grows to 100 MB, most of it empty. */
const YOUNG_HEAP_MB = 24;

interface Waiting {
  readonly resolve: (message: FromThread) => void;
  readonly reject: (error: Error) => void;
}

export interface LongQuestionsOptions {
  readonly place: Place;
  /** Told what an operator should know. */
  readonly report: (line: string) => void;
}

export class LongQuestions implements Elsewhere {
  readonly #options: LongQuestionsOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #underWay = new Set<number>();
  #thread: Worker | undefined;
  #last = 0;

  constructor(options: LongQuestionsOptions) {
    this.#options = options;
  }

  async answer<Name extends OperationName>(
    name: Name,
    request: Request<Name>,
    { maxReplyBytes }: { readonly maxReplyBytes: number },
  ): Promise<WrittenReply> {
    const ask = this.#begin();
    try {
      const message = await this.#send(ask, { ask, name, request, maxReplyBytes });
      if (!('reply' in message)) throw new TypeError('no reply');
      return new WrittenReply(message.json);
    } finally {
      this.#underWay.delete(ask);
    }
  }

  async *report(request: Request<'report'>, format: ReportFormat): AsyncGenerator<Uint8Array> {
    const report = this.#begin();
    let isOver = false;
    try {
      let message = await this.#send(report, { report, request, format });
      while ('piece' in message && message.bytes !== undefined) {
        yield message.bytes;
        message = await this.#send(report, { next: report });
      }
      isOver = true;
    } finally {
      this.#underWay.delete(report);
      if (!isOver) this.#thread?.postMessage({ stop: report } satisfies ToThread);
    }
  }

  /** Begins the thread, which brings the index of facts up to date. */
  start(): void {
    this.#thread ??= this.#start();
  }

  /** Ends the thread; what is under way fails. */
  async close(): Promise<void> {
    await this.#thread?.terminate();
  }

  /** The number of a new question. Throws Problem `overloaded` when too many are under way. */
  #begin(): number {
    if (this.#underWay.size >= MAX_UNDER_WAY)
      throw new Problem(503, 'overloaded', `${MAX_UNDER_WAY} long questions are under way; ask again soon.`);
    this.#last += 1;
    this.#underWay.add(this.#last);
    return this.#last;
  }

  #send(number: number, message: ToThread): Promise<FromThread> {
    this.#thread ??= this.#start();
    const thread = this.#thread;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      thread.postMessage(message);
    });
  }

  #start(): Worker {
    const workerData: ThreadData = { place: this.#options.place };
    const thread = new Worker(new URL('./main.ts', import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
    });
    thread.unref();
    thread.on('message', (message: FromThread) => this.#take(message));
    thread.on('error', (error) => this.#options.report(`the thread for long questions: ${error}`));
    thread.on('exit', () => {
      this.#thread = undefined;
      const waiting = [...this.#waiting.values()];
      this.#waiting.clear();
      for (const { reject } of waiting)
        reject(
          new Problem(
            503,
            'overloaded',
            'The question took more than there is, or the service ends. Ask for less.',
          ),
        );
    });
    return thread;
  }

  #take(message: FromThread): void {
    if ('report' in message) {
      this.#options.report(message.report);
      return;
    }
    const number = 'reply' in message ? message.reply : 'piece' in message ? message.piece : message.failed;
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if ('failed' in message) waiting?.reject(this.#problemOf(message.problem));
    else waiting?.resolve(message);
  }

  /** What nobody foresaw is for the operator, with its stack. */
  #problemOf({ status, code, message, details, stack }: ProblemParts): Problem {
    if (stack !== undefined) this.#options.report(stack);
    return new Problem(status, code, message, details);
  }
}
