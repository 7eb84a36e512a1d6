/** One client of the stream of facts: from where it is, through history, to the live end. */
import type { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { EventLog, RecordedFact } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import { isPassing, type LogHealth, type Sight } from '@apledger/ledger';
import { errorText } from '@apledger/text';
import type { Allowance, Holder } from './allowance.ts';
import { type Batch, type Feed, type Frame, frameOf, type Listener } from './feed.ts';

/** Frames of history are written in pieces of about this many bytes. */
const PIECE_BYTES = 16 * 1024;
/** Facts looked at, and pieces written, before others have their turn at the log. */
const TURN_FACTS = 4096;
const TURN_PIECES = 64;
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
  readonly health: LogHealth;
  readonly response: Writable;
  /** What all streams may hold together. */
  readonly allowance: Allowance;
  readonly report: (message: string) => void;
}

export class FactStream implements Listener, Holder {
  readonly #options: StreamOptions;
  readonly #wants: ((frame: Frame) => boolean) | undefined;
  #position: number;
  #hasCaughtUp = false;
  #isLive = false;
  readonly #gone = new AbortController();
  /** When it stopped taking what was written, in ms. */
  #fullSince: number | undefined;
  /** Writes that the client has not taken yet. */
  #untaken = 0;
  #taken = Promise.withResolvers<void>();

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
    response.on('close', () => {
      options.feed.leave(this);
      options.allowance.release(this);
      this.#gone.abort();
    });
    response.on('error', () => response.destroy());
  }

  /** Begins; resolves when it is live, or over. */
  async run(): Promise<void> {
    try {
      while (!this.#isOver && !this.#isLive) {
        if (this.#position < this.#options.feed.position) await this.#catchUpPatiently();
        else this.#goLive();
      }
    } catch (error) {
      if (this.#isOver) return;
      // The client comes back and goes on where it was.
      this.#options.report(`a stream ended: ${errorText(error)}`);
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
    if (now - (this.#fullSince ?? now) > STALLED_MS) this.#options.response.destroy();
    else if (this.#isLive && !this.#options.response.writableNeedDrain)
      this.#writeLive(Buffer.from(`: beat\nid: ${this.#position}\n\n`));
  }

  /** Writes what concerns everybody: no fact. */
  announce(bytes: Buffer): void {
    if (!this.#isOver) this.#write(bytes);
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

  /** As far as it gets; goes on from there when the log is back. */
  async #catchUpPatiently(): Promise<void> {
    const { health } = this.#options;
    try {
      await this.#catchUp();
    } catch (error) {
      if (!isPassing(error)) throw error;
      health.failedToRead(error);
      await health.present(this.#gone.signal);
    }
  }

  /** What is written and not taken is one piece, or one fact; while it waits, nothing of the log is held. */
  async #catchUp(): Promise<void> {
    const upTo = this.#options.feed.position;
    while (!this.#isOver && this.#position < upTo) {
      await this.#options.allowance.reading(() => this.#readOn(upTo));
      await this.#allTaken();
    }
  }

  /** Writes history until the client takes no more, or it is the turn of others. */
  async #readOn(upTo: number): Promise<void> {
    if (this.#isOver) return; // while it waited for its turn
    let piece: Buffer[] = [];
    let size = 0;
    let [looked, pieces] = [0, 0];
    const send = async (): Promise<void> => {
      if (size > 0) this.#write(Buffer.concat(piece));
      piece = [];
      size = 0;
      pieces += 1;
      await setImmediate();
    };
    for await (const frame of this.#options.feed.since(this.#position) ?? this.#history(upTo)) {
      if (this.#isOver) return;
      if (this.#wants?.(frame) !== false) {
        piece.push(frame.bytes);
        size += frame.bytes.length;
      }
      this.#position = frame.position;
      looked += 1;
      if (size > PIECE_BYTES) await send();
      if (looked >= TURN_FACTS || pieces >= TURN_PIECES || this.#untaken > 0) return send();
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
      yield frameOf({ fact, text: JSON.stringify(fact) });
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
    void this.#allTaken().then(() => this.run());
  }

  get fullSince(): number | undefined {
    return this.#fullSince;
  }

  cutOff(): void {
    this.#options.response.destroy();
  }

  /** False when the client has to take some of it first. */
  #write(bytes: Buffer): boolean {
    const { response, allowance } = this.#options;
    this.#untaken += 1;
    this.#fullSince ??= performance.now();
    allowance.hold(this, bytes.length);
    return response.write(bytes, () => {
      this.#untaken -= 1;
      if (this.#untaken > 0) return;
      this.#fullSince = undefined;
      allowance.release(this);
      this.#taken.resolve();
      this.#taken = Promise.withResolvers();
    });
  }

  /** Resolves when the client has taken what was written, or is gone. */
  async #allTaken(): Promise<void> {
    const { response } = this.#options;
    if (this.#isOver || this.#untaken === 0) return;
    const gone = Promise.withResolvers<void>();
    response.on('close', gone.resolve);
    await Promise.race([this.#taken.promise, gone.promise]);
    response.off('close', gone.resolve);
  }
}
