/**
 * Folds a host's packed facts into who gained and lost which queues, fact by fact: the state of fold.ts, and what each fact changed in
 * what the host and the guests can use. Commits are not told apart here; packed facts do not say where one ends (periods.ts does).
 */
import { type Apqn, apidOf, apqiOf } from '@apledger/ap';
import { OP, PackedReader } from '@apledger/events';
import { applyFact, type FoldableFact } from '../fold.ts';
import { HostState } from '../host-state.ts';
import { EFFECTIVE, FLAGS, HAS_EFFECTIVE, MATRIX_WORDS, UUID_WORDS } from '../mdev-table.ts';
import { MASK_WORDS, ZCRYPT } from '../queue-rows.ts';
import { uuidText } from '../view.ts';
import { GAINED, LOST, RESET, type RowEvent, RowLog } from './row-log.ts';

/** The number of the host as a holder; guest runs have theirs from 1. */
export const HOST = 0;
const ADAPTERS = 256;
const UUID_BYTES = 4 * UUID_WORDS;
const CONTROL = 2 * MASK_WORDS;
const NOTHING = new Uint32Array(MATRIX_WORDS);

/** One stretch in which a guest had an mdev open. */
export interface Run {
  readonly number: number;
  readonly mdev: string;
  readonly guest: string | null;
  /** Revisions; `stopped` -1 = still running. */
  readonly started: number;
  stopped: number;
  /** For each control domain that it has now, the revision since when. */
  readonly controlSince: Map<number, number>;
}

const reader = new PackedReader();
const uuid = new Uint32Array(UUID_WORDS);
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
  /** The UUIDs of mdevs that a guest had; the run that has an mdev open, and the last that had. By where its words begin in the table. */
  readonly #uuids = new Map<number, string>();
  readonly #running = new Map<number, Run>();
  readonly #stopped = new Map<number, Run>();
  readonly #only: Apqn | undefined;
  /** What zcrypt had after the fact before, by adapter. */
  readonly #zcrypt = new Uint32Array(ADAPTERS * MASK_WORDS);
  readonly #before = new Uint32Array(MATRIX_WORDS);

  /** With `only`, nothing is kept about any other queue. */
  constructor(only?: Apqn) {
    this.#only = only;
  }

  /** The run that has the mdev open whose words begin at `at`. */
  runningAt(at: number): Run | undefined {
    return this.#running.get(at);
  }

  /** The run that had it open last, when nobody has now. */
  stoppedAt(at: number): Run | undefined {
    return this.#stopped.get(at);
  }

  /** Applies the fact after the one before. Throws `CannotFold` as `applyFact` does. */
  apply(fact: FoldableFact): void {
    const op = fact.length === 0 ? 0 : (fact.bytes[fact.offset] ?? 0);
    if (op === OP.hostRegistered) this.#endAllRuns(fact);
    // One that is too short for its UUID is left to applyFact, which refuses it.
    if (fact.length > UUID_BYTES && (op === OP.mdevCreated || op === OP.mdevRemoved || isGuestOp(op))) {
      this.#applyToMdev(fact, op);
      return;
    }
    applyFact(this.state, fact);
    if (op === OP.queuesReset) this.#reset(fact);
    else if (op !== 0 && op !== OP.maskChanged && op <= OP.queuesUnboundFromVfioAp)
      this.#compareZcrypt(fact, op);
  }

  #reset(fact: FoldableFact): void {
    reader.open(fact.bytes, fact.offset + 1, fact.length - 1);
    if (reader.u8() !== 0) return;
    for (let rows = reader.u16(); rows > 0; rows--) {
      const adapter = reader.u8();
      reader.ids(mask);
      this.#push(fact, adapter, RESET, HOST, mask);
    }
  }

  /** What zcrypt has of the adapters that the fact names. */
  #compareZcrypt(fact: FoldableFact, op: number): void {
    if (op === OP.hostRegistered) {
      for (let adapter = 0; adapter < ADAPTERS; adapter++) this.#compareZcryptOf(fact, adapter);
      return;
    }
    reader.open(fact.bytes, fact.offset + 1, fact.length - 1);
    if (op < OP.queuesDetected) {
      this.#compareZcryptOf(fact, reader.u8());
      return;
    }
    for (let rows = reader.u16(); rows > 0; rows--) {
      this.#compareZcryptOf(fact, reader.u8());
      reader.ids(mask);
    }
  }

  #compareZcryptOf(fact: FoldableFact, adapter: number): void {
    const row = this.state.queues.offsetOf(adapter);
    const words = row < 0 ? NOTHING : this.state.queues.words;
    const at = row < 0 ? 0 : row + ZCRYPT;
    const before = this.#zcrypt.subarray(adapter * MASK_WORDS, (adapter + 1) * MASK_WORDS);
    this.#compareRow(fact, adapter, HOST, before, 0, words, at);
    for (let i = 0; i < MASK_WORDS; i++) before[i] = words[at + i] ?? 0;
  }

  #applyToMdev(fact: FoldableFact, op: number): void {
    const { mdevs } = this.state;
    reader.open(fact.bytes, fact.offset + 1, fact.length - 1);
    reader.words(uuid, 0, UUID_WORDS);
    const was = mdevs.find(uuid);
    const run = this.#running.get(was);
    this.#before.set(
      was < 0 ? NOTHING : mdevs.words.subarray(was + EFFECTIVE, was + EFFECTIVE + MATRIX_WORDS),
    );
    applyFact(this.state, fact);
    const at = mdevs.find(uuid);
    if (op !== OP.removalBlocked && op !== OP.guestMatrixChanged) {
      if (run !== undefined) this.#end(fact, run, this.#before);
      this.#running.delete(was);
      if (op === OP.mdevRemoved || op === OP.mdevCreated) this.#uuids.delete(was);
      if (op === OP.guestStopped && run !== undefined) this.#stopped.set(at, run);
      else this.#stopped.delete(was);
      this.#before.fill(0);
      if (op !== OP.guestStarted) return;
    }
    if (at < 0) return;
    const { words } = mdevs;
    const isUsable = ((words[at + FLAGS] ?? 0) & HAS_EFFECTIVE) !== 0;
    // The matrix of an mdev that nobody has open is nobody's.
    if (op !== OP.guestStarted && run === undefined && !isUsable) return;
    const holder = this.#running.get(at) ?? this.#begin(fact, at);
    this.#compare(fact, holder, this.#before, words.subarray(at + EFFECTIVE, at + EFFECTIVE + MATRIX_WORDS));
  }

  #begin(fact: FoldableFact, at: number): Run {
    const { mdevs } = this.state;
    const mdev = this.#uuids.get(at) ?? uuidText(mdevs.words, at);
    this.#uuids.set(at, mdev);
    const run = {
      number: this.runs.length + 1,
      mdev,
      guest: mdevs.guestOf(at),
      started: fact.revision,
      stopped: -1,
      controlSince: new Map<number, number>(),
    };
    this.runs.push(run);
    this.#running.set(at, run);
    return run;
  }

  #end(fact: FoldableFact, run: Run, effective: Uint32Array): void {
    run.stopped = fact.revision;
    this.#compare(fact, run, effective, NOTHING);
  }

  #endAllRuns(fact: FoldableFact): void {
    const { words } = this.state.mdevs;
    for (const [at, run] of this.#running)
      this.#end(fact, run, words.subarray(at + EFFECTIVE, at + EFFECTIVE + MATRIX_WORDS));
    this.#running.clear();
    this.#stopped.clear();
    this.#uuids.clear();
  }

  /** What the run's guest can use went from one matrix to another. */
  #compare(fact: FoldableFact, run: Run, before: Uint32Array, after: Uint32Array): void {
    for (let i = 0; i < MASK_WORDS; i++) {
      let either = (before[i] ?? 0) | (after[i] ?? 0);
      while (either !== 0) {
        const leading = Math.clz32(either);
        const bit = 0x80000000 >>> leading;
        either &= ~bit;
        const domainsBefore = (before[i] ?? 0) & bit ? before : NOTHING;
        const domainsAfter = (after[i] ?? 0) & bit ? after : NOTHING;
        const adapter = i * 32 + leading;
        this.#compareRow(fact, adapter, run.number, domainsBefore, MASK_WORDS, domainsAfter, MASK_WORDS);
      }
      let changed = (before[CONTROL + i] ?? 0) ^ (after[CONTROL + i] ?? 0);
      while (changed !== 0) {
        const leading = Math.clz32(changed);
        const bit = 0x80000000 >>> leading;
        changed &= ~bit;
        if ((after[CONTROL + i] ?? 0) & bit) run.controlSince.set(i * 32 + leading, fact.revision);
        else run.controlSince.delete(i * 32 + leading);
      }
    }
  }

  /** Logs the difference of two masks of one adapter's queues. */
  #compareRow(
    fact: FoldableFact,
    adapter: number,
    holder: number,
    before: Uint32Array,
    beforeAt: number,
    after: Uint32Array,
    afterAt: number,
  ): void {
    let hasGained = 0;
    let hasLost = 0;
    for (let i = 0; i < MASK_WORDS; i++) {
      const [was, is] = [before[beforeAt + i] ?? 0, after[afterAt + i] ?? 0];
      gained[i] = is & ~was;
      lost[i] = was & ~is;
      hasGained |= is & ~was;
      hasLost |= was & ~is;
    }
    if (hasLost !== 0) this.#push(fact, adapter, LOST, holder, lost);
    if (hasGained !== 0) this.#push(fact, adapter, GAINED, holder, gained);
  }

  #push(fact: FoldableFact, adapter: number, event: RowEvent, holder: number, queues: Uint32Array): void {
    if (this.#only !== undefined) {
      const apqi = apqiOf(this.#only);
      if (adapter !== apidOf(this.#only) || ((queues[apqi >>> 5] ?? 0) & (0x80000000 >>> (apqi & 31))) === 0)
        return;
    }
    let row = this.rows[adapter];
    if (row === undefined) {
      row = new RowLog();
      this.rows[adapter] = row;
    }
    row.push(event, holder, fact.revision, Math.floor(fact.occurredAt / 1000), queues, 0);
  }
}

const isGuestOp = (op: number): boolean =>
  op === OP.guestStarted ||
  op === OP.guestStopped ||
  op === OP.guestMatrixChanged ||
  op === OP.removalBlocked;
