/** One client of the stream of facts: from where it is, through history, to the live end. */
import type { Writable } from 'node:stream';
import type { EventLog, RecordedFact } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import type { Sight } from '@apledger/ledger';
import { type Batch, type Feed, type Frame, frameOf, type Listener } from './feed.ts';

/** Frames of history are written in pieces of about this many bytes. */
const PIECE_BYTES = 64 * 1024;
/** A client that takes nothing for so long is gone, or does not read. */
const STALLED_MS = 60_000;

/** Which facts a client wants. */
export interface Wanted {
  /** Only facts after this position. */
  readonly after: number;
  readonly host?: string;
  readonly types?: ReadonlySet<string>;
  /** What its reader may see; everything without it. */
  readonly sight?: Sight;
}

export interface StreamOptions extends Wanted {
  readonly feed: Feed;
  readonly log: EventLog;
  readonly response: Writable;
  readonly report: (message: string) => void;
}

export class FactStream implements Listener {
  readonly #options: StreamOptions;
  readonly #wants: ((frame: Frame) => boolean) | undefined;
  #position: number;
  #hasCaughtUp = false;
  #isLive = false;
  /** When it stopped taking what was written, in ms. */
  #fullSince: number | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#position = options.after;
    const { host, types, sight } = options;
    if (host !== undefined || types !== undefined || sight !== undefined)
      this.#wants = (frame) =>
        (host === undefined || frame.host === host) &&
        (types === undefined || types.has(frame.type)) &&
        sight?.sees(frame.seen) !== false;
    const { response } = options;
    response.on('drain', () => {
      this.#fullSince = undefined;
    });
    response.on('close', () => options.feed.leave(this));
    response.on('error', () => response.destroy());
  }

  /** Begins; resolves when it is live, or over. */
  async run(): Promise<void> {
    try {
      while (!this.#isOver && !this.#isLive) {
        if (this.#position < this.#options.feed.position) await this.#catchUp();
        else this.#goLive();
      }
    } catch (error) {
      // The log cannot be read now: the client comes back and goes on where it was.
      this.#options.report(`a stream ended: ${error instanceof Error ? error.message : error}`);
      this.end();
    }
  }

  deliver(batch: Batch): void {
    if (this.endIfBlind()) return;
    const isWhole = this.#wants === undefined && batch.first > this.#position;
    const bytes = isWhole ? batch.bytes : this.#selected(batch.frames);
    this.#position = Math.max(this.#position, batch.last);
    if (bytes.length > 0) this.#writeLive(bytes);
  }

  /** Shows that somebody is here, and where a client goes on from when nothing came that it wanted. */
  beat(now: number): void {
    if (this.endIfBlind()) return;
    if (this.#fullSince !== undefined) {
      if (now - this.#fullSince > STALLED_MS) this.#options.response.destroy();
    } else if (this.#isLive) this.#writeLive(Buffer.from(`: beat\nid: ${this.#position}\n\n`));
  }

  /** Ends when its reader may see nothing any more; he hears why when he comes back. */
  endIfBlind(): boolean {
    if (this.#options.sight?.isOver !== true) return false;
    this.end();
    return true;
  }

  end(): void {
    this.#options.feed.leave(this);
    this.#options.response.end();
  }

  get #isOver(): boolean {
    const { response } = this.#options;
    return response.destroyed || response.writableEnded;
  }

  /** In one turn with the look at the feed's position: nothing comes in between. */
  #goLive(): void {
    if (!this.#hasCaughtUp) {
      this.#hasCaughtUp = true;
      const position = this.#position;
      this.#write(
        Buffer.from(`id: ${position}\nevent: caught-up\ndata: ${JSON.stringify({ position })}\n\n`),
      );
    }
    this.#isLive = true;
    this.#options.feed.join(this);
  }

  async #catchUp(): Promise<void> {
    const upTo = this.#options.feed.position;
    const recent = this.#options.feed.since(this.#position);
    let piece: Buffer[] = [];
    let size = 0;
    const send = async (): Promise<void> => {
      const bytes = Buffer.concat(piece);
      piece = [];
      size = 0;
      if (bytes.length > 0 && !this.#write(bytes)) await this.#drained();
    };
    for await (const frame of recent ?? this.#history(upTo)) {
      if (this.#isOver) return;
      if (this.#wants?.(frame) !== false) {
        piece.push(frame.bytes);
        size += frame.bytes.length;
      }
      if (size > PIECE_BYTES) await send();
      this.#position = frame.position;
    }
    await send();
    this.#position = Math.max(this.#position, upTo);
  }

  async *#history(upTo: number): AsyncGenerator<Frame> {
    const { log, host } = this.#options;
    for await (const fact of host === undefined
      ? log.readAll({ after: this.#position, upTo })
      : this.#ofHost(host)) {
      if (fact.position > upTo) return;
      yield frameOf(fact);
    }
  }

  async *#ofHost(host: string): AsyncGenerator<RecordedFact> {
    const { log } = this.#options;
    const stream = streamOf(host);
    if ((await log.head(stream)) === undefined) return;
    const revision = await log.revisionAt(stream, { position: this.#position });
    yield* log.readStream(stream, { from: revision + 1 });
  }

  #selected(frames: readonly Frame[]): Buffer {
    return Buffer.concat(
      frames
        .filter((frame) => frame.position > this.#position && this.#wants?.(frame) !== false)
        .map(({ bytes }) => bytes),
    );
  }

  /** Who does not take it at once leaves the live end, and comes back to it at its own pace. */
  #writeLive(bytes: Buffer): void {
    if (this.#write(bytes)) return;
    this.#options.feed.leave(this);
    this.#isLive = false;
    void this.#drained().then(() => this.run());
  }

  /** False when the client has to take some of it first. */
  #write(bytes: Buffer): boolean {
    const goesOn = this.#options.response.write(bytes);
    if (!goesOn) this.#fullSince ??= performance.now();
    return goesOn;
  }

  /** Resolves when the client has taken what was written, or is gone. */
  #drained(): Promise<void> {
    const { response } = this.#options;
    if (this.#isOver || !response.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        response.off('drain', done).off('close', done);
        resolve();
      };
      response.on('drain', done).on('close', done);
    });
  }
}
