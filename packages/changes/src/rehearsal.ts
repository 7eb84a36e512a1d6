/** A plan tried on a copy of the host: every step decided by the rules, and what each guest has meanwhile. */
import {
  type Apqn,
  apidOf,
  apqiOf,
  apqnsOf,
  commonMatrix,
  EMPTY_MATRIX,
  formatApqn,
  type Matrix,
  matrixHas,
  parseApqn,
} from '@apledger/ap';
import { decide, type Refusal } from '@apledger/driver';
import type { Command, Fact } from '@apledger/events';
import { driverOf, evolve, type HostState } from '@apledger/host';
import { spell } from '@apledger/script';

export interface PlanStep {
  /** Counted from 1. */
  readonly step: number;
  /** As a script spells it. */
  readonly text: string;
  readonly command: Command;
  /** What the rules say will happen. */
  readonly facts: readonly Fact[];
}

/** A running guest is without queues that it had before and has in the end. */
export interface Interruption {
  readonly guest: string;
  readonly mdev: string;
  readonly queues: readonly string[];
  /** The step by which they go. */
  readonly from: number;
  /** The step by which they are back; null = not by this plan. */
  readonly until: number | null;
}

/** A guest's queue that comes to somebody else and was not reset in between. */
export interface Handover {
  readonly queue: string;
  readonly from: string;
  /** A guest, or `host`. */
  readonly to: string;
  readonly step: number;
}

export interface Denied {
  readonly step: number;
  readonly text: string;
  readonly command: Command;
  readonly refusal: Refusal;
}

interface Watched {
  readonly guest: string;
  readonly mdev: string;
  /** What it has before, and has to have all the while. */
  readonly kept: Matrix;
  /** What of it is missing, and since which step. */
  readonly missing: Map<Apqn, number>;
}

const hasQueue = (matrix: Matrix, queue: Apqn): boolean => matrixHas(matrix, apidOf(queue), apqiOf(queue));

/** The queues of `a` that are not in `b`: no matrix, so a list. */
const queuesWithout = (a: Matrix, b: Matrix): readonly Apqn[] =>
  apqnsOf(a).filter((queue) => !hasQueue(b, queue));

/** What a guest can use; nothing while it has no matrix. */
const usable = (state: HostState, mdev: string): Matrix => state.mdevs.get(mdev)?.effective ?? EMPTY_MATRIX;

export class Rehearsal {
  readonly state: HostState;
  readonly steps: PlanStep[] = [];
  readonly interruptions: Interruption[] = [];
  readonly handovers: Handover[] = [];
  denied: Denied | undefined;
  /** A removal that would wait for a guest. */
  blocked: PlanStep | undefined;
  readonly #watched: Watched[] = [];
  /** Queues that a guest let go of without a reset, and the guest. */
  readonly #unreset = new Map<Apqn, string>();

  /** The state is a copy of the caller's; `keeps` says what a guest has to have all the while. */
  constructor(state: HostState, keeps: (mdev: string, guest: string) => Matrix) {
    this.state = state.fork();
    for (const { uuid, guest } of this.state.mdevs.values()) {
      if (guest === null) continue;
      const kept = commonMatrix(usable(this.state, uuid), keeps(uuid, guest));
      this.#watched.push({ guest, mdev: uuid, kept, missing: new Map() });
    }
  }

  /** Decides one more step. After a refused one nothing more is done. */
  run(command: Command): void {
    if (this.denied !== undefined || this.blocked !== undefined) return;
    const mdev = 'mdev' in command ? this.state.mdevs.get(command.mdev) : undefined;
    const text = spell(command, mdev?.guest ?? null) ?? command.type;
    const before = this.#holders();
    const { facts, refusal, isBlocked } = decide(this.state, command);
    const step = this.steps.length + 1;
    if (refusal !== undefined) {
      this.denied = { step, text, command, refusal };
      return;
    }
    for (const fact of facts) evolve(this.state, fact);
    const done = { step, text, command, facts };
    this.steps.push(done);
    if (isBlocked) this.blocked = done;
    this.#noteMoves(before, facts, step);
    this.#noteMissing(step);
  }

  /** Queues without a reset that the target would give to somebody else than the guest that had them. */
  unresetFor(isWanted: (queue: Apqn, guest: string) => boolean): readonly Apqn[] {
    return [...this.#unreset].flatMap(([queue, guest]) => (isWanted(queue, guest) ? [queue] : []));
  }

  /** Closes what is still interrupted: it is not back by this plan. */
  finish(): void {
    for (const watched of this.#watched) this.#end(watched, [...watched.missing.keys()], null);
  }

  #holders(): ReadonlyMap<string, { readonly guest: string; readonly matrix: Matrix }> {
    const holders = new Map<string, { readonly guest: string; readonly matrix: Matrix }>();
    for (const { uuid, guest, effective } of this.state.mdevs.values())
      if (guest !== null && effective !== null) holders.set(uuid, { guest, matrix: effective });
    return holders;
  }

  #noteMoves(
    before: ReadonlyMap<string, { readonly guest: string; readonly matrix: Matrix }>,
    facts: readonly Fact[],
    step: number,
  ): void {
    for (const [uuid, { guest, matrix }] of before) {
      const now = usable(this.state, uuid);
      for (const queue of queuesWithout(matrix, now)) this.#unreset.set(queue, guest);
    }
    for (const fact of facts) {
      if (fact.type === 'QueueReset' && fact.data.responseCode !== 0) continue;
      if (fact.type !== 'QueueReset' && fact.type !== 'QueueZeroized') continue;
      for (const name of fact.data.queues) this.#unreset.delete(parseApqn(name) ?? -1);
    }
    for (const [queue, from] of this.#unreset) this.#noteHandover(queue, from, step);
  }

  #noteHandover(queue: Apqn, from: string, step: number): void {
    const to = this.#holderOf(queue);
    if (to === undefined) return;
    this.#unreset.delete(queue);
    if (to !== from) this.handovers.push({ queue: formatApqn(queue), from, to, step });
  }

  #holderOf(queue: Apqn): string | undefined {
    const driver = driverOf(this.state, queue);
    if (driver !== null && driver !== 'vfio_ap') return 'host';
    for (const { guest, effective } of this.state.mdevs.values())
      if (guest !== null && effective !== null && hasQueue(effective, queue)) return guest;
    return undefined;
  }

  #noteMissing(step: number): void {
    for (const watched of this.#watched) {
      const { kept, mdev, missing } = watched;
      const gone = queuesWithout(kept, usable(this.state, mdev));
      const still = new Set(gone);
      this.#end(
        watched,
        [...missing.keys()].filter((queue) => !still.has(queue)),
        step,
      );
      for (const queue of gone) if (!missing.has(queue)) missing.set(queue, step);
    }
  }

  /** The queues are back by the step, or are not coming back. */
  #end({ guest, mdev, missing }: Watched, queues: readonly Apqn[], until: number | null): void {
    for (const [from, some] of Map.groupBy(queues, (queue) => missing.get(queue) ?? 0))
      this.interruptions.push({ guest, mdev, queues: some.map(formatApqn), from, until });
    for (const queue of queues) missing.delete(queue);
  }
}
