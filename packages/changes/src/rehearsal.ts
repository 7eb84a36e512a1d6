/** A plan tried on a copy of the host: every step decided by the rules, and what each guest has meanwhile. */
import {
  type Apqn,
  apqnsWithout,
  commonMatrix,
  EMPTY_MATRIX,
  formatApqn,
  type Matrix,
  parseApqns,
} from '@apledger/ap';
import { decide, type Refusal } from '@apledger/driver';
import type { Command, Fact } from '@apledger/events';
import { evolve, type HostState } from '@apledger/host';
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

interface Denied {
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

interface Use {
  readonly guest: string;
  readonly matrix: Matrix;
}

export class Rehearsal {
  readonly state: HostState;
  readonly steps: PlanStep[] = [];
  readonly interruptions: Interruption[] = [];
  readonly handovers: Handover[] = [];
  denied: Denied | undefined;
  /** A removal that would wait for a guest. */
  blocked: PlanStep | undefined;
  readonly #watched = new Map<string, Watched>();
  /** What guests can use now, by mdev. */
  readonly #uses = new Map<string, Use>();
  /** Queues that a guest let go of without a reset, and the guest. */
  readonly #unreset = new Map<Apqn, string>();

  /** The state is a copy of the caller's; `keeps` says what a guest has to have all the while. */
  constructor(state: HostState, keeps: (mdev: string, guest: string) => Matrix) {
    this.state = state.fork();
    for (const { uuid, guest, effective } of this.state.mdevs.values()) {
      if (guest === null) continue;
      const matrix = effective ?? EMPTY_MATRIX;
      this.#uses.set(uuid, { guest, matrix });
      const kept = commonMatrix(matrix, keeps(uuid, guest));
      this.#watched.set(uuid, { guest, mdev: uuid, kept, missing: new Map() });
    }
  }

  /** Decides one more step. After a refused one nothing more is done. */
  run(command: Command): void {
    if (this.denied !== undefined || this.blocked !== undefined) return;
    const mdev = 'mdev' in command ? this.state.mdevs.get(command.mdev) : undefined;
    const text = spell(command, mdev?.guest ?? null) ?? command.type;
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
    this.#note(facts, step);
  }

  /** Queues without a reset that the target would give to somebody else than the guest that had them. */
  unresetFor(isWanted: (queue: Apqn, guest: string) => boolean): readonly Apqn[] {
    return [...this.#unreset].flatMap(([queue, guest]) => (isWanted(queue, guest) ? [queue] : []));
  }

  /** Closes what is still interrupted: it is not back by this plan. */
  finish(): void {
    for (const watched of this.#watched.values()) this.#end(watched, [...watched.missing.keys()], null);
  }

  /** What a guest can use changes only by facts that name its mdev. */
  #note(facts: readonly Fact[], step: number): void {
    const touched = new Set(facts.flatMap(({ data }) => ('mdev' in data ? [data.mdev] : [])));
    const gains: { readonly queue: Apqn; readonly to: string }[] = [];
    for (const uuid of touched) {
      const before = this.#uses.get(uuid);
      const now = this.#useOf(uuid);
      const [had, has] = [before?.matrix ?? EMPTY_MATRIX, now?.matrix ?? EMPTY_MATRIX];
      if (before !== undefined)
        for (const queue of apqnsWithout(had, has)) this.#unreset.set(queue, before.guest);
      if (now !== undefined) for (const queue of apqnsWithout(has, had)) gains.push({ queue, to: now.guest });
      this.#noteMissing(uuid, has, step);
    }
    for (const { type, data } of facts) {
      if (type === 'QueueBound' && data.driver !== 'vfio_ap')
        for (const queue of parseApqns(data.queues)) gains.push({ queue, to: 'host' });
      if ((type === 'QueueReset' && data.responseCode === 0) || type === 'QueueZeroized')
        for (const queue of parseApqns(data.queues)) this.#unreset.delete(queue);
    }
    for (const { queue, to } of gains) this.#noteHandover(queue, to, step);
  }

  #useOf(uuid: string): Use | undefined {
    const mdev = this.state.mdevs.get(uuid);
    const guest = mdev?.guest ?? null;
    if (mdev === undefined || guest === null) {
      this.#uses.delete(uuid);
      return undefined;
    }
    const use = { guest, matrix: mdev.effective ?? EMPTY_MATRIX };
    this.#uses.set(uuid, use);
    return use;
  }

  #noteHandover(queue: Apqn, to: string, step: number): void {
    const from = this.#unreset.get(queue);
    if (from === undefined) return;
    this.#unreset.delete(queue);
    if (to !== from) this.handovers.push({ queue: formatApqn(queue), from, to, step });
  }

  #noteMissing(uuid: string, has: Matrix, step: number): void {
    const watched = this.#watched.get(uuid);
    if (watched === undefined) return;
    const { kept, missing } = watched;
    const gone = apqnsWithout(kept, has);
    const still = new Set(gone);
    this.#end(
      watched,
      [...missing.keys()].filter((queue) => !still.has(queue)),
      step,
    );
    for (const queue of gone) if (!missing.has(queue)) missing.set(queue, step);
  }

  /** The queues are back by the step, or are not coming back. */
  #end({ guest, mdev, missing }: Watched, queues: readonly Apqn[], until: number | null): void {
    for (const [from, some] of Map.groupBy(queues, (queue) => missing.get(queue) ?? 0))
      this.interruptions.push({ guest, mdev, queues: some.map(formatApqn), from, until });
    for (const queue of queues) missing.delete(queue);
  }
}
