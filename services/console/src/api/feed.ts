/** Keeps a queue of facts filled ahead of the playhead. */
import { FactQueue } from '../model/pages.ts';
import type { FeedAnswer, FeedRequest } from './feed.worker.ts';

/** Facts that lie ready before the next page is asked for: half a second of the fastest pace. */
const LOW = 5000;

export class Feed {
  readonly queue = new FactQueue();
  readonly #worker = new Worker(new URL('./feed.worker.ts', import.meta.url), { type: 'module' });
  readonly #host: string | undefined;
  #after: number;
  #isAsking = false;
  #isEnd = false;
  #problem: string | undefined;

  /** Facts after the position, of one host or of all. */
  constructor(after: number, host: string | undefined) {
    this.#after = after;
    this.#host = host;
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FeedAnswer>) => this.#take(data));
    this.fill();
  }

  /** No fact is left, here or in the log. */
  get isDone(): boolean {
    return this.queue.length === 0 && (this.#isEnd || this.#problem !== undefined);
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  /** Asks for the next page when it is time to. */
  fill(): void {
    if (this.#isAsking || this.#isEnd || this.#problem !== undefined || this.queue.length >= LOW) return;
    this.#isAsking = true;
    const request: FeedRequest = { after: this.#after, host: this.#host };
    this.#worker.postMessage(request);
  }

  close(): void {
    this.#worker.terminate();
  }

  #take(answer: FeedAnswer): void {
    this.#isAsking = false;
    if ('problem' in answer) {
      this.#problem = answer.problem;
      return;
    }
    this.queue.push(answer.page);
    this.#after = answer.after;
    this.#isEnd = answer.isEnd;
    this.fill();
  }
}
