/**
 * The one fold: a packed fact changes a host's state in place. It knows what each fact says and asks the lifecycle machines whether that
 * can have happened; it knows no rule by which anything was decided, and no generation.
 */
import {
  type CardMode,
  CorruptPayload,
  type Fact,
  GENERATIONS,
  generationOfCode,
  isWholeOp,
  OP,
  PackedReader,
  packTransient,
  type Transient,
} from '@apledger/events';
import {
  addCard,
  cardRow,
  clearQueues,
  initQueues,
  moveQueues,
  removeCard,
  setCardFlag,
  setResetCodes,
} from './cards.ts';
import {
  APMASK,
  APXA,
  AQMASK,
  ASSIGNED,
  ATTACHED,
  BINDINGS_ARMED,
  CARD_CHECK_STOPPED,
  CARD_CONFIGURED,
  CARD_ONLINE,
  CHECK_STOPPED,
  CONFIG,
  DECONFIGURED,
  EFFECTIVE,
  H,
  HARDWARE_CONFIG,
  HAS_EFFECTIVE,
  HAS_GUEST_MATRIX,
  HEADER_WORDS,
  MASK_WORDS,
  MATRIX_LIVES,
  MATRIX_WORDS,
  MDEV_WORDS,
  PRESENT,
  QCI,
  QUEUE_CHECK_STOPPED,
  QUEUE_CONFIGURED,
  QUEUE_ONLINE,
  REMOVING,
  rowWordsOf,
  SLOT_KNOWN,
  SLOTS,
  UNFIT,
  UUID_WORDS,
  VFIO_AP,
  VFIO_AP_MISSING,
} from './layout.ts';
import { guestStateOf, ImpossibleFact } from './lifecycles.ts';
import { firstMdev } from './mdev-index.ts';
import {
  addMdev,
  advanceGuest,
  advancePlugs,
  lifecycleOf,
  mdevAt,
  noteReset,
  PLUGGED,
  removeMdev,
  replaceGuestMatrix,
  setFlags,
  uuidText,
} from './mdevs.ts';
import { type HostState, MODES } from './state.ts';
import { add, bitOf, clear, copy, hasBit, remove, setBit } from './words.ts';

const reader = new PackedReader();
const uuid = new Uint32Array(UUID_WORDS);
const mask = new Uint32Array(MASK_WORDS);
const matrix = new Uint32Array(MATRIX_WORDS);

/** Applies a fact. Throws ImpossibleFact when it cannot follow the facts before it; the state is useless then. */
export function evolve(state: HostState, fact: Fact): void {
  const { bytes, length } = packed(fact);
  evolvePacked(state, bytes, 0, length);
}

function packed(fact: Fact): Transient {
  try {
    return packTransient(fact);
  } catch (error) {
    if (error instanceof RangeError) throw new ImpossibleFact(error.message);
    throw error;
  }
}

/**
 * Applies the packed fact in `bytes[offset .. offset + length)`. Throws ImpossibleFact as `evolve` does, and CorruptPayload for what no
 * writer of a whole fact writes; the state is useless then.
 */
export function evolvePacked(state: HostState, bytes: Uint8Array, offset: number, length: number): void {
  reader.open(bytes, offset, length);
  const op = reader.u8();
  if (op >= OP.mdevCreated && op <= OP.migrationRequested) applyToMdev(state, op);
  else if (op >= OP.queuesRemoved && op < OP.mdevCreated) applyToQueues(state, op);
  else if (op === OP.nothing) requireHost(state);
  else applyOther(state, op);
  reader.close();
}

const newer = (op: number): CorruptPayload =>
  new CorruptPayload(
    isWholeOp(op)
      ? `op code ${op} was written by a newer apledger; upgrade this one to read it`
      : `op code ${op} does not say all of its fact`,
  );

function requireHost(state: HostState): void {
  if (!state.isRegistered) throw new ImpossibleFact('a stream begins with HostRegistered');
}

function applyOther(state: HostState, op: number): void {
  if (op === OP.hostRegistered) {
    register(state);
    return;
  }
  requireHost(state);
  const { block } = state;
  switch (op) {
    case OP.maskChanged: {
      const at = reader.u8() === 0 ? APMASK : AQMASK;
      block.touch(at, MASK_WORDS);
      reader.words(block.words, at, MASK_WORDS);
      return;
    }
    case OP.cardRemoved:
      removeCard(state, reader.u8());
      return;
    case OP.queuesDetected:
    case OP.queueStatesNoticed:
    case OP.queuesReset:
      applyToQueues(state, op);
      return;
    case OP.migrationCompleted:
      applyToMdev(state, op);
      return;
    case OP.hostRebooted:
      reboot(state);
      return;
    case OP.driverLoaded:
    case OP.driverUnloaded:
      setHostFlag(state, VFIO_AP_MISSING, op === OP.driverUnloaded);
      return;
    case OP.queuesZeroized:
      // What is in a queue is nothing that the host knows.
      for (let rows = reader.u16(); rows > 0; rows--) {
        reader.u8();
        reader.ids(mask);
      }
      return;
    case OP.hardwareChanged:
      changeHardware(state);
      return;
    case OP.checkStopChanged: {
      block.touch(CHECK_STOPPED, MASK_WORDS);
      setBit(block.words, CHECK_STOPPED, reader.u8(), reader.u8() === 1);
      return;
    }
    case OP.resetFaultInjected:
      injectFault(state);
      return;
    case OP.hostConfigChanged:
      block.touch(CONFIG, MATRIX_WORDS);
      readMatrix(block.words, CONFIG);
      return;
    case OP.busScanned:
      block.touch(H.scans, 1);
      block.words[H.scans] = reader.u32();
      return;
    case OP.bindingsCompleted:
      block.touch(H.flags, 8);
      block.words[H.bindingsCompleted] = reader.u32();
      block.words[H.flags] = (block.words[H.flags] ?? 0) & ~BINDINGS_ARMED;
      return;
    case OP.busAttributeChanged:
      changeAttribute(state);
      return;
    default:
      applyToCard(state, op);
      return;
  }
}

function applyToCard(state: HostState, op: number): void {
  switch (op) {
    case OP.cardDetected: {
      const apid = reader.u8();
      const model = { type: reader.u8(), mode: modeOf(reader.u8()), functions: reader.u32() };
      addCard(state, apid, model, conditionFlags(reader.u8()));
      return;
    }
    case OP.cardConfigured:
    case OP.cardDeconfigured: {
      // SCLP: the hardware and the card's own flag at once, the queues' flags at the next scan (driver-rules 6.7).
      const apid = reader.u8();
      const isConfigured = op === OP.cardConfigured;
      state.block.touch(DECONFIGURED, MASK_WORDS);
      setBit(state.block.words, DECONFIGURED, apid, !isConfigured);
      setCardFlag(state, apid, CARD_CONFIGURED, isConfigured);
      return;
    }
    case OP.cardCheckStopNoticed:
      setCardFlag(state, reader.u8(), CARD_CHECK_STOPPED, reader.u8() === 1);
      return;
    case OP.cardOnlineChanged:
      setCardFlag(state, reader.u8(), CARD_ONLINE, reader.u8() === 1);
      return;
    case OP.driverOverrideChanged: {
      const queue = reader.u16();
      rowWith(state, queue);
      const driver = readOptional();
      const { overrides } = state.changingTexts();
      if (driver === null) overrides.delete(queue);
      else overrides.set(queue, driver);
      return;
    }
    case OP.queueOnlineChanged: {
      const queue = reader.u16();
      const row = rowWith(state, queue);
      state.block.touch(row + QUEUE_ONLINE, MASK_WORDS);
      setBit(state.block.words, row + QUEUE_ONLINE, queue & 0xff, reader.u8() === 1);
      return;
    }
    default:
      throw newer(op);
  }
}

const modeOf = (code: number): CardMode => MODES[code] ?? 'C';

const conditionFlags = (condition: number): number =>
  ((condition & 1) === 0 ? 0 : CARD_CONFIGURED) | ((condition & 2) === 0 ? 0 : CARD_CHECK_STOPPED);

/** The row of a queue that must exist. */
function rowWith(state: HostState, queue: number): number {
  const row = cardRow(state, queue >>> 8);
  if (!hasBit(state.block.words, row + PRESENT, queue & 0xff))
    throw new ImpossibleFact('a fact about a queue that does not exist');
  return row;
}

function readMatrix(words: Uint32Array, at: number): void {
  for (let field = 0; field < MATRIX_WORDS; field += MASK_WORDS) reader.ids(words, at + field);
}

const readOptional = (): string | null => (reader.u8() === 0 ? null : (reader.text() ?? ''));

/** The bus as it comes up (driver-rules 2). */
function register(state: HostState): void {
  if (state.isRegistered) throw new ImpossibleFact(`host ${state.name} was registered before`);
  const code = reader.u8();
  const generation = generationOfCode(code);
  if (generation === undefined)
    throw new CorruptPayload('a driver generation of a newer apledger; upgrade this one to read it');
  state.reset();
  const { words } = state.block;
  const flags = reader.u8();
  const isExtended = flags === 3;
  words[H.generation] = code;
  words[H.flags] = ((flags & 1) === 0 ? 0 : QCI) | ((flags & 2) === 0 ? 0 : APXA) | BINDINGS_ARMED;
  const { guestMatrixLife, passable } = GENERATIONS[generation];
  words[H.matrixLife] = MATRIX_LIVES.indexOf(guestMatrixLife);
  words[H.passable] = passable.reduce((bits, code) => bits | (1 << code), 0);
  words[H.maxAdapter] = reader.u8();
  const maxDomain = reader.u8();
  words[H.maxDomain] = maxDomain;
  // Room for the domains that the bus accepts (state.ts, busLimits), in steps of 32.
  const domains = isExtended && maxDomain !== 0 ? (maxDomain | 31) + 1 : 32;
  words[H.domains] = domains;
  words[H.rowWords] = rowWordsOf(domains);
  setAttributes(state);
  readMatrix(words, HARDWARE_CONFIG);
  copy(words, CONFIG, words, HARDWARE_CONFIG, MATRIX_WORDS);
  reader.words(words, APMASK, MASK_WORDS);
  reader.words(words, AQMASK, MASK_WORDS);
  readCards(state);
  const texts = state.changingTexts();
  texts.name = reader.text() ?? '';
  texts.bootApmask = readOptional();
  texts.bootAqmask = readOptional();
}

/** The bus's attributes as they are before anybody writes to them (driver-rules 2). */
function setAttributes({ block: { words, doubles } }: HostState): void {
  words[H.apDomain] = -1;
  words[H.configTime] = 30;
  words[H.pollThread] = 0;
  doubles[H.pollTimeout / 2] = 250_000;
}

function setHostFlag({ block }: HostState, flag: number, isSet: boolean): void {
  block.touch(H.flags, 1);
  const flags = block.words[H.flags] ?? 0;
  block.words[H.flags] = isSet ? flags | flag : flags & ~flag;
}

/** A kernel that has just started: what the hardware is and what was written into the boot parameters is all that is left. */
function reboot(state: HostState): void {
  const { block } = state;
  const { words } = block;
  if ((words[H.cards] ?? 0) !== 0 || (words[H.mdevs] ?? 0) !== 0)
    throw new ImpossibleFact('a host is started anew before its devices are gone');
  block.touch(0, HEADER_WORDS);
  setAttributes(state);
  words[H.flags] = ((words[H.flags] ?? 0) & ~VFIO_AP_MISSING) | BINDINGS_ARMED;
  for (const counter of [H.scans, H.bindingsCompleted, H.registered]) words[counter] = 0;
  copy(words, CONFIG, words, HARDWARE_CONFIG, MATRIX_WORDS);
  reader.words(words, APMASK, MASK_WORDS);
  reader.words(words, AQMASK, MASK_WORDS);
}

/** What is plugged into the slots. */
function readCards(state: HostState): void {
  const { block } = state;
  for (let count = reader.u16(); count > 0; count--) {
    const slot = SLOTS + 2 * reader.u8();
    block.touch(slot, 2);
    block.words[slot] = reader.u8() | (reader.u8() << 8) | SLOT_KNOWN;
    block.words[slot + 1] = reader.u32();
  }
}

function changeHardware(state: HostState): void {
  const which = reader.u8();
  readMatrix(matrix, 0);
  const { block } = state;
  for (let axis = 0; axis < 3; axis++) {
    if ((which & (1 << axis)) === 0) continue;
    const at = HARDWARE_CONFIG + axis * MASK_WORDS;
    block.touch(at, MASK_WORDS);
    copy(block.words, at, matrix, axis * MASK_WORDS, MASK_WORDS);
  }
  readCards(state);
}

function injectFault(state: HostState): void {
  const queue = reader.u16();
  const { resetFaults } = state.changingTexts();
  const codes = [...(resetFaults.get(queue) ?? [])];
  for (let count = reader.u16(); count > 0; count--) codes.push(reader.u8());
  resetFaults.set(queue, codes);
}

function changeAttribute({ block }: HostState): void {
  const which = reader.u8();
  const value = reader.f64();
  block.touch(0, 32);
  if (which === 0) block.words[H.apDomain] = value;
  else if (which === 1) block.words[H.configTime] = value;
  else if (which === 2) block.words[H.pollThread] = value;
  else block.doubles[H.pollTimeout / 2] = value;
}

function applyToQueues(state: HostState, op: number): void {
  requireHost(state);
  const condition =
    op === OP.queuesDetected || op === OP.queueStatesNoticed || op === OP.queuesReset ? reader.u8() : 0;
  const isByVfio = op === OP.queuesReset && reader.u8() === 1;
  const { block } = state;
  if (op === OP.queuesBoundToZcrypt || op === OP.queuesBoundToVfioAp) {
    // Every probe re-arms the bindings-complete event (driver-rules 10).
    block.touch(H.flags, 1);
    block.words[H.flags] = (block.words[H.flags] ?? 0) | BINDINGS_ARMED;
  }
  for (let rows = reader.u16(); rows > 0; rows--) {
    const apid = reader.u8();
    reader.ids(mask);
    if (op === OP.queuesReset) useUpFaults(state, apid);
    // The bus may reset a queue that is not there any more; that leaves nothing behind.
    if (op === OP.queuesReset && !isByVfio) continue;
    const row = cardRow(state, apid);
    block.touch(row, block.words[H.rowWords] ?? 0);
    applyToRow(state, apid, row, op, condition);
  }
}

/** A history holds only what was let through. */
const BOUND_TO_ZCRYPT = { type: 'BIND_ZCRYPT', isEntitled: true } as const;
const BOUND_TO_VFIO_AP = { type: 'BIND_VFIO_AP', isEntitled: true } as const;

function applyToRow(state: HostState, apid: number, row: number, op: number, condition: number): void {
  const { words } = state.block;
  switch (op) {
    case OP.queuesDetected:
      state.block.touch(H.registered, 1);
      moveQueues(words, row, mask, { type: 'DETECT' });
      initQueues(state, row, mask, (condition & 1) !== 0, (condition & 2) !== 0);
      return;
    case OP.queuesRemoved:
      moveQueues(words, row, mask, { type: 'REMOVE' });
      forgetOverrides(state, apid);
      clearQueues(state, row, mask);
      return;
    case OP.queueStatesNoticed:
      checkExist(words, row);
      ((condition & 1) === 0 ? remove : add)(words, row + QUEUE_CONFIGURED, mask);
      ((condition & 2) === 0 ? remove : add)(words, row + QUEUE_CHECK_STOPPED, mask);
      return;
    case OP.queuesBoundToZcrypt:
    case OP.queuesBoundToVfioAp:
      moveQueues(words, row, mask, op === OP.queuesBoundToVfioAp ? BOUND_TO_VFIO_AP : BOUND_TO_ZCRYPT);
      add(words, row + QUEUE_ONLINE, mask);
      setResetCodes(state, row, mask, 0);
      return;
    case OP.queuesUnboundFromZcrypt:
      moveQueues(words, row, mask, { type: 'UNBIND_ZCRYPT' });
      return;
    case OP.queuesUnboundFromVfioAp:
      moveQueues(words, row, mask, { type: 'UNBIND_VFIO_AP' });
      return;
    default:
      checkExist(words, row);
      setResetCodes(state, row, mask, condition);
      adapterReset(state, apid, row);
      return;
  }
}

function checkExist(words: Uint32Array, row: number): void {
  for (let i = 0; i < MASK_WORDS; i++)
    if (((mask[i] ?? 0) & ~(words[row + PRESENT + i] ?? 0)) !== 0)
      throw new ImpossibleFact('a fact about a queue that does not exist');
}

function forgetOverrides(state: HostState, apid: number): void {
  for (const queue of state.texts.overrides.keys())
    if (queue >>> 8 === apid && hasBit(mask, 0, queue & 0xff)) state.changingTexts().overrides.delete(queue);
}

/** A reset uses up the next fault that was injected into a queue. */
function useUpFaults(state: HostState, apid: number): void {
  if (state.texts.resetFaults.size === 0) return;
  for (const [queue, codes] of state.texts.resetFaults) {
    if (queue >>> 8 !== apid || !hasBit(mask, 0, queue & 0xff)) continue;
    const { resetFaults } = state.changingTexts();
    if (codes.length > 1) resetFaults.set(queue, codes.slice(1));
    else resetFaults.delete(queue);
  }
}

/** An adapter's reset failed while any of its queues in the mdev has a bad last answer. */
function adapterReset(state: HostState, apid: number, row: number): void {
  const { block } = state;
  const { words } = block;
  const word = ASSIGNED + (apid >>> 5);
  const bit = bitOf(apid);
  const end = block.used;
  for (let at = firstMdev(words); at < end; at += MDEV_WORDS) {
    if (((words[at + word] ?? 0) & bit) === 0) continue;
    block.touch(at, MDEV_WORDS);
    noteReset(words, at, apid, hasUnfit(words, row, at + ASSIGNED + MASK_WORDS));
  }
}

/** Whether vfio_ap has an unfit queue of the card's row in these domains. */
function hasUnfit(words: Uint32Array, row: number, domains: number): boolean {
  for (let i = 0; i < MASK_WORDS; i++) {
    const unfit = (words[row + UNFIT + i] ?? 0) & (words[row + VFIO_AP + i] ?? 0);
    if ((unfit & (words[domains + i] ?? 0)) !== 0) return true;
  }
  return false;
}

function applyToMdev(state: HostState, op: number): void {
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
    advanceGuest(block.words, at, { type: 'REMOVE', isWaiting: false, isAttached: false });
    if (guestStateOf(lifecycleOf(block.words, at)) === 'removed') removeMdev(state, place);
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
  if (which < 2) advancePlugs(words, at, mask, { type: isAssigned ? 'ASSIGN' : 'UNASSIGN' });
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
      advanceGuest(words, at, { type: 'REMOVE', isWaiting: true, isAttached: true });
      setFlags(words, at, REMOVING, 0);
      readEffective(words, at);
      return;
    case OP.migrationRequested:
      advanceGuest(words, at, { type: 'MIGRATE', pluggedAdapters: 0 });
      return;
    default:
      advanceGuest(words, at, { type: 'MIGRATED' });
      return;
  }
}

function setGuest(state: HostState, place: number, guest: string | null): void {
  if (state.texts.guests[place] !== guest) state.changingTexts().guests[place] = guest;
}

function openMdev(state: HostState, place: number, at: number): void {
  const { words } = state.block;
  advanceGuest(words, at, { type: 'START', isAdmitted: true });
  setFlags(words, at, reader.u8() === 1 ? ATTACHED : 0, ATTACHED);
  setGuest(state, place, reader.text());
  readEffective(words, at);
  if (state.guestMatrixLife === 'never') {
    // What was assigned is what the guest has.
    copy(mask, 0, words, at + EFFECTIVE, MASK_WORDS);
    advancePlugs(words, at, mask, PLUGGED);
  } else setFlags(words, at, HAS_GUEST_MATRIX, 0);
}

function closeMdev(state: HostState, place: number, at: number): void {
  const { words } = state.block;
  advanceGuest(words, at, { type: 'STOP' });
  copy(mask, 0, words, at + EFFECTIVE, MASK_WORDS);
  setGuest(state, place, null);
  setFlags(words, at, 0, ATTACHED | HAS_EFFECTIVE);
  clear(words, at + EFFECTIVE, MATRIX_WORDS);
  if (state.guestMatrixLife === 'whileOpen') replaceGuestMatrix(words, at, null);
  else if (state.guestMatrixLife === 'never') advancePlugs(words, at, mask, { type: 'UNPLUG' });
}

/** What the guest can use from now on; absent when nobody is attached. */
function readEffective(words: Uint32Array, at: number): void {
  const isPresent = reader.u8() === 1;
  if (isPresent) readMatrix(words, at + EFFECTIVE);
  else clear(words, at + EFFECTIVE, MATRIX_WORDS);
  setFlags(words, at, isPresent ? HAS_EFFECTIVE : 0, HAS_EFFECTIVE);
}
