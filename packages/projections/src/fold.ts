/**
 * Folds packed facts into a host's state, in place: no object, no string and no rule a fact. The op codes are those of
 * `@apledger/events`; what each says is so afterwards is written here once more, as words of masks.
 *
 * The fold is total: a fact about an mdev or a card that is not there changes nothing. What it cannot do is guess: an op code of a
 * newer apledger, or a gap in the revisions, throws, because everything after it would be wrong.
 */
import { CorruptPayload, generationOfCode, OP, PackedReader } from '@apledger/events';
import type { HostState } from './host-state.ts';
import {
  ASSIGNED,
  ATTACHED,
  EFFECTIVE,
  FILTERED,
  FLAGS,
  HAS_EFFECTIVE,
  HAS_FILTERED,
  MATRIX_WORDS,
  MIGRATING,
  OPEN,
  REMOVING,
  UUID_WORDS,
} from './mdev-table.ts';
import { MASK_WORDS, PRESENT, ROW_WORDS, VFIO_AP, ZCRYPT } from './queue-rows.ts';

/** A fact as a packed page gives it. */
export interface FoldableFact {
  readonly revision: number;
  readonly position: number;
  /** Milliseconds since 1970 UTC. */
  readonly occurredAt: number;
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly length: number;
}

/** The facts of a stream cannot be folded any further; `position` says where. */
export class CannotFold extends Error {
  override readonly name = 'CannotFold';
  readonly position: number;
  constructor(position: number, reason: string, cause?: unknown) {
    super(`the fact at position ${position} cannot be folded: ${reason}`, { cause });
    this.position = position;
  }
}

const reader = new PackedReader();
const uuid = new Uint32Array(UUID_WORDS);
const mask = new Uint32Array(MASK_WORDS);
const matrix = new Uint32Array(MATRIX_WORDS);

/**
 * Applies one fact, which must be the one after `state.revision`. Throws `CannotFold` when it is not or cannot be understood; the state
 * is useless then.
 */
export function applyFact(state: HostState, fact: FoldableFact): void {
  if (fact.revision !== state.revision + 1) {
    throw new CannotFold(fact.position, `revision ${fact.revision} follows ${state.revision}`);
  }
  if (fact.length > 0) {
    try {
      reader.open(fact.bytes, fact.offset, fact.length);
      applyPayload(state);
      reader.close();
    } catch (error) {
      if (!(error instanceof CorruptPayload)) throw error;
      throw new CannotFold(fact.position, error.message, error);
    }
  }
  state.revision = fact.revision;
  state.position = fact.position;
  state.occurredAt = fact.occurredAt;
}

function applyPayload(state: HostState): void {
  const op = reader.u8();
  if (op === OP.queuesReset) passOverReset();
  else if (op >= OP.mdevCreated) applyToMdev(state, op);
  else if (op >= OP.queuesDetected) applyToQueues(state, op);
  else applyToHost(state, op);
}

/** A reset changes no matrix; custody/ reads it. */
function passOverReset(): void {
  reader.u8();
  for (let rows = reader.u16(); rows > 0; rows--) {
    reader.u8();
    reader.ids(mask);
  }
}

function applyToHost(state: HostState, op: number): void {
  switch (op) {
    case OP.hostRegistered: {
      const driver = generationOfCode(reader.u8());
      if (driver === undefined) throw new CorruptPayload('a driver generation of a newer apledger; upgrade');
      state.register(driver);
      reader.words(state.apmask, 0, MASK_WORDS);
      reader.words(state.aqmask, 0, MASK_WORDS);
      return;
    }
    case OP.maskChanged:
      reader.words(reader.u8() === 0 ? state.apmask : state.aqmask, 0, MASK_WORDS);
      return;
    case OP.cardDetected:
      state.queues.addRow(reader.u8());
      return;
    case OP.cardRemoved:
      state.queues.removeRow(reader.u8());
      return;
    default:
      throw newer(op);
  }
}

function applyToQueues(state: HostState, op: number): void {
  const queues = state.queues;
  const makesRows =
    op === OP.queuesDetected || op === OP.queuesBoundToZcrypt || op === OP.queuesBoundToVfioAp;
  for (let rows = reader.u16(); rows > 0; rows--) {
    const adapter = reader.u8();
    const offset = makesRows ? queues.addRow(adapter) : queues.offsetOf(adapter);
    reader.ids(mask);
    if (offset >= 0) applyToRow(queues.words, offset, op);
  }
}

/** The driver of a queue is one or none: whoever gets it takes it from the other. */
function applyToRow(words: Uint32Array, offset: number, op: number): void {
  switch (op) {
    case OP.queuesDetected:
      add(words, offset + PRESENT);
      return;
    case OP.queuesRemoved:
      for (let field = 0; field < ROW_WORDS; field += MASK_WORDS) remove(words, offset + field);
      return;
    case OP.queuesBoundToZcrypt:
      add(words, offset + PRESENT);
      add(words, offset + ZCRYPT);
      remove(words, offset + VFIO_AP);
      return;
    case OP.queuesBoundToVfioAp:
      add(words, offset + PRESENT);
      add(words, offset + VFIO_AP);
      remove(words, offset + ZCRYPT);
      return;
    case OP.queuesUnboundFromZcrypt:
      remove(words, offset + ZCRYPT);
      return;
    case OP.queuesUnboundFromVfioAp:
      remove(words, offset + VFIO_AP);
      return;
    default:
      throw newer(op);
  }
}

function applyToMdev(state: HostState, op: number): void {
  if (op > OP.migrationEnded) throw newer(op);
  reader.words(uuid, 0, UUID_WORDS);
  const mdevs = state.mdevs;
  if (op === OP.mdevCreated) {
    const at = mdevs.add(uuid);
    if (state.guestMatrix === 'always') mdevs.words[at + FLAGS] = HAS_FILTERED;
  } else if (op === OP.mdevRemoved) {
    mdevs.remove(uuid);
  } else if (op >= OP.adaptersAssigned && op <= OP.controlDomainsUnassigned) {
    applyAssignment(mdevs.words, mdevs.find(uuid), op);
  } else {
    applyToGuest(state, mdevs.find(uuid), op);
  }
}

/** The codes alternate: assigned, unassigned, for adapters, domains and control domains. */
function applyAssignment(words: Uint32Array, at: number, op: number): void {
  reader.ids(mask);
  if (at < 0) return;
  const which = op - OP.adaptersAssigned;
  const field = at + ASSIGNED + (which >>> 1) * MASK_WORDS;
  if ((which & 1) === 0) add(words, field);
  else remove(words, field);
}

function applyToGuest(state: HostState, at: number, op: number): void {
  switch (op) {
    case OP.guestStarted: {
      const attached = reader.u8() === 1;
      const guest = reader.text();
      if (at >= 0) {
        const filtered = state.guestMatrix === 'never' ? 0 : HAS_FILTERED;
        setFlags(state, at, filtered | OPEN | (attached ? ATTACHED : 0), ATTACHED | MIGRATING);
        state.mdevs.setGuest(at, guest);
      }
      readEffective(state, at);
      return;
    }
    case OP.guestStopped:
      if (at < 0) return;
      setFlags(state, at, 0, OPEN | ATTACHED | MIGRATING | HAS_EFFECTIVE);
      state.mdevs.words.fill(0, at + EFFECTIVE, at + EFFECTIVE + MATRIX_WORDS);
      state.mdevs.setGuest(at, null);
      if (state.guestMatrix === 'whileOpen') dropFiltered(state, at);
      return;
    case OP.guestMatrixChanged:
      readMatrix();
      if (at >= 0) {
        state.mdevs.words.set(matrix, at + FILTERED);
        setFlags(state, at, HAS_FILTERED, 0);
      }
      readEffective(state, at);
      return;
    case OP.removalBlocked:
      setFlags(state, at, REMOVING, 0);
      readEffective(state, at);
      return;
    case OP.migrationRequested:
      setFlags(state, at, MIGRATING, 0);
      return;
    case OP.migrationEnded:
      setFlags(state, at, 0, MIGRATING);
      return;
    default:
      throw newer(op);
  }
}

function dropFiltered(state: HostState, at: number): void {
  setFlags(state, at, 0, HAS_FILTERED);
  state.mdevs.words.fill(0, at + FILTERED, at + FILTERED + MATRIX_WORDS);
}

function setFlags(state: HostState, at: number, set: number, clear: number): void {
  if (at < 0) return;
  const words = state.mdevs.words;
  words[at + FLAGS] = ((words[at + FLAGS] ?? 0) & ~clear) | set;
}

function readMatrix(): void {
  for (let field = 0; field < MATRIX_WORDS; field += MASK_WORDS) reader.ids(matrix, field);
}

/** What the guest can use from now on; absent when nobody is attached. */
function readEffective(state: HostState, at: number): void {
  const present = reader.u8() === 1;
  if (present) readMatrix();
  else matrix.fill(0);
  if (at < 0) return;
  state.mdevs.words.set(matrix, at + EFFECTIVE);
  setFlags(state, at, present ? HAS_EFFECTIVE : 0, HAS_EFFECTIVE);
}

function add(words: Uint32Array, at: number): void {
  for (let i = 0; i < MASK_WORDS; i++) words[at + i] = (words[at + i] ?? 0) | (mask[i] ?? 0);
}

function remove(words: Uint32Array, at: number): void {
  for (let i = 0; i < MASK_WORDS; i++) words[at + i] = (words[at + i] ?? 0) & ~(mask[i] ?? 0);
}

const newer = (op: number): CorruptPayload =>
  new CorruptPayload(`op code ${op} was written by a newer apledger; upgrade this one to read it`);
