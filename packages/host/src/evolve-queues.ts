/** Facts about queues: the part of the fold that changes cards' rows. */
import { OP } from '@apledger/events';
import {
  BINDINGS_ARMED,
  H,
  MASK_WORDS,
  ORDERS,
  PRESENT,
  QUEUE_CHECK_STOPPED,
  QUEUE_CONFIGURED,
  QUEUE_ONLINE,
  UNFIT,
  VFIO_AP,
} from './layout.ts';
import { ImpossibleFact, QUEUE } from './lifecycles.ts';
import { adapterReset } from './plugs.ts';
import { mask, reader, requireHost } from './reading.ts';
import { cardRow, clearQueues, initQueues, moveQueues, setResetCodes } from './rows.ts';
import type { HostState } from './state.ts';
import { add, hasBit, remove } from './words.ts';

export function applyToQueues(state: HostState, op: number): void {
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
    // The masks are all that lies before the orders; what most resets change is nothing (rows.ts).
    if (op !== OP.queuesReset) block.touch(row, ORDERS);
    applyToRow(state, apid, row, op, condition);
  }
}

function applyToRow(state: HostState, apid: number, row: number, op: number, condition: number): void {
  const { words } = state.block;
  switch (op) {
    case OP.queuesDetected:
      state.block.touch(H.registered, 1);
      moveQueues(words, row, mask, QUEUE.detect);
      initQueues(state, row, mask, (condition & 1) !== 0, (condition & 2) !== 0);
      return;
    case OP.queuesRemoved:
      moveQueues(words, row, mask, QUEUE.remove);
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
      moveQueues(words, row, mask, op === OP.queuesBoundToVfioAp ? QUEUE.bindToVfioAp : QUEUE.bindToZcrypt);
      add(words, row + QUEUE_ONLINE, mask);
      setResetCodes(state, row, mask, 0);
      return;
    case OP.queuesUnboundFromZcrypt:
      moveQueues(words, row, mask, QUEUE.unbindFromZcrypt);
      return;
    case OP.queuesUnboundFromVfioAp:
      moveQueues(words, row, mask, QUEUE.unbindFromVfioAp);
      return;
    default:
      checkExist(words, row);
      setResetCodes(state, row, mask, condition);
      for (let i = 0; i < MASK_WORDS; i++)
        unfit[i] = (words[row + UNFIT + i] ?? 0) & (words[row + VFIO_AP + i] ?? 0);
      adapterReset(state, apid, mask, unfit);
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
    if (queue >>> 8 === apid && hasBit(mask, 0, queue & 0xff)) state.changingOverrides().delete(queue);
}

/** A reset uses up the next fault that was injected into a queue. */
function useUpFaults(state: HostState, apid: number): void {
  if (state.texts.resetFaults.size === 0) return;
  for (const [queue, codes] of state.texts.resetFaults) {
    if (queue >>> 8 !== apid || !hasBit(mask, 0, queue & 0xff)) continue;
    const resetFaults = state.changingFaults();
    if (codes.length > 1) resetFaults.set(queue, codes.slice(1));
    else resetFaults.delete(queue);
  }
}

/** The queues of a card that vfio_ap has and that may not be passed to a guest. */
const unfit = new Uint32Array(MASK_WORDS);
