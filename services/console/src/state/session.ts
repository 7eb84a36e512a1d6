/**
 * What the page knows while it looks at one host, or at all of them: where time stands, the host as of then, and the live link.
 *
 * There is one state of the host, and three things that move it: a moment that is asked for (the state is fetched), a fact that arrives
 * while it follows the present, and the playhead. Views read the signals; nothing else is shared.
 */

import { type HostView as HostViewJson, Problem, type RecordedFact } from '@apledger/api';
import { type Current, Unreachable } from '@apledger/client';
import { type Fact, pack } from '@apledger/events';
import {
  applyFact,
  type FoldableFact,
  HostState,
  type HostView,
  stateOfView,
  viewOf,
} from '@apledger/projections/host';
import { errorText } from '@apledger/text';
import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { fetchFacts, fetchHost, fetchHosts } from '../api/client.ts';
import { follow, type Link } from '../api/live.ts';
import { Marks } from '../model/marks.ts';
import { atPosition, type Moment, NOW, type Stamp, sameMoment } from '../model/moment.ts';
import { throttled } from './throttled.ts';

/** How often the words around the matrix change while facts rush by, milliseconds; the matrix itself is drawn at every frame. */
const SETTLE_MS = 120;

/** `no-moment`: what was asked for is no moment. */
export type Status = 'loading' | 'ready' | 'absent' | 'failed' | 'no-moment';

export class Session {
  /** undefined = all hosts. */
  readonly host: string | undefined;
  readonly moment: Signal<Moment> = signal(NOW);
  /** The time that the service used, milliseconds since 1970 UTC, where a time was asked for. */
  readonly used: Signal<number | undefined> = signal(undefined);
  readonly status: Signal<Status> = signal('loading');
  readonly problem: Signal<string> = signal('');
  readonly link: Signal<Link> = signal('connecting');
  /** The log is away: what is shown is complete up to there. */
  readonly away: Signal<Current | undefined> = signal(undefined);
  /** Where clocks jumped: the fact up to which the host may have been as well at the time that was asked for. */
  readonly mayReach: Signal<HostViewJson['mayReach']> = signal(undefined);
  /** The first and the last fact of the host or of the log: what the slider spans. */
  readonly first: Signal<Stamp | undefined> = signal(undefined);
  readonly last: Signal<Stamp | undefined> = signal(undefined);
  /** Counts changes of the state: anyone who draws every frame reads this and then `state`. */
  readonly tick: Signal<number> = signal(0);
  /** The last fact that counts in what is shown. */
  readonly shown: ReadonlySignal<Stamp | undefined>;
  /** The same a few times a second at most: for words and requests. */
  readonly settled: Signal<Stamp | undefined> = signal(undefined);
  readonly view: Signal<HostView | undefined> = signal(undefined);
  readonly isPlaying: Signal<boolean> = signal(false);
  /** Steps that were collected in the matrix, to be tried together. */
  readonly basket: Signal<readonly string[]> = signal([]);
  /** How mdevs are told apart, the same in every view. */
  readonly marks = new Marks();

  #state: HostState | undefined;
  #stamp: Stamp | undefined;
  #loading: AbortController | undefined;
  #unfollow: (() => void) | undefined;
  readonly #settle = throttled(SETTLE_MS, () => this.#publish());

  constructor(host: string | undefined) {
    this.host = host;
    this.shown = computed(() => {
      this.tick.value;
      return this.#stamp;
    });
  }

  /** The state that is shown; it changes in place, with `tick`. */
  get state(): HostState | undefined {
    return this.#state;
  }

  close(): void {
    this.#loading?.abort();
    this.#unfollow?.();
    this.#settle.cancel();
  }

  /** Shows a moment; resolves when it is there. Nothing is fetched when it is the one that is shown. */
  async lookAt(moment: Moment): Promise<void> {
    const isHere = sameMoment(moment, this.moment.peek()) && this.#loading !== undefined;
    this.moment.value = moment;
    if (!isHere) await this.#load(moment);
  }

  /** Asks again, after it failed. */
  async again(): Promise<void> {
    await this.#load(this.moment.peek());
  }

  /** One fact further, by the one who plays. Facts that were seen are passed over. Throws what the fold throws. */
  apply(fact: FoldableFact): void {
    if (this.host !== undefined && fact.revision === 0) this.#state ??= new HostState();
    if (this.#state !== undefined && fact.revision > this.#state.revision) applyFact(this.#state, fact);
    this.#stamp = { position: fact.position, revision: fact.revision, occurredAt: fact.occurredAt };
  }

  /** Tells the views that facts were applied. */
  applied(): void {
    this.tick.value++;
    this.#settle();
  }

  /** Where playing has stopped becomes the moment, without fetching anything. */
  stayHere(): Moment {
    const here = this.#stamp === undefined ? NOW : atPosition(this.#stamp.position);
    this.moment.value = here;
    this.used.value = undefined;
    this.mayReach.value = undefined;
    this.#settle.flush();
    return here;
  }

  async #load(moment: Moment): Promise<void> {
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    try {
      if (this.host === undefined) await this.#loadLog(moment, loading.signal);
      else await this.#loadHost(this.host, moment, loading.signal);
    } catch (error) {
      if (loading.signal.aborted) return;
      if (error instanceof Problem && error.code === 'no-such-moment')
        await this.#unreadable(error, loading.signal);
      else
        batch(() => {
          this.problem.value = messageOf(error);
          this.status.value = 'failed';
        });
    }
  }

  /** The moment is none: nothing may be shown as if it were of that moment, and the way to another one stays open. */
  async #unreadable(problem: Problem, signal: AbortSignal): Promise<void> {
    this.#state = undefined;
    this.#stamp = undefined;
    this.used.value = undefined;
    batch(() => {
      this.status.value = 'no-moment';
      this.problem.value = problem.message;
      this.tick.value++;
      this.#settle.flush();
    });
    if (this.#unfollow !== undefined) return;
    await this.#span(this.host, signal).catch(() => undefined);
    if (!signal.aborted) this.#follow();
  }

  async #loadHost(host: string, moment: Moment, signal: AbortSignal): Promise<void> {
    const view = await fetchHost(host, moment, signal);
    if (signal.aborted) return;
    this.used.value = timeOf(view?.asOf);
    this.mayReach.value = view?.mayReach;
    this.#state = view && stateOfView(view);
    this.#stamp = stampOfView(view);
    this.#loaded(view !== undefined);
    if (this.#unfollow === undefined) await this.#span(host, signal);
    if (moment.kind === 'now' && this.#stamp !== undefined) this.#reaches(this.#stamp);
    this.#follow();
  }

  async #loadLog(moment: Moment, signal: AbortSignal): Promise<void> {
    const { stamp, used } = await lastStamp(moment, signal);
    if (signal.aborted) return;
    this.used.value = used;
    this.#stamp = stamp;
    this.#loaded(true);
    if (this.#unfollow === undefined) await this.#span(undefined, signal);
    if (moment.kind === 'now' && this.#stamp !== undefined) this.#reaches(this.#stamp);
    this.#follow();
  }

  /** Finds what the slider spans: the first fact, and the last when it is the past that is shown first. */
  async #span(host: string | undefined, signal: AbortSignal): Promise<void> {
    const { events } = await fetchFacts({ host, limit: 1 }, signal).catch(asNone);
    if (events[0] !== undefined) this.first.value = stampOf(events[0]);
    if (this.moment.peek().kind === 'now') return;
    const head =
      host === undefined
        ? (await lastStamp(NOW, signal)).stamp
        : stampOfView(await fetchHost(host, NOW, signal));
    if (head !== undefined) this.#reaches(head);
  }

  #loaded(isThere: boolean): void {
    batch(() => {
      this.status.value = isThere ? 'ready' : 'absent';
      this.problem.value = '';
      this.tick.value++;
      this.#settle.flush();
    });
  }

  /** Follows the log from its end on, once. */
  #follow(): void {
    const last = this.last.peek();
    if (this.#unfollow !== undefined) return;
    this.#unfollow = follow({
      after: last?.position ?? 0,
      // The service follows no host that it does not know: that one may come with any fact.
      host: this.first.peek() === undefined ? undefined : this.host,
      onFact: (fact) => this.#arrive(fact),
      onLink: (link) => {
        this.link.value = link;
      },
      onAway: (current) => {
        this.away.value = current;
      },
    });
  }

  #arrive(fact: RecordedFact): void {
    if (this.host !== undefined && fact.host !== this.host) return;
    const stamp = stampOf(fact);
    batch(() => {
      this.#reaches(stamp);
      this.first.value ??= stamp;
      if (this.moment.peek().kind === 'now' && !this.isPlaying.peek()) this.#keepUp(fact, stamp);
    });
  }

  #keepUp(fact: RecordedFact, stamp: Stamp): void {
    const state = this.#state;
    const isNext = state === undefined ? this.host === undefined : fact.revision === state.revision + 1;
    if (state !== undefined && fact.revision <= state.revision) return;
    if (!isNext) {
      void this.#load(NOW); // the host has just come into being, or a fact was missed
      return;
    }
    const bytes = pack({ type: fact.type, data: fact.data } as Fact);
    this.apply({ ...stamp, bytes, offset: 0, length: bytes.length });
    this.applied();
  }

  #reaches(stamp: Stamp): void {
    if (stamp.position > (this.last.peek()?.position ?? 0)) this.last.value = stamp;
  }

  #publish(): void {
    const state = this.#state;
    batch(() => {
      this.view.value = state === undefined ? undefined : viewOf(this.host ?? '', state);
      this.settled.value = this.#stamp;
    });
  }
}

/** A host that is not there has no facts. */
function asNone(error: unknown): { readonly events: readonly RecordedFact[] } {
  if (error instanceof Problem && error.code === 'unknown-host') return { events: [] };
  throw error;
}

const stampOfView = (view: HostViewJson | undefined): Stamp | undefined =>
  view && { position: view.position, revision: view.revision, occurredAt: Date.parse(view.occurredAt) };

/** The log's last fact at or before the moment, and the time that the service used for it. */
async function lastStamp(
  moment: Moment,
  signal: AbortSignal,
): Promise<{ readonly stamp: Stamp | undefined; readonly used: number | undefined }> {
  const { asOf } = await fetchHosts(moment, { limit: 1 }, signal);
  const until = 'time' in asOf ? asOf.time : String(asOf.position);
  const { events } = await fetchFacts({ order: 'newest', until, limit: 1 }, signal);
  return { stamp: events[0] && stampOf(events[0]), used: timeOf(asOf) };
}

const timeOf = (asOf: { readonly position: number } | { readonly time: string } | undefined) =>
  asOf !== undefined && 'time' in asOf ? Date.parse(asOf.time) : undefined;

/** What a person reads of an error. */
export const messageOf = (error: unknown): string =>
  error instanceof Unreachable ? 'The service does not answer.' : errorText(error);

/** A fact's place in the log. */
export const stampOf = ({ position, revision, occurredAt }: RecordedFact): Stamp => ({
  position,
  revision,
  occurredAt: Date.parse(occurredAt),
});
