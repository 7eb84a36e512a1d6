/**
 * Watches a host: reads its files when something may have changed, lets `explain` find out what happened, asks who did it, and gives the
 * commits to the spool. It goes on from the state that the spool keeps.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { detectGeneration, type ObservedHost, registrationOf } from '@apledger/capture';
import type { CommandOf, Fact } from '@apledger/events';
import {
  type Explained,
  explain,
  guestsOf,
  type Hint,
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
import { Pulse } from './pulse.ts';
import type { Scope, Sight } from './reader.ts';
import { type HostReader, startReader } from './reader-thread.ts';
import { SaidOnce } from './said-once.ts';
import { WakeUps } from './wake-ups.ts';

/** A read that takes longer is recorded: somebody resets queues, and the driver's lock is held. */
const STALL_MS = 5000;
/** What the rules do not explain may still be under way: it is looked at again after these times. A queue moves in less than the first. */
const HOLDS_MS = [100, REST_MS - 100];
/** Cards and queues are read anew so often at most when only uevents tell of something. */
const WHOLE_EVERY_MS = 60_000;
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

/** One sight of the host, with the time that it took. */
interface Seen {
  readonly sight: Sight;
  readonly host: ObservedHost;
  readonly from: string;
  readonly to: string;
  readonly hints: readonly Hint[];
  /** Those that fired before the reading began. */
  readonly due: readonly Hint[];
}

interface Happened extends Explained {
  /** Another kernel was booted before all other steps. */
  readonly first: Step | undefined;
}

export class Observer implements Looker {
  readonly #parts: ObserverParts;
  readonly #reader: HostReader;
  readonly #wakeUps: WakeUps;
  readonly #now: () => Date;
  readonly #said = new SaidOnce();
  #known: Known | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #isWaiting = false;
  #isOver = false;
  #host: ObservedHost | undefined;
  #introduction: Introduction | undefined;
  #isFirst = true;
  #wholeAt = 0;
  #keptAt = 0;
  #uevents: number | undefined;
  #guests = '';
  #motion: Motion | undefined;
  /** Watches may have missed something since the last commit. */
  #isLossy = false;
  #hints: Hint[] = [];
  #recent: { readonly facts: readonly Fact[]; readonly at: number } = { facts: [], at: 0 };
  /** Since this agent was started. */
  readonly figures = { looks: 0, unsettled: 0, stalls: 0, drifts: 0 };
  readonly #pulse: Pulse;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => new Date());
    this.#pulse = new Pulse(parts.monotonic ?? (() => performance.now()));
    this.#reader =
      parts.reader ?? startReader({ roots: parts.roots, readsUnbounded: parts.readsUnbounded ?? false });
    this.#wakeUps = new WakeUps({ roots: parts.roots, now: this.#now, wake: () => this.#wake() });
  }

  /** False when it has not looked for longer than any reason for that lasts: then a watchdog may end the agent. */
  get isAlive(): boolean {
    return this.#pulse.isAlive;
  }

  /** Goes on from here, at once. */
  begin(known: Known): void {
    this.#pulse.beat();
    this.#known = known;
    this.#isFirst = true;
    this.#motion = undefined;
  }

  /** From now on looks by itself. */
  start(): void {
    this.#wakeUps.start();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    this.#wakeUps.stop();
    await this.#reader.close();
    await this.#turn;
  }

  look(): Promise<void> {
    return this.#inTurn(() => this.#look('whole'));
  }

  /** What the agent says of itself and the host when it meets the ledger. */
  async introduce(): Promise<Introduction> {
    // A reader that the kernel lets wait must not keep the agent from its ledger.
    return this.#introduction ?? this.#inTurn(async () => introductionOf(await this.#read('whole')));
  }

  /** The command that makes this host in a ledger that does not know it. */
  registration(): Promise<CommandOf<'RegisterHost'>> {
    return this.#inTurn(async () => {
      const { host } = await this.#read('whole');
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

  async #read(scope: Scope): Promise<Seen> {
    this.#hints.push(...this.#wakeUps.take());
    const due = [...this.#hints];
    const began = this.#now();
    const reading = this.#pulse.during(this.#reader.read(scope));
    const stall = setTimeout(() => this.#stalled(began), STALL_MS);
    const sight = await reading.finally(() => clearTimeout(stall));
    const ended = this.#now();
    this.figures.looks += 1;
    if (!sight.settled) this.figures.unsettled += 1;
    if (ended.getTime() - began.getTime() >= STALL_MS) await this.#recordStall(began, ended);
    if (sight.host !== undefined || scope === 'whole') this.#wakeUps.refresh();
    this.#hints.push(...this.#wakeUps.take());
    this.#isLossy ||= this.#wakeUps.takeLoss();
    const host = sight.host ?? this.#host;
    if (host === undefined)
      throw new Error('the reader says that nothing changed before it has said anything');
    this.#host = host;
    if (scope === 'whole') {
      this.#wholeAt = ended.getTime();
      this.#introduction = introductionOf({ sight, host });
    }
    return { sight, host, from: began.toISOString(), to: ended.toISOString(), hints: [...this.#hints], due };
  }

  /** Said at once, while it lasts: the read may take minutes. */
  #stalled(began: Date): void {
    this.figures.stalls += 1;
    this.#recordStall(began, this.#now()).catch((error: unknown) =>
      this.#parts.report(`cannot record that the kernel gives no answer: ${error}`),
    );
  }

  async #recordStall(began: Date, until: Date): Promise<void> {
    const known = this.#known;
    if (known === undefined) return;
    const [from, to] = [began.toISOString(), until.toISOString()];
    const fact: Fact = {
      type: 'ObservationStalled',
      data: { from, to, file: this.#reader.file.slice(0, 1000) },
    };
    await this.#parts.sink.record([{ ...NOBODY, ...frameOf(known, to, true), facts: [fact] }], known);
  }

  async #look(asked: Scope): Promise<void> {
    if (this.#known === undefined) throw new Error('the ledger has not said yet what it knows of this host');
    const isDue = this.#now().getTime() - this.#wholeAt >= WHOLE_EVERY_MS;
    let seen = await this.#read(this.#isFirst || isDue ? 'whole' : asked);
    if (this.#motion !== undefined) return this.#follow(this.#motion, seen);
    if (this.#isNothingNew(seen)) return this.#stillSo(seen);
    let explained = this.#explain(seen);
    for (const ms of HOLDS_MS) {
      if (explained.drifts === 0) break;
      const before = JSON.stringify(seen.host);
      await (this.#parts.pause ?? pause)(ms);
      seen = await this.#read('whole');
      explained = this.#explain(seen);
      if (explained.drifts > 0 && (!seen.sight.settled || JSON.stringify(seen.host) !== before))
        return this.#follow(new Motion(this.#known, seen.due, Date.parse(seen.to)), seen);
    }
    await this.#record(seen, explained);
  }

  /** Records where queues are on their way, and once they rest, whether that is where they should be. */
  async #follow(motion: Motion, seen: Seen): Promise<void> {
    const at = Date.parse(seen.to);
    const isAtRest = motion.saw(seen.host, seen.sight.settled, at);
    const isOver = isAtRest || motion.isEndless(at) || seen.sight.boot !== motion.from.boot;
    this.#motion = isOver ? undefined : motion;
    const sight = { ...seen.sight, settled: isAtRest };
    const explained = this.#explain({ ...seen, sight }, !isOver);
    const judged = isAtRest ? this.#explain({ ...seen, due: [] }, false, motion) : undefined;
    const drifts = (judged?.steps ?? []).flatMap((step): Step[] => {
      const facts = step.facts.filter(({ type }) => type === 'DriftDetected');
      return facts.length === 0 ? [] : [{ ...step, facts }];
    });
    await this.#record({ ...seen, sight }, { ...explained, steps: [...explained.steps, ...drifts] });
  }

  #isNothingNew({ sight, due }: Seen): boolean {
    const isSame = sight.host === undefined && sight.settled && sight.boot === this.#known?.boot;
    return (
      isSame &&
      !this.#isFirst &&
      !this.#isLossy &&
      due.length === 0 &&
      JSON.stringify(sight.guests) === this.#guests
    );
  }

  /** The host was seen, and is as it was. */
  async #stillSo({ sight, from, to }: Seen): Promise<void> {
    this.#known = { ...(this.#known as Known), seenAt: from };
    this.#uevents = sight.uevents;
    if (Date.parse(to) - this.#keptAt < SEEN_EVERY_MS) return;
    await this.#parts.sink.record([], this.#known);
    this.#keptAt = Date.parse(to);
  }

  /** What happened since the host was as it is known, or since a motion began. */
  #explain(seen: Seen, isMoving = false, motion?: Motion): Happened {
    const { state, boot } = motion?.from ?? (this.#known as Known);
    const { sight, due } = seen;
    const hints = [...(motion?.hints ?? []), ...seen.hints];
    const isOther = boot !== null && sight.boot !== boot;
    const start = isOther ? rebooted(state, sight.boot, boot) : { state, step: undefined };
    // Where the kernel does not count them, it may have sent some.
    const sentUevents =
      sight.uevents === undefined || (this.#uevents !== undefined && sight.uevents !== this.#uevents);
    const isRecent = Date.parse(seen.from) - this.#recent.at < LATE_MS;
    const recent = isRecent ? this.#recent.facts : [];
    const explained = explain(start.state, this.#snapshotOf(seen), {
      hints,
      due,
      recent,
      sentUevents,
      isMoving,
    });
    return { ...explained, first: start.step };
  }

  #snapshotOf({ sight, host }: Seen): Snapshot {
    const since = this.#known?.seenAt;
    const youngest = since == null ? Number.NEGATIVE_INFINITY : Date.parse(since) - START_MS;
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

  async #record(seen: Seen, { first, steps, state, unsaid }: Happened): Promise<void> {
    const known = this.#known as Known;
    const all = [
      ...(first === undefined ? [] : [first]),
      ...steps,
      ...this.#said.stepsOf(seen, known, unsaid),
      ...(this.#isLossy ? [LOSS] : []),
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
    this.#isLossy = false;
    this.#uevents = seen.sight.uevents;
    this.#guests = JSON.stringify(seen.sight.guests);
    const facts = steps.flatMap((step) => step.facts);
    this.figures.drifts += facts.filter(({ type }) => type === 'DriftDetected').length;
    if (facts.length > 0) this.#recent = { facts, at: Date.parse(seen.to) };
    // What fired while the host was read may tell of something that was read too early.
    this.#hints = this.#hints.slice(seen.due.length).filter(({ file }) => !isEffect(file, facts));
  }
}
