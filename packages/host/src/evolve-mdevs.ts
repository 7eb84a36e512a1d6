/** Facts about mdevs and the guests that open them. */
import { OP, uuidText } from '@apledger/events';
import { guestTable, type Step } from '@apledger/machines';
import {
  ASSIGNED,
  ATTACHED,
  EFFECTIVE,
  GUEST_MATRIX,
  HAS_EFFECTIVE,
  HAS_GUEST_MATRIX,
  LIFECYCLE_SHIFT,
  MASK_WORDS,
  MATRIX_WORDS,
  MDEV_FLAGS,
  MDEV_WORDS,
  PLUG,
  REMOVING,
  UUID_WORDS,
} from './layout.ts';
import { ADAPTER, codeAfter, GUEST, ImpossibleFact, REMOVED_GUEST } from './lifecycles.ts';
import { addMdev, mdevAt, removeMdev } from './mdevs.ts';
import { advancePlugs, advanceWord } from './plugs.ts';
import { mask, matrix, reader, readMatrix, requireHost, uuid } from './reading.ts';
import type { HostState } from './state.ts';
import { add, clear, copy, remove } from './words.ts';

export function applyToMdev(state: HostState, op: number): void {
  requireHost(state);
  reader.words(uuid, 0, UUID_WORDS);
  if (op === OP.mdevCreated) {
    addMdev(state, uuid);
    return;
  }
  const { block } = state;
  const place = state.index.find(block.words, uuid);
  if (place < 0) throw new ImpossibleFact(`there is no mdev ${uuidText(uuid, 0)}`);
  const at = mdevAt(state, place);
  block.touch(at, MDEV_WORDS);
  if (op === OP.mdevRemoved) {
    advanceGuest(block.words, at, GUEST.remove);
    if (lifecycleOf(block.words, at) === REMOVED_GUEST) removeMdev(state, place);
    return;
  }
  if (op >= OP.adaptersAssigned && op <= OP.controlDomainsUnassigned) assign(block.words, at, op);
  else applyToGuest(state, place, at, op);
}

/** The codes alternate: assigned, unassigned, for adapters, domains and control domains. */
function assign(words: Uint32Array, at: number, op: number): void {
  reader.ids(mask);
  const which = op - OP.adaptersAssigned;
  const isAssigned = (which & 1) === 0;
  if (which < 2) advancePlugs(words, at, mask, isAssigned ? ADAPTER.assign : ADAPTER.unassign);
  const field = at + ASSIGNED + (which >>> 1) * MASK_WORDS;
  if (isAssigned) add(words, field, mask);
  else remove(words, field, mask);
}

function applyToGuest(state: HostState, place: number, at: number, op: number): void {
  const { words } = state.block;
  switch (op) {
    case OP.guestStarted:
      openMdev(state, place, at);
      return;
    case OP.guestStopped:
      closeMdev(state, place, at);
      return;
    case OP.guestMatrixChanged:
      readMatrix(matrix, 0);
      replaceGuestMatrix(words, at, matrix);
      readEffective(words, at);
      return;
    case OP.removalBlocked:
      advanceGuest(words, at, GUEST.waitForRemoval);
      setFlags(words, at, REMOVING, 0);
      readEffective(words, at);
      return;
    case OP.migrationRequested:
      advanceGuest(words, at, GUEST.migrate);
      return;
    default:
      advanceGuest(words, at, GUEST.migrated);
      return;
  }
}

function setGuest(state: HostState, place: number, guest: string | null): void {
  if (state.texts.guests[place] !== guest) state.changingGuests()[place] = guest;
}

function openMdev(state: HostState, place: number, at: number): void {
  const { words } = state.block;
  advanceGuest(words, at, GUEST.start);
  setFlags(words, at, reader.u8() === 1 ? ATTACHED : 0, ATTACHED);
  setGuest(state, place, reader.text());
  readEffective(words, at);
  if (state.guestMatrixLife === 'never') {
    // What was assigned is what the guest has.
    copy(mask, 0, words, at + EFFECTIVE, MASK_WORDS);
    advancePlugs(words, at, mask, ADAPTER.plug);
  } else setFlags(words, at, HAS_GUEST_MATRIX, 0);
}

function closeMdev(state: HostState, place: number, at: number): void {
  const { words } = state.block;
  advanceGuest(words, at, GUEST.stop);
  copy(mask, 0, words, at + EFFECTIVE, MASK_WORDS);
  setGuest(state, place, null);
  setFlags(words, at, 0, ATTACHED | HAS_EFFECTIVE);
  clear(words, at + EFFECTIVE, MATRIX_WORDS);
  if (state.guestMatrixLife === 'whileOpen') replaceGuestMatrix(words, at, null);
  else if (state.guestMatrixLife === 'never') advancePlugs(words, at, mask, ADAPTER.unplug);
}

/** What the guest can use from now on; absent when nobody is attached. */
function readEffective(words: Uint32Array, at: number): void {
  const isPresent = reader.u8() === 1;
  if (isPresent) readMatrix(words, at + EFFECTIVE);
  else clear(words, at + EFFECTIVE, MATRIX_WORDS);
  setFlags(words, at, isPresent ? HAS_EFFECTIVE : 0, HAS_EFFECTIVE);
}

/** Puts a new guest matrix in place (null = none any more) and moves the adapters that came and went. */
function replaceGuestMatrix(words: Uint32Array, at: number, matrix: Uint32Array | null): void {
  const field = at + GUEST_MATRIX;
  for (let i = 0; i < MASK_WORDS; i++) {
    const before = words[field + i] ?? 0;
    const after = matrix?.[i] ?? 0;
    if (before === after) continue;
    // An adapter that left the mdev altogether has left the guest with it.
    const gone = before & ~after & (words[at + ASSIGNED + i] ?? 0);
    if (gone !== 0) advanceWord(words, at + PLUG + i, gone, ADAPTER.unplug);
    const come = after & ~before;
    if (come !== 0) advanceWord(words, at + PLUG + i, come, ADAPTER.plug);
  }
  if (matrix === null) clear(words, field, MATRIX_WORDS);
  else copy(words, field, matrix, 0, MATRIX_WORDS);
  setFlags(words, at, matrix === null ? 0 : HAS_GUEST_MATRIX, matrix === null ? HAS_GUEST_MATRIX : 0);
}

const lifecycleOf = (words: Uint32Array, at: number): number =>
  (words[at + MDEV_FLAGS] ?? 0) >>> LIFECYCLE_SHIFT;

/** Moves the guest's machine a step on. */
function advanceGuest(words: Uint32Array, at: number, step: Step): void {
  const flags = (words[at + MDEV_FLAGS] ?? 0) & ((1 << LIFECYCLE_SHIFT) - 1);
  words[at + MDEV_FLAGS] = flags | (codeAfter(step, lifecycleOf(words, at), guestTable) << LIFECYCLE_SHIFT);
}

function setFlags(words: Uint32Array, at: number, set: number, unset: number): void {
  words[at + MDEV_FLAGS] = ((words[at + MDEV_FLAGS] ?? 0) & ~unset) | set;
}
