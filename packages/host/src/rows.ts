/** The rows of cards: how facts change them. */
import { forEachId } from '@apledger/ap';
import { queueTable, type Step } from '@apledger/machines';
import { resetByte, rowOf } from './cards.ts';
import {
  CARD,
  CARD_ONLINE,
  CARDS,
  FUNCTIONS,
  H,
  HEADER_WORDS,
  MASK_WORDS,
  ORDERS,
  PRESENT,
  QUEUE_CHECK_STOPPED,
  QUEUE_CONFIGURED,
  QUEUE_ONLINE,
  RESET_CODED,
  ROW_OF,
  UNFIT,
  VFIO_AP,
  ZCRYPT,
} from './layout.ts';
import { codeAfter, ImpossibleFact, UNDETECTED, WITH_VFIO_AP, WITH_ZCRYPT } from './lifecycles.ts';
import { type CardHardware, type HostState, MODES } from './state.ts';
import { add, bitsBelow, hasBit, remove, setBit } from './words.ts';

/** The row of a card that a fact names. */
export function cardRow(state: HostState, apid: number): number {
  const row = rowOf(state, apid);
  if (row < 0) throw new ImpossibleFact(`there is no card ${apid}`);
  return row;
}

export function addCard(
  state: HostState,
  apid: number,
  { type, mode, functions }: CardHardware,
  flags: number,
): void {
  const { block } = state;
  if (hasBit(block.words, CARDS, apid)) throw new ImpossibleFact(`card ${apid} was detected before`);
  const rowWords = block.words[H.rowWords] ?? 0;
  const row = HEADER_WORDS + bitsBelow(block.words, CARDS, apid) * rowWords;
  block.touch(0, HEADER_WORDS);
  block.insert(row, rowWords);
  const { words } = block;
  words[row + CARD] =
    (apid | (type << 8) | (MODES.indexOf(mode) << 16) | ((flags | CARD_ONLINE) << 24)) >>> 0;
  words[row + FUNCTIONS] = functions;
  setBit(words, CARDS, apid, true);
  words[H.cards] = (words[H.cards] ?? 0) + 1;
  numberRows(state);
}

export function removeCard(state: HostState, apid: number): void {
  const { block } = state;
  const row = cardRow(state, apid);
  for (let i = 0; i < MASK_WORDS; i++)
    if (block.words[row + PRESENT + i] !== 0)
      throw new ImpossibleFact(`card ${apid} is removed before its queues`);
  block.touch(0, HEADER_WORDS);
  block.remove(row, block.words[H.rowWords] ?? 0);
  const { words } = block;
  setBit(words, CARDS, apid, false);
  words[H.cards] = (words[H.cards] ?? 0) - 1;
  numberRows(state);
}

/** Rows lie by ascending APID. */
function numberRows({ block: { words, bytes } }: HostState): void {
  let row = 0;
  for (let apid = 0; apid < 256; apid++) bytes[4 * ROW_OF + apid] = hasBit(words, CARDS, apid) ? row++ : 0;
}

export function setCardFlag(state: HostState, apid: number, flag: number, isSet: boolean): void {
  const row = cardRow(state, apid);
  state.block.touch(row, 1);
  const { words } = state.block;
  const bit = flag << 24;
  const before = words[row + CARD] ?? 0;
  words[row + CARD] = isSet ? before | bit : before & ~bit;
}

/** More of the row is about to change than its masks: what it keeps of each queue. */
const touchRow = ({ block }: HostState, row: number): void => block.touch(row, block.words[H.rowWords] ?? 0);

/** Lets all of these queues take the step, and does what the queue's machine answers. Throws ImpossibleFact. */
export function moveQueues(words: Uint32Array, row: number, queues: Uint32Array, step: Step): void {
  for (let i = 0; i < MASK_WORDS; i++) {
    const moving = queues[i] ?? 0;
    if (moving !== 0) moveWord(words, row, i, moving, step);
  }
}

/** The same for 32 queues, those in the word `i` of each mask. */
function moveWord(words: Uint32Array, row: number, i: number, moving: number, step: Step): void {
  const present = words[row + PRESENT + i] ?? 0;
  const zcrypt = words[row + ZCRYPT + i] ?? 0;
  const vfioAp = words[row + VFIO_AP + i] ?? 0;
  let [toPresent, toZcrypt, toVfioAp] = [0, 0, 0];
  for (let code = 0; code < queueTable.states.length; code++) {
    const going = moving & inState(code, present, zcrypt, vfioAp);
    if (going === 0) continue;
    const to = codeAfter(step, code, queueTable, (words[row] ?? 0) & 0xff);
    if (to !== UNDETECTED) toPresent |= going;
    if (to === WITH_ZCRYPT) toZcrypt |= going;
    else if (to === WITH_VFIO_AP) toVfioAp |= going;
  }
  words[row + PRESENT + i] = (present & ~moving) | toPresent;
  words[row + ZCRYPT + i] = (zcrypt & ~moving) | toZcrypt;
  words[row + VFIO_AP + i] = (vfioAp & ~moving) | toVfioAp;
}

/** Of 32 queues, those that are in the state of this code. */
function inState(code: number, present: number, zcrypt: number, vfioAp: number): number {
  if (code === UNDETECTED) return ~present;
  if (code === WITH_ZCRYPT) return zcrypt;
  return code === WITH_VFIO_AP ? vfioAp : present & ~zcrypt & ~vfioAp;
}

/** New queues have their order by their domains. */
export function initQueues(
  state: HostState,
  row: number,
  queues: Uint32Array,
  isConfigured: boolean,
  isStopped: boolean,
): void {
  const { words } = state.block;
  touchRow(state, row);
  add(words, row + QUEUE_ONLINE, queues);
  (isConfigured ? add : remove)(words, row + QUEUE_CONFIGURED, queues);
  (isStopped ? add : remove)(words, row + QUEUE_CHECK_STOPPED, queues);
  let order = words[H.registered] ?? 0;
  forEachId(queues, (apqi) => {
    words[row + ORDERS + apqi] = order++;
  });
  words[H.registered] = order;
}

/** Nothing is left of queues that are gone. */
export function clearQueues(state: HostState, row: number, queues: Uint32Array): void {
  const { words } = state.block;
  touchRow(state, row);
  setResetCodes(state, row, queues, 0);
  for (const field of [QUEUE_CONFIGURED, QUEUE_CHECK_STOPPED, QUEUE_ONLINE])
    remove(words, row + field, queues);
  forEachId(queues, (apqi) => {
    words[row + ORDERS + apqi] = 0;
  });
}

/** After which answer to its last reset a queue may be passed to a guest (driver-rules 6.2). */
const isPassable = ({ block: { words } }: HostState, resetCode: number): boolean =>
  resetCode < 32 && (((words[H.passable] ?? 0) >>> resetCode) & 1) !== 0;

/** What the last reset of these queues answered. */
export function setResetCodes(state: HostState, row: number, queues: Uint32Array, code: number): void {
  const { words, bytes } = state.block;
  const isFit = isPassable(state, code);
  for (let i = 0; i < MASK_WORDS; i++) {
    const named = queues[i] ?? 0;
    if (named === 0) continue;
    const coded = words[row + RESET_CODED + i] ?? 0;
    const unfit = words[row + UNFIT + i] ?? 0;
    let changing = code === 0 ? coded & named : named;
    const toUnfit = isFit ? unfit & ~named : unfit | named;
    // Most resets leave what was there, and then there is nothing to undo.
    if (changing === 0 && toUnfit >>> 0 === unfit) continue;
    touchRow(state, row);
    words[row + RESET_CODED + i] = code === 0 ? coded & ~named : coded | named;
    words[row + UNFIT + i] = toUnfit;
    while (changing !== 0) {
      const leading = Math.clz32(changing);
      changing &= ~(0x80000000 >>> leading);
      bytes[resetByte(words, row, i * 32 + leading)] = code;
    }
  }
}
