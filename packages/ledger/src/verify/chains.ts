/**
 * The chains of hosts as far as this process has recomputed them: an answer about a host says what it rests on. What was recomputed once
 * is not recomputed again; the hash there is looked at, in which all facts before it are sealed.
 */
import { setImmediate } from 'node:timers/promises';
import type { Chain } from '@apledger/api';
import {
  checkHeads,
  type EventLog,
  type Head,
  joinVerification,
  type Problem,
  type RangeReport,
  verifyStream,
} from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import { type StreamPart, verifyStreamIn } from './directory.ts';
import { repack } from './repack.ts';

/** So many facts are recomputed before an answer that nobody waits for longer, about 0.3 s. */
const AT_ONCE = 20_000;
/** Streams that are remembered; the others are recomputed when they are asked for again. */
const MAX_STREAMS = 10_000;
/** More problems than these help nobody. */
const MAX_PROBLEMS = 20;

export interface ChainsOptions {
  readonly log: EventLog;
  /** Holds the log, where that is on this machine: all cores can read it. */
  readonly directory: string | undefined;
  readonly onProgress: (text: string) => void;
  /** Whether an answer waits until its host was recomputed whole. Else what takes long goes on behind it. */
  readonly waits: boolean;
}

/** One stream, as far as it was recomputed. */
interface Known {
  readonly facts: number;
  /** Revision up to which it was read, also where something could not be read. */
  readonly reached: number;
  readonly head?: Head;
  readonly problems: readonly Problem[];
}

const NOTHING: Known = { facts: 0, reached: -1, problems: [] };

export class Chains {
  readonly #options: ChainsOptions;
  readonly #known = new Map<string, Known>();
  readonly #underWay = new Map<string, Promise<Known>>();

  constructor(options: ChainsOptions) {
    this.#options = options;
  }

  /** What is known of a host's chain; nothing of a host that is not there. Throws LogError. */
  async of(host: string): Promise<Chain> {
    const stream = streamOf(host);
    const end = (await this.#options.log.head(stream))?.revision ?? -1;
    const before = this.#known.get(stream) ?? NOTHING;
    const extended = this.#extended(stream, end);
    if (this.#options.waits || end - before.reached <= AT_ONCE) return chainOf(await extended);
    extended.catch(() => undefined); // the next question finds out
    return chainOf(before);
  }

  /** One after the other: each goes on where the one before ended. */
  #extended(stream: string, to: number): Promise<Known> {
    const before = this.#underWay.get(stream) ?? Promise.resolve(this.#known.get(stream) ?? NOTHING);
    const extended = before.catch(() => NOTHING).then((known) => this.#extend(stream, known, to));
    this.#underWay.set(stream, extended);
    const done = (): void => {
      if (this.#underWay.get(stream) === extended) this.#underWay.delete(stream);
    };
    extended.then((known) => {
      this.#remember(stream, known);
      done();
    }, done);
    return extended;
  }

  async #extend(stream: string, before: Known, to: number): Promise<Known> {
    const { log } = this.#options;
    const { head } = before;
    const rewritten = head === undefined ? [] : await checkHeads(log, [head]);
    // Another history stands in its place: all of it is looked at again.
    const known =
      rewritten.length === 0 ? before : { ...NOTHING, problems: [...before.problems, ...rewritten] };
    const from = known.reached + 1;
    if (to < from) return known;
    const reports = await this.#recompute({ stream, from, to });
    const found = await joinVerification(
      log,
      known.head === undefined ? reports : [upTo(known.head), ...reports],
    );
    return {
      facts: known.facts + found.facts,
      reached: to,
      problems: [...known.problems, ...found.problems].slice(0, MAX_PROBLEMS),
      ...(found.heads[0] !== undefined && { head: found.heads[0] }),
    };
  }

  async #recompute(part: StreamPart): Promise<readonly RangeReport[]> {
    const { log, directory, onProgress } = this.#options;
    if (directory !== undefined && part.to - part.from >= AT_ONCE)
      return verifyStreamIn(directory, part, onProgress);
    const walk = verifyStream(log, part, repack);
    let step = await walk.next();
    for (; !step.done; step = await walk.next()) {
      onProgress(`verifying ${part.stream}: revision ${step.value} of ${part.to}`);
      await setImmediate(); // others have questions meanwhile
    }
    onProgress('');
    return [step.value];
  }

  #remember(stream: string, known: Known): void {
    if (this.#known.size >= MAX_STREAMS && !this.#known.has(stream)) this.#known.clear();
    this.#known.set(stream, known);
  }
}

/** A report that ends at a head and has nothing else to say. */
const upTo = (head: Head): RangeReport => ({
  facts: 0,
  runs: [{ first: { ...head, revision: 0 }, last: head }],
  problems: [],
  stepsBack: [],
  clockJumps: [],
  firstRecordedAt: '',
  lastRecordedAt: '',
});

const chainOf = ({ facts, head, problems }: Known): Chain => ({
  upTo: head?.position ?? 0,
  facts,
  problems,
});
