/**
 * Folds a host's packed facts into who gained and lost which queues, fact by fact: the state of the host, and what each fact changed in
 * what the host and the guests can use.
 */
import {
  type ControlledMatrix,
  EMPTY_MASK,
  EMPTY_MATRIX,
  forEachId,
  has,
  MASK_WORDS,
  type Mask256,
  or,
} from '@apledger/ap';
import { OP, PackedReader } from '@apledger/events';
import { HostState, type Mdev, queuesOf } from '@apledger/host';
import { applyFact, type FoldableFact } from '../fold.ts';
import { GAINED, LOST, RESET, type RowEvent, RowLog } from './row-log.ts';

/** The number of the host as a holder; guest runs have theirs from 1. */
export const HOST = 0;
const ADAPTERS = 256;
const UUID_BYTES = 16;
/** Estimates: a run with its names, and a host's state. */
const RUN_BYTES = 400;
const STATE_BYTES = 128 * 1024;

/** One stretch in which a guest had an mdev open. */
export interface Run {
  readonly number: number;
  readonly mdev: string;
  readonly guest: string | null;
  /** Revisions; `stopped` -1 = still running. */
  readonly started: number;
  stopped: number;
  /** The control domains that it got, in that order. */
  readonly controls: Control[];
}

/** A control domain that a run had; revisions, `until` -1 = it still has it. */
export interface Control {
  readonly domain: number;
  readonly since: number;
  until: number;
}

const reader = new PackedReader();
const uuid = new Uint32Array(4);
const mask = new Uint32Array(MASK_WORDS);
const gained = new Uint32Array(MASK_WORDS);
const lost = new Uint32Array(MASK_WORDS);

export class Trace {
  /** The host after the last fact. */
  readonly state = new HostState();
  /** By adapter; undefined where nobody ever had a queue. */
  readonly rows: (RowLog | undefined)[] = new Array(ADAPTERS).fill(undefined);
  /** Run `n` has the number `n + 1`. */
  readonly runs: Run[] = [];
  /** By UUID: when an mdev was created or removed; revisions, ascending. */
  readonly remade = new Map<string, number[]>();
  /** Revisions of facts that changed nothing, refused commands among them; ascending. */
  readonly noEffects: number[] = [];
  /** By UUID: the run that has the mdev open. */
  readonly #running = new Map<string, Run>();
  /** What zcrypt had after the fact before, by adapter. */
  readonly #zcrypt: Mask256[] = new Array(ADAPTERS).fill(EMPTY_MASK);
  /** Revision of the first fact of the commit that is being applied. */
  #commit = 0;

  /** About how much memory it takes. */
  get byteLength(): number {
    const rows = this.rows.reduce((sum, row) => sum + (row?.byteLength ?? 0), 0);
    return rows + this.runs.length * RUN_BYTES + this.noEffects.length * 8 + STATE_BYTES;
  }

  /** Applies the fact after the one before. Throws `CannotFold` as `applyFact` does. */
  apply(fact: FoldableFact): void {
    const op = fact.bytes[fact.offset] ?? 0;
    // One that is too short for its UUID is left to applyFact, which refuses it.
    if (isOfMdev(op) && fact.length > UUID_BYTES) this.#applyToMdev(fact, op);
    else {
      applyFact(this.state, fact);
      if (op === OP.nothing) this.noEffects.push(fact.revision);
      else if (op === OP.queuesReset || op === OP.queuesZeroized) this.#wipe(fact, op);
      else if (op === OP.cardRemoved || (op >= OP.queuesRemoved && op <= OP.queuesUnboundFromVfioAp))
        this.#compareZcrypt(fact, op);
    }
    if (fact.isLast !== false) this.#commit = fact.revision + 1;
  }

  /** A reset that succeeded, no matter who asked for it, and keys that were wiped from outside: nothing of the one before is left. */
  #wipe(fact: FoldableFact, op: number): void {
    reader.open(fact.bytes, fact.offset + 1, fact.length - 1);
    if (op === OP.queuesReset) {
      if (reader.u8() !== 0) return;
      reader.u8();
    }
    for (let rows = reader.u16(); rows > 0; rows--) {
      const adapter = reader.u8();
      reader.ids(mask);
      this.#push(fact, adapter, RESET, HOST, mask);
    }
  }

  /** What zcrypt has of the adapters that the fact names. */
  #compareZcrypt(fact: FoldableFact, op: number): void {
    reader.open(fact.bytes, fact.offset + 1, fact.length - 1);
    if (op === OP.cardRemoved) {
      this.#compareZcryptOf(fact, reader.u8());
      return;
    }
    for (let rows = reader.u16(); rows > 0; rows--) {
      this.#compareZcryptOf(fact, reader.u8());
      reader.ids(mask);
    }
  }

  #compareZcryptOf(fact: FoldableFact, adapter: number): void {
    const after = queuesOf(this.state, adapter, 'zcrypt');
    this.#compareRow(fact, adapter, HOST, this.#zcrypt[adapter] ?? EMPTY_MASK, after);
    this.#zcrypt[adapter] = after;
  }

  #applyToMdev(fact: FoldableFact, op: number): void {
    reader.open(fact.bytes, fact.offset + 1, fact.length - 1);
    reader.words(uuid, 0, 4);
    const before = this.state.mdevs.at(uuid);
    applyFact(this.state, fact);
    const after = this.state.mdevs.at(uuid);
    const mdev = (after ?? before)?.uuid;
    if (mdev === undefined) return;
    const run = this.#running.get(mdev);
    const had = before?.effective ?? EMPTY_MATRIX;
    if (op === OP.guestStarted || op === OP.guestStopped || op === OP.mdevRemoved || op === OP.mdevCreated) {
      if (run !== undefined) this.#end(fact, run, had);
      this.#running.delete(mdev);
      if (op === OP.mdevRemoved || op === OP.mdevCreated) this.#noteRemade(mdev, fact.revision);
      if (op === OP.guestStarted && after !== undefined)
        this.#compare(fact, this.#begin(fact, after), EMPTY_MATRIX, after.effective ?? EMPTY_MATRIX);
      return;
    }
    // The matrix of an mdev that nobody has open is nobody's.
    if (after === undefined || (run === undefined && after.effective === null)) return;
    this.#compare(fact, run ?? this.#begin(fact, after), had, after.effective ?? EMPTY_MATRIX);
  }

  #noteRemade(mdev: string, revision: number): void {
    const revisions = this.remade.get(mdev);
    if (revisions === undefined) this.remade.set(mdev, [revision]);
    else revisions.push(revision);
  }

  #begin(fact: FoldableFact, { uuid: mdev, guest }: Mdev): Run {
    const run: Run = {
      number: this.runs.length + 1,
      mdev,
      guest,
      started: fact.revision,
      stopped: -1,
      controls: [],
    };
    this.runs.push(run);
    this.#running.set(mdev, run);
    return run;
  }

  #end(fact: FoldableFact, run: Run, effective: ControlledMatrix): void {
    run.stopped = fact.revision;
    this.#compare(fact, run, effective, EMPTY_MATRIX);
  }

  /** What the run's guest can use went from one matrix to another. */
  #compare(fact: FoldableFact, run: Run, before: ControlledMatrix, after: ControlledMatrix): void {
    const domains = ({ adapters, domains: all }: ControlledMatrix, apid: number): Mask256 =>
      has(adapters, apid) ? all : EMPTY_MASK;
    forEachId(or(before.adapters, after.adapters), (apid) =>
      this.#compareRow(fact, apid, run.number, domains(before, apid), domains(after, apid)),
    );
    forEachId(or(before.controlDomains, after.controlDomains), (apqi) => {
      const isNew = !has(before.controlDomains, apqi);
      const isThere = has(after.controlDomains, apqi);
      if (isThere && isNew) run.controls.push({ domain: apqi, since: fact.revision, until: -1 });
      else if (!isThere) {
        const control = run.controls.findLast(({ domain, until }) => domain === apqi && until < 0);
        if (control !== undefined) control.until = fact.revision;
      }
    });
  }

  /** Logs the difference of two masks of one adapter's queues. */
  #compareRow(fact: FoldableFact, adapter: number, holder: number, before: Mask256, after: Mask256): void {
    let hasGained = 0;
    let hasLost = 0;
    for (let i = 0; i < MASK_WORDS; i++) {
      const [was, is] = [before[i] ?? 0, after[i] ?? 0];
      gained[i] = is & ~was;
      lost[i] = was & ~is;
      hasGained |= is & ~was;
      hasLost |= was & ~is;
    }
    if (hasLost !== 0) this.#push(fact, adapter, LOST, holder, lost);
    if (hasGained !== 0) this.#push(fact, adapter, GAINED, holder, gained);
  }

  #push(fact: FoldableFact, adapter: number, event: RowEvent, holder: number, queues: Uint32Array): void {
    let row = this.rows[adapter];
    if (row === undefined) {
      row = new RowLog();
      this.rows[adapter] = row;
    }
    row.push(event, holder, fact.revision, this.#commit, queues, 0);
  }
}

const isOfMdev = (op: number): boolean =>
  op === OP.mdevCreated ||
  op === OP.mdevRemoved ||
  op === OP.guestStarted ||
  op === OP.guestStopped ||
  op === OP.guestMatrixChanged ||
  op === OP.removalBlocked;
