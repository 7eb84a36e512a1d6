/** A walk over facts in the order of the log: each is checked against the one before it, of its stream and of the log. */
import { type ClockJump, clockJumpOf, explains, JUMP_MS } from '../clock.ts';
import { LogError } from '../errors.ts';
import type { EventLog, Head, RecordedFact } from '../port.ts';
import { canonicalEnvelope, chainHash, NO_HEAD } from '../seal.ts';

/** Something that the writer cannot have written so. `position` is 0 when the fact is not there at all. */
export interface Problem {
  /** Empty when the stream cannot be told. */
  readonly stream: string;
  /** -1 when it cannot be told. */
  readonly revision: number;
  readonly position: number;
  readonly problem: string;
}

/** The first and the last fact of a stream in a range. */
export interface Run {
  readonly first: Pick<RecordedFact, 'stream' | 'revision' | 'position'>;
  readonly last: Head;
}

/** A fact that was recorded before the one at the position before it, and by how much, milliseconds. */
interface StepBack extends Problem {
  readonly backMs: number;
}

/** What was found in a range of positions; plain data, so that it can come from another thread. */
export interface RangeReport {
  /** Facts that could be read. */
  readonly facts: number;
  readonly runs: readonly Run[];
  readonly problems: readonly Problem[];
  /** Problems, unless a jump of a clock explains them. */
  readonly stepsBack: readonly StepBack[];
  readonly clockJumps: readonly ClockJump[];
  /** When the first and the last fact that could be read were recorded; empty without one. */
  readonly firstRecordedAt: string;
  readonly lastRecordedAt: string;
}

export class Walk {
  readonly #log: EventLog;
  readonly #after: number;
  readonly #heads = new Map<string, Head>();
  readonly #first = new Map<string, Run['first']>();
  /** Hash of a stream's last fact as it was recomputed, where that is not the stored one. */
  readonly #recomputed = new Map<string, string>();
  readonly #problems: Problem[] = [];
  readonly #stepsBack: StepBack[] = [];
  readonly #clockJumps: ClockJump[] = [];
  #facts = 0;
  #position: number;
  #firstRecordedAt = '';
  #recordedAt = '';

  /** Begins behind the position `after`. */
  constructor(log: EventLog, after: number) {
    this.#log = log;
    this.#after = after;
    this.#position = after;
  }

  /** Whether what comes before the fact in its stream has to be read first: `begin`. */
  needsBeginning({ stream, revision }: RecordedFact): boolean {
    return this.#after > 0 && revision > 0 && !this.#heads.has(stream);
  }

  /** Reads the two facts before this one, which another range reports on: the hash of the last of them may be wrong itself. */
  async begin({ stream, revision }: RecordedFact): Promise<void> {
    try {
      for await (const fact of this.#log.readStream(stream, {
        from: Math.max(revision - 2, 0),
        to: revision - 1,
      })) {
        const before = this.#heads.get(stream);
        const recomputed = chainHash(before?.hash ?? NO_HEAD.hash, canonicalEnvelope(fact));
        const isWrong = (before !== undefined || fact.revision === 0) && recomputed !== fact.hash;
        if (isWrong) this.#recomputed.set(stream, recomputed);
        this.#heads.set(stream, headOf(fact));
      }
    } catch (error) {
      if (!(error instanceof LogError) || error.code !== 'corrupted') throw error; // the other range says so
    }
  }

  /** Checks a fact against the one before it; gives the size of its JSON. */
  check(fact: RecordedFact): number {
    const { stream, revision, position, recordedAt } = fact;
    const before = this.#heads.get(stream);
    if (position <= this.#position) this.report(fact, `its position follows ${this.#position}`);
    if (before !== undefined) this.#checkJump(fact, before.occurredAt);
    if (this.#log.recordsInOrder && recordedAt < this.#recordedAt)
      this.#stepsBack.push(stepBack(fact, recordedAt, this.#recordedAt));
    const jump = clockJumpOf(fact);
    if (jump !== undefined) this.#clockJumps.push(jump);
    const canonical = canonicalEnvelope(fact);
    const isFirst = !this.#first.has(stream);
    if (isFirst) this.#first.set(stream, { stream, revision, position });
    const expected =
      before === undefined && isFirst && revision > 0 ? undefined : (before?.revision ?? -1) + 1;
    if (revision === expected) this.#checkHash(fact, canonical, before?.hash ?? NO_HEAD.hash);
    else if (!isFirst) this.report(fact, outOfPlace(revision, expected ?? 0));
    this.#heads.set(stream, headOf(fact));
    this.#position = Math.max(position, this.#position);
    this.#firstRecordedAt ||= recordedAt;
    this.#recordedAt = recordedAt;
    this.#facts += 1;
    return canonical.length;
  }

  /** Time runs backwards in a stream exactly where a fact says so. */
  #checkJump(fact: RecordedFact, before: string): void {
    const isBack = fact.occurredAt < before;
    if (isBack === (fact.jump === fact.revision)) return;
    this.report(fact, isBack ? 'it occurred before its forerunner' : 'no clock jumped back here, as it says');
  }

  /** One tampered hash is one problem: the fact after it may also follow the hash that should have been there. */
  #checkHash(fact: RecordedFact, canonical: string, previous: string): void {
    const recomputed = chainHash(previous, canonical);
    const instead = this.#recomputed.get(fact.stream);
    this.#recomputed.delete(fact.stream);
    if (recomputed === fact.hash) return;
    if (instead !== undefined && chainHash(instead, canonical) === fact.hash) return;
    this.#recomputed.set(fact.stream, recomputed);
    this.report(fact, 'its hash is not that of its content and of the fact before it');
  }

  /** Notes what could not be read and gives the position after which reading can go on. */
  unreadable(error: unknown, reached: number): number {
    if (!(error instanceof LogError) || error.code !== 'corrupted') throw error;
    const position = error.position ?? reached + 1;
    this.#problems.push({ stream: '', revision: -1, position, problem: error.message });
    return Math.max(error.lastPosition ?? position, reached + 1);
  }

  /** Notes positions at the end of the range that have no facts. */
  missing(position: number, upTo: number): void {
    this.#problems.push({
      stream: '',
      revision: -1,
      position,
      problem: `facts up to position ${upTo} are missing`,
    });
  }

  report(fact: Pick<RecordedFact, 'stream' | 'revision' | 'position'>, problem: string): void {
    const { stream, revision, position } = fact;
    this.#problems.push({ stream, revision, position, problem });
  }

  finish(): RangeReport {
    const runs = [...this.#first].flatMap(([stream, first]) => {
      const last = this.#heads.get(stream);
      return last === undefined ? [] : [{ first, last }];
    });
    return {
      facts: this.#facts,
      runs,
      problems: this.#problems,
      stepsBack: this.#stepsBack,
      clockJumps: this.#clockJumps,
      firstRecordedAt: this.#firstRecordedAt,
      lastRecordedAt: this.#recordedAt,
    };
  }
}

/** Joins what was found in ranges that follow each other: where one ends in a stream, the next must go on. */
export function joinRanges(
  reports: readonly RangeReport[],
  recordsInOrder: boolean,
): Omit<RangeReport, 'runs' | 'stepsBack'> & { readonly heads: readonly Head[] } {
  const heads = new Map<string, Head>();
  const problems: Problem[] = [];
  const clockJumps = reports.flatMap((report) => report.clockJumps);
  const isUnexplained = ({ backMs }: StepBack): boolean =>
    backMs <= JUMP_MS || !clockJumps.some((jump) => explains(jump, backMs));
  let recordedAt = '';
  for (const { runs, problems: found, stepsBack, firstRecordedAt, lastRecordedAt } of reports) {
    const back = [...stepsBack];
    const starts = runs.flatMap(({ first }) => {
      const expected = (heads.get(first.stream)?.revision ?? -1) + 1;
      return first.revision === expected ? [] : [{ ...first, problem: outOfPlace(first.revision, expected) }];
    });
    if (recordsInOrder && firstRecordedAt !== '' && firstRecordedAt < recordedAt) {
      const position = Math.min(...runs.map(({ first }) => first.position));
      back.push(stepBack({ stream: '', revision: -1, position }, firstRecordedAt, recordedAt));
    }
    const all = [...starts, ...found, ...back.filter(isUnexplained).map(({ backMs: _, ...rest }) => rest)];
    problems.push(...all.sort((a, b) => a.position - b.position));
    for (const { last } of runs) heads.set(last.stream, last);
    if (lastRecordedAt !== '') recordedAt = lastRecordedAt;
  }
  return {
    facts: reports.reduce((sum, { facts }) => sum + facts, 0),
    heads: [...heads.values()].sort((a, b) => (a.stream < b.stream ? -1 : 1)),
    problems,
    clockJumps,
    firstRecordedAt: reports.find(({ facts }) => facts > 0)?.firstRecordedAt ?? '',
    lastRecordedAt: recordedAt,
  };
}

const headOf = ({ stream, revision, position, hash, occurredAt }: RecordedFact): Head => ({
  stream,
  revision,
  position,
  hash,
  occurredAt,
});

const outOfPlace = (revision: number, expected: number): string =>
  `revision ${revision} where ${expected} should follow`;

const stepBack = (
  { stream, revision, position }: Omit<Problem, 'problem'>,
  recordedAt: string,
  before: string,
): StepBack => ({
  stream,
  revision,
  position,
  problem: `it was recorded before a fact of a lower position (${before}), and no jump of a clock explains it`,
  backMs: Date.parse(before) - Date.parse(recordedAt),
});
