/** Plays facts forward from where a session stands: fetched ahead by the feed, due by the playhead, applied frame by frame. */
import { type Signal, signal } from '@preact/signals';
import { Feed } from '../api/feed.ts';
import type { Moment } from '../model/moment.ts';
import { type Pace, Playhead } from '../model/playback.ts';
import type { Session } from './session.ts';

/** A quiet longer than this is announced, and may be skipped; milliseconds. */
const LONG_QUIET = 1500;

export class Player {
  /** Milliseconds until the next fact, when that is long. */
  readonly quiet: Signal<number | undefined> = signal(undefined);
  /** Frames drawn and facts applied since playing began: what the benchmark reads. */
  frames = 0;
  facts = 0;
  readonly #session: Session;
  readonly #feed: Feed;
  readonly #head: Playhead;
  readonly #onEnd: (here: Moment) => void;
  #frame = 0;
  #before: number | undefined;

  /** Starts playing. `onEnd` is announced the moment at which it stopped: by `stop`, at the end of the log, or because the log was not to be had. */
  constructor(session: Session, pace: Pace, onEnd: (here: Moment) => void) {
    const from = session.shown.peek();
    this.#session = session;
    this.#head = new Playhead(pace, from?.occurredAt ?? 0);
    this.#feed = new Feed(from?.position ?? 0, session.host);
    this.#onEnd = onEnd;
    session.isPlaying.value = true;
    this.#frame = requestAnimationFrame((now) => this.#draw(now));
  }

  set pace(pace: Pace) {
    this.#head.pace = pace;
  }

  skip(): void {
    this.#head.skip(this.#feed.queue);
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.#feed.close();
    this.#session.isPlaying.value = false;
    this.quiet.value = undefined;
    this.#onEnd(this.#session.stayHere());
  }

  #draw(now: number): void {
    const { queue } = this.#feed;
    const due = this.#head.advance(now - (this.#before ?? now), queue);
    this.#before = now;
    this.frames++;
    this.facts += due;
    for (let i = 0; i < due; i++) this.#session.apply(queue.take());
    if (due > 0) this.#session.applied();
    this.#feed.fill();
    if (this.#feed.isDone) {
      if (this.#feed.problem !== undefined) this.#session.problem.value = this.#feed.problem;
      this.stop();
      return;
    }
    this.#announce(this.#head.wait(queue));
    this.#frame = requestAnimationFrame((later) => this.#draw(later));
  }

  #announce(wait: number | undefined): void {
    const announced = wait !== undefined && wait > LONG_QUIET ? Math.round(wait / 1000) * 1000 : undefined;
    if (announced !== this.quiet.peek()) this.quiet.value = announced;
  }
}
