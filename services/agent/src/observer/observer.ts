/**
 * Watches a host: reads its files when something may have changed, lets `explain` find out what happened, asks who did it, and gives the
 * commits to the spool. It goes on from the state that the spool keeps.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { detectGeneration, registrationOf } from '@apledger/capture';
import type { CommandOf, Fact } from '@apledger/events';
import {
  type Explained,
  explain,
  guestsOf,
  isEffect,
  type Known,
  type Looker,
  NOBODY,
  rebooted,
  type Sink,
  type Snapshot,
  type Step,
  type Witness,
} from '@apledger/observe';
import type { Roots } from '../roots.ts';
import { draftOf, frameOf, LOSS } from './draft.ts';
import { type Introduction, introductionOf } from './introduction.ts';
import { Motion, REST_MS } from './motion.ts';
import type { Scope } from './reader.ts';
import type { HostReader } from './reader-thread.ts';
import { SaidOnce } from './said-once.ts';
import { type Seen, Sights } from './sights.ts';

/** What the rules do not explain may still be under way: it is looked at again after these times. A queue moves in less than the first. */
const HOLDS_MS = [100, REST_MS - 100];
/** That nothing changed is kept so often. */
const SEEN_EVERY_MS = 10_000;
/** A guest needs so long from its start until it has its devices. */
const START_MS = 10_000;
/** A watch may fire so long after what it tells of was read. */
const LATE_MS = 1000;

export interface ObserverParts {
  readonly host: string;
  readonly roots: Roots;
  readonly witness: Witness;
  readonly sink: Sink;
  readonly report: (line: string) => void;
  readonly readsUnbounded?: boolean;
  readonly reader?: HostReader;
  readonly now?: () => Date;
  /** Milliseconds of a clock that is never set. */
  readonly monotonic?: () => number;
  readonly pause?: (ms: number) => Promise<unknown>;
}

interface Happened extends Explained {
  /** Another kernel was booted before all other steps. */
  readonly first: Step | undefined;
}

export class Observer implements Looker {
  readonly #parts: ObserverParts;
  readonly #sights: Sights;
  readonly #now: () => Date;
  readonly #said = new SaidOnce();
  #known: Known | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #isWaiting = false;
  #isOver = false;
  #isFirst = true;
  #keptAt = 0;
  #uevents: number | undefined;
  #guests = '';
  #motion: Motion | undefined;
  #recent: { readonly facts: readonly Fact[]; readonly at: number } = { facts: [], at: 0 };
  #drifts = 0;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => new Date());
    this.#sights = new Sights({
      ...parts,
      now: this.#now,
      monotonic: parts.monotonic ?? (() => performance.now()),
      wake: () => this.#wake(),
      stalled: (file, from, to) => this.#recordStall(file, from, to),
    });
  }

  /** Since this agent was started. */
  get figures(): Sights['figures'] & { readonly drifts: number } {
    return { ...this.#sights.figures, drifts: this.#drifts };
  }

  /** False when it has not looked for longer than any reason for that lasts: then a watchdog may end the agent. */
  get isAlive(): boolean {
    return this.#sights.isAlive;
  }

  /** Goes on from here, at once. */
  begin(known: Known): void {
    this.#sights.begin();
    this.#known = known;
    this.#isFirst = true;
    this.#motion = undefined;
  }

  /** From now on looks by itself. */
  start(): void {
    this.#sights.watch();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#sights.end();
    await this.#turn;
  }

  look(): Promise<void> {
    return this.#inTurn(() => this.#look('whole'));
  }

  /** What the agent says of itself and the host when it meets the ledger. */
  async introduce(): Promise<Introduction> {
    // A reader that the kernel lets wait must not keep the agent from its ledger.
    return (
      this.#sights.introduction ?? this.#inTurn(async () => introductionOf(await this.#sights.take('whole')))
    );
  }

  /** The command that makes this host in a ledger that does not know it. */
  registration(): Promise<CommandOf<'RegisterHost'>> {
    return this.#inTurn(async () => {
      const { host } = await this.#sights.take('whole');
      return registrationOf(host, this.#parts.host, detectGeneration(host).driver).command;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** One look is enough, however often it is asked for before it begins. */
  #wake(): void {
    if (this.#isWaiting || this.#known === undefined) return;
    this.#isWaiting = true;
    this.#inTurn(() => {
      this.#isWaiting = false;
      return this.#look('quick');
    }).catch((error: unknown) => {
      if (!this.#isOver) this.#parts.report(`cannot look at the host: ${error}`);
    });
  }

  async #recordStall(file: string, began: Date, until: Date): Promise<void> {
    const known = this.#known;
    if (known === undefined) return;
    const [from, to] = [began.toISOString(), until.toISOString()];
    const fact: Fact = { type: 'ObservationStalled', data: { from, to, file: file.slice(0, 1000) } };
    await this.#parts.sink.record([{ ...NOBODY, ...frameOf(known, to, true), facts: [fact] }], known);
  }

  async #look(asked: Scope): Promise<void> {
    const known = this.#known;
    if (known === undefined) throw new Error('the ledger has not said yet what it knows of this host');
    let seen = await this.#sights.take(this.#isFirst ? 'whole' : asked);
    if (this.#motion !== undefined) return this.#follow(known, this.#motion, seen);
    if (this.#isNothingNew(known, seen)) return this.#stillSo(known, seen);
    let explained = this.#explain(known, seen);
    for (const ms of HOLDS_MS) {
      if (explained.drifts === 0) break;
      const before = JSON.stringify(seen.host);
      await (this.#parts.pause ?? pause)(ms);
      seen = await this.#sights.take('whole');
      explained = this.#explain(known, seen);
      if (explained.drifts > 0 && (!seen.sight.settled || JSON.stringify(seen.host) !== before))
        return this.#follow(known, new Motion(known, seen.due, Date.parse(seen.to)), seen);
    }
    await this.#record(known, seen, explained);
  }

  /** Records where queues are on their way, and once they rest, whether that is where they should be. */
  async #follow(known: Known, motion: Motion, seen: Seen): Promise<void> {
    const at = Date.parse(seen.to);
    const isAtRest = motion.saw(seen.host, seen.sight.settled, at);
    const isOver = isAtRest || motion.isEndless(at) || seen.sight.boot !== motion.from.boot;
    this.#motion = isOver ? undefined : motion;
    const sight = { ...seen.sight, settled: isAtRest };
    const explained = this.#explain(known, { ...seen, sight }, !isOver);
    const judged = isAtRest ? this.#explain(known, { ...seen, due: [] }, false, motion) : undefined;
    const drifts = (judged?.steps ?? []).flatMap((step): Step[] => {
      const facts = step.facts.filter(({ type }) => type === 'DriftDetected');
      return facts.length === 0 ? [] : [{ ...step, facts }];
    });
    await this.#record(known, { ...seen, sight }, { ...explained, steps: [...explained.steps, ...drifts] });
  }

  #isNothingNew({ boot }: Known, { sight, due }: Seen): boolean {
    const isSame = sight.host === undefined && sight.settled && sight.boot === boot;
    return (
      isSame &&
      !this.#isFirst &&
      !this.#sights.isLossy &&
      due.length === 0 &&
      JSON.stringify(sight.guests) === this.#guests
    );
  }

  /** The host was seen, and is as it was. */
  async #stillSo(known: Known, { sight, from, to }: Seen): Promise<void> {
    const next: Known = { ...known, seenAt: from };
    this.#known = next;
    this.#uevents = sight.uevents;
    if (Date.parse(to) - this.#keptAt < SEEN_EVERY_MS) return;
    await this.#parts.sink.record([], next);
    this.#keptAt = Date.parse(to);
  }

  /** What happened since the host was as it is known, or since a motion began. */
  #explain(known: Known, seen: Seen, isMoving = false, motion?: Motion): Happened {
    const { state, boot } = motion?.from ?? known;
    const { sight, due } = seen;
    const hints = [...(motion?.hints ?? []), ...seen.hints];
    const isOther = boot !== null && sight.boot !== boot;
    const start = isOther ? rebooted(state, sight.boot, boot) : { state, step: undefined };
    // Where the kernel does not count them, it may have sent some.
    const sentUevents =
      sight.uevents === undefined || (this.#uevents !== undefined && sight.uevents !== this.#uevents);
    const isRecent = Date.parse(seen.from) - this.#recent.at < LATE_MS;
    const recent = isRecent ? this.#recent.facts : [];
    const explained = explain(start.state, this.#snapshotOf(known, seen), {
      hints,
      due,
      recent,
      sentUevents,
      isMoving,
    });
    return { ...explained, first: start.step };
  }

  #snapshotOf({ seenAt: since }: Known, { sight, host }: Seen): Snapshot {
    const youngest = since === null ? Number.NEGATIVE_INFINITY : Date.parse(since) - START_MS;
    const processes = sight.guests.processes.map((process) => ({
      ...process,
      isYoung: process.startedAt >= youngest,
    }));
    return {
      host,
      problems: sight.problems,
      boot: sight.boot,
      settled: sight.settled,
      recreated: new Set(this.#isFirst ? [] : sight.recreated),
      guests: guestsOf(host, { processes, domains: sight.guests.domains, devices: sight.devices }),
    };
  }

  async #record(known: Known, seen: Seen, { first, steps, state, unsaid }: Happened): Promise<void> {
    const all = [
      ...(first === undefined ? [] : [first]),
      ...steps,
      ...this.#said.stepsOf(seen, known, unsaid),
      ...(this.#sights.isLossy ? [LOSS] : []),
    ];
    const frame = { ...frameOf(known, seen.to, seen.sight.settled), boot: seen.sight.boot };
    const wasAway = known.seenAt !== null && (this.#isFirst || first !== undefined);
    const { witness } = this.#parts;
    const drafts = await Promise.all(all.map((step) => draftOf(witness, step, { ...frame, wasAway })));
    const next: Known = { state, seenAt: seen.from, boot: seen.sight.boot };
    const isDue = Date.parse(seen.to) - this.#keptAt >= SEEN_EVERY_MS || next.boot !== known.boot;
    if (drafts.length > 0 || isDue) {
      await this.#parts.sink.record(drafts, next);
      this.#keptAt = Date.parse(seen.to);
    }
    this.#known = next;
    this.#isFirst = false;
    this.#uevents = seen.sight.uevents;
    this.#guests = JSON.stringify(seen.sight.guests);
    const facts = steps.flatMap((step) => step.facts);
    this.#drifts += facts.filter(({ type }) => type === 'DriftDetected').length;
    if (facts.length > 0) this.#recent = { facts, at: Date.parse(seen.to) };
    this.#sights.settle(seen, ({ file }) => isEffect(file, facts));
  }
}
