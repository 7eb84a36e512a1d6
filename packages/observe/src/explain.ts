/**
 * From two views of a host to what happened in between.
 *
 * The one view is a state that the facts so far have made, the other one is what files show now. Each difference becomes a move: the
 * commands that may have caused it. The rules decide them on a copy of the state, so that the facts are those of a simulated host. What
 * the rules refuse is tried again after other moves. What is left then is recorded as it was seen, with a DriftDetected beside it.
 */
import { firstNames } from '@apledger/ap';
import type { Refusal } from '@apledger/driver';
import type { Fact } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { attributes, completed, masks, module, withCounters } from './bus.ts';
import { guestMatrices } from './guest-matrix.ts';
import { closings, openings } from './guest-moves.ts';
import { hardware } from './hardware.ts';
import { type About, History, type Step } from './history.ts';
import { assignments, creations, removals } from './mdevs.ts';
import type { Drift, Move, Stage, Strategy } from './move.ts';
import { bindings, online, overrides } from './queues.ts';
import { type Hint, MATRIX, type Snapshot } from './snapshot.ts';
import { withoutEffect } from './writes.ts';

export interface Explained {
  /** The host as it is after the steps. */
  readonly state: HostState;
  readonly steps: readonly Step[];
  /** How much of it the rules do not explain. */
  readonly drifts: number;
  /** What no fact can say, and why. */
  readonly unsaid: readonly Unsaid[];
}

export interface Unsaid {
  readonly what: string;
  readonly reason: string;
}

export interface Signs {
  /** In the order in which the watches fired. */
  readonly hints: readonly Hint[];
  /** Those that fired before the host was read: what they stand for has been seen. Default: all. */
  readonly due?: readonly Hint[];
  /** What was explained just before: a watch may come late. */
  readonly recent?: readonly Fact[];
  /** The kernel sent uevents since the snapshot before. */
  readonly sentUevents: boolean;
  /**
   * Queues are on their way from one driver to another, as a mask or the module asks: each is taken where it was seen, and the rules are
   * not asked where it will end.
   */
  readonly isMoving?: boolean;
}

/** In the order in which they are tried when no watch tells the order. */
const FIRST: readonly Stage[] = [hardware, closings];
const THEN: readonly Stage[] = [
  module,
  attributes,
  removals,
  masks,
  overrides,
  creations,
  assignments,
  openings,
];
/** What is tried once the rest is as it was seen: till then it may follow from the rest. */
const LAST: readonly Stage[] = [bindings, online];
/** What makes queues move. */
const MOVERS: readonly Stage[] = [module, masks];

/** What happened since the state. The state stays as it is. */
export function explain(state: HostState, seen: Snapshot, signs: Signs): Explained {
  const first = explainBy(state, seen, signs, strategiesOf(signs.hints)[0] as Strategy);
  if (first.drifts === 0) return first;
  // Several ways may lead to the same masks, and leave guests with other matrices.
  let best = first;
  for (const strategy of strategiesOf(signs.hints).slice(1)) {
    const other = explainBy(state, seen, signs, strategy);
    if (other.drifts < best.drifts) best = other;
    if (best.drifts === 0) break;
  }
  return best;
}

function strategiesOf(hints: readonly Hint[]): readonly Strategy[] {
  const configured = new Set(
    hints.flatMap(({ file }) => new RegExp(`^${MATRIX}/(.*)/ap_config$`).exec(file)?.[1] ?? []),
  );
  const plain = { configured: (uuid: string) => configured.has(uuid), domainsFirst: false, reverse: false };
  return [
    plain,
    { ...plain, domainsFirst: true },
    { ...plain, configured: () => true },
    { ...plain, reverse: true },
    { ...plain, domainsFirst: true, reverse: true },
  ];
}

/** More than any host needs: a bound, should two rules undo each other. */
const MAX_PASSES = 100_000;

/** One explanation under way. */
class Attempt {
  readonly history: History;
  readonly drifts: { readonly drift: Drift; readonly step: string; readonly about: About }[] = [];
  readonly unsaid: Unsaid[] = [];
  readonly #seen: Snapshot;
  readonly #hints: readonly Hint[];
  readonly #strategy: Strategy;
  readonly #isMoving: boolean;
  readonly #edit: (fact: Fact) => Fact;
  /** Keys of moves that were carried out, and of those that nothing can be made of. */
  readonly #done = new Set<string>();
  readonly #given = new Set<string>();

  constructor(state: HostState, seen: Snapshot, { hints, isMoving = false }: Signs, strategy: Strategy) {
    this.history = new History(state);
    this.#seen = seen;
    this.#hints = hints;
    this.#strategy = strategy;
    this.#isMoving = isMoving;
    this.#edit = withCounters(seen.host);
  }

  run(): void {
    if (this.#isMoving) for (const move of this.#movesOf(MOVERS)) this.#asSeen(move, undefined);
    for (let passes = 0; ; passes++) {
      if (passes > MAX_PASSES)
        throw new Error(`no explanation ends: ${[...this.#given].slice(-3).join(', ')}`);
      const early = this.#pass(this.#early());
      if (early.isProgress) continue;
      const late = this.#pass(this.#movesOf(LAST));
      if (late.isProgress) continue;
      const [stuck] = [...early.stuck, ...late.stuck];
      if (stuck !== undefined) {
        this.#asSeen(stuck.move, stuck.refusal);
        continue;
      }
      const [matrix] = this.#movesOf([guestMatrices]);
      if (matrix === undefined) return;
      this.#asSeen(matrix, undefined);
    }
  }

  #movesOf(stages: readonly Stage[]): Move[] {
    const moves = stages.flatMap((stage) => stage(this.history.state, this.#seen, this.#strategy));
    return moves.filter(({ key }) => !this.#given.has(key));
  }

  /** What the bus finds, then what watches saw, in its order, then the rest. */
  #early(): Move[] {
    const hinted = [...this.#movesOf(THEN), ...this.#movesOf(LAST).filter((move) => this.#when(move) >= 0)];
    const known = hinted
      .filter((move) => this.#when(move) >= 0)
      .sort((a, b) => this.#when(a) - this.#when(b));
    const rest = hinted.filter((move) => this.#when(move) < 0);
    return [...this.#movesOf(FIRST), ...known, ...rest];
  }

  /** The place of the move's file among the hints; -1 for none. */
  #when({ file, commands }: Move): number {
    if (file === undefined) return -1;
    const isBinding = commands.some(({ type }) => type === 'BindQueue' || type === 'UnbindQueue');
    return this.#hints.findIndex(
      (hint) => hint.file === file || (isBinding && /\/(?:bind|unbind|drivers_probe)$/.test(hint.file)),
    );
  }

  #aboutOf({ file, mdev, evidence = [] }: Move): About {
    return {
      files: file === undefined ? [] : [file],
      mdevs: mdev === undefined ? [] : [mdev],
      at: this.#hints.find((hint) => hint.file === file)?.at,
      evidence,
    };
  }

  #pass(moves: readonly Move[]): {
    readonly isProgress: boolean;
    readonly stuck: readonly { readonly move: Move; readonly refusal: Refusal | undefined }[];
  } {
    const stuck: { move: Move; refusal: Refusal | undefined }[] = [];
    let isProgress = false;
    for (const move of moves) {
      if (this.#done.has(move.key) || move.commands.length === 0) {
        stuck.push({ move, refusal: undefined });
        continue;
      }
      const refusal = this.history.attempt(move.commands, this.#aboutOf(move), {
        mayBlock: move.mayBlock === true,
        edit: this.#edit,
      });
      if (refusal !== undefined) {
        stuck.push({ move, refusal });
        continue;
      }
      this.#done.add(move.key);
      this.history.last = move.says;
      isProgress = true;
      if (move.isWide) break;
    }
    return { isProgress, stuck };
  }

  /** Makes the host what was seen. */
  #asSeen(move: Move, refusal: Refusal | undefined): void {
    this.#given.add(move.key);
    const about = this.#aboutOf(move);
    if (!this.history.record(move.asSeen(this.history.state), about)) {
      this.unsaid.push({ what: move.drift?.what ?? move.says, reason: `no fact can say it: ${move.says}` });
      return;
    }
    if (move.says !== '') this.history.last = move.says;
    if (move.drift === undefined || this.#isMoving) return;
    const why = refusal === undefined ? '' : ` (${refusal.errno}: ${refusal.explanation})`;
    const drift = { ...move.drift, predicted: `${move.drift.predicted}${why}` };
    this.drifts.push({ drift, step: this.history.last, about });
  }
}

function explainBy(state: HostState, seen: Snapshot, signs: Signs, strategy: Strategy): Explained {
  const { hints, due = hints, recent = [], sentUevents } = signs;
  const attempt = new Attempt(state, seen, signs, strategy);
  attempt.run();
  const { history, drifts, unsaid } = attempt;
  history.record(completed(history.state, seen.host.bindingsCompleted), {});
  // While the host moves, nobody knows whether it will do as the rules say.
  const recorded = seen.settled ? grouped(drifts) : [];
  for (const { drift, step, about } of recorded) history.record([driftFact(drift, step)], about);
  const facts = [...recent, ...history.steps.flatMap((step) => step.facts)];
  const idle = withoutEffect(due, facts, sentUevents);
  return { state: history.state, steps: [...history.steps, ...idle], drifts: drifts.length, unsaid };
}

type StepDrift = Attempt['drifts'][number];

/** Many queues that differ alike are one drift. */
function grouped(drifts: readonly StepDrift[]): readonly StepDrift[] {
  const groups = Map.groupBy(drifts, ({ drift: { what, predicted, actual, mdev } }) =>
    what.startsWith('queue ')
      ? `queue ${predicted.replace(/ \(.*/, '')} ${actual}`
      : `${what} ${mdev} ${actual}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    if (group.length === 1) return group;
    const names = group.map(({ drift }) => drift.what.replace(/^queue /, ''));
    const what = `queues ${firstNames(names, 8)}`;
    return [{ ...first, about: {}, drift: { ...first.drift, what } }];
  });
}

const MAX_STEP = 1000;
const MAX_WHAT = 255;
const MAX_SIDE = 4096;

const driftFact = ({ what, mdev, predicted, actual }: Drift, step: string): Fact => ({
  type: 'DriftDetected',
  data: {
    step: step.slice(0, MAX_STEP),
    what: what.slice(0, MAX_WHAT),
    ...(mdev === undefined ? {} : { mdev }),
    predicted: predicted.slice(0, MAX_SIDE),
    actual: actual.slice(0, MAX_SIDE),
  },
});
