/**
 * The one fold: a packed fact changes a host's state in place. It knows what each fact says and asks the lifecycle machines whether that
 * can have happened; it knows no rule by which anything was decided, and no generation.
 */
import {
  type CardMode,
  CorruptPayload,
  type Fact,
  isWholeOp,
  OP,
  packTransient,
  type Transient,
} from '@apledger/events';
import {
  changeAttribute,
  changeHardware,
  injectFault,
  reboot,
  register,
  setHostFlag,
} from './evolve-host.ts';
import { applyToMdev } from './evolve-mdevs.ts';
import { applyToQueues } from './evolve-queues.ts';
import {
  AGENT_EPOCH,
  APMASK,
  AQMASK,
  BINDINGS_ARMED,
  CARD_CHECK_STOPPED,
  CARD_CONFIGURED,
  CARD_ONLINE,
  CHECK_STOPPED,
  CONFIG,
  DECONFIGURED,
  H,
  MASK_WORDS,
  MATRIX_WORDS,
  PRESENT,
  QUEUE_ONLINE,
  VFIO_AP_MISSING,
} from './layout.ts';
import { ImpossibleFact } from './lifecycles.ts';
import { mask, reader, readMatrix, readOptional, requireHost } from './reading.ts';
import { addCard, cardRow, removeCard, setCardFlag } from './rows.ts';
import { type HostState, MODES } from './state.ts';
import { hasBit, setBit } from './words.ts';

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
    case OP.observationBegan:
      block.touch(AGENT_EPOCH, 1);
      block.words[AGENT_EPOCH] = reader.u32();
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
      const overrides = state.changingOverrides();
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
