/** The cards of a host and their queues: what they are, and how facts change them. */
import {
  type Apqn,
  apidOf,
  apqiOf,
  count,
  EMPTY_MASK,
  forEachId,
  has,
  idsOf,
  type Mask256,
  maskFromWords,
} from '@apledger/ap';
import type { QueueDriver } from '@apledger/events';
import { type QueueState, queueTable, type Step } from '@apledger/machines';
import {
  CARD,
  CARD_CHECK_STOPPED,
  CARD_CONFIGURED,
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
import { add, bitsBelow, hasBit, overlaps, remove, setBit } from './words.ts';

export interface Card extends CardHardware {
  readonly configured: boolean;
  readonly checkStopped: boolean;
  readonly online: boolean;
  /** By APQI, ascending; as they are now, not as they were when the card was asked for. */
  readonly queues: Queues;
}

export interface Queue {
  /** Counts up over the host: devices are walked in the order of their registration (driver-rules 3.2). */
  readonly order: number;
  readonly state: QueueState;
  /** What the queue's last reset by vfio_ap answered; 0 after binding (driver-rules 6.2 "passable"). */
  readonly resetCode: number;
  readonly driverOverride: string | null;
  readonly configured: boolean;
  readonly checkStopped: boolean;
  readonly online: boolean;
}

/** CEX4: the oldest type that vfio_ap and zcrypt's present driver serve (driver-rules-older 2). */
export const CEX4 = 10;
const CEX2A = 6;
const CEX3A = 8;

/** The host's own driver for queues of a hardware type (driver-rules-older 2). */
export function zcryptDriverOf(type: number): Exclude<QueueDriver, 'vfio_ap'> {
  if (type >= CEX4) return 'cex4queue';
  return type === CEX2A || type === CEX3A ? 'cex2aqueue' : 'cex2cqueue';
}

/** Hardware type of the card device; 0 when there is none. */
export function cardType(state: HostState, apid: number): number {
  const row = rowOf(state, apid);
  return row < 0 ? 0 : ((state.block.words[row + CARD] ?? 0) >>> 8) & 0xff;
}

/** The driver whose name a queue's `driver` link shows; null when it is bound to none, or not there. */
export function driverOf(state: HostState, queue: Apqn): QueueDriver | null {
  const [apid, apqi] = [apidOf(queue), apqiOf(queue)];
  const row = rowOf(state, apid);
  const { words } = state.block;
  if (row < 0) return null;
  if (hasBit(words, row + ZCRYPT, apqi)) return zcryptDriverOf(cardType(state, apid));
  return hasBit(words, row + VFIO_AP, apqi) ? 'vfio_ap' : null;
}

/** The queues of one card, by APQI, ascending. */
export class Queues {
  readonly #state: HostState;
  readonly #apid: number;

  constructor(state: HostState, apid: number) {
    this.#state = state;
    this.#apid = apid;
  }

  get size(): number {
    return count(queuesOf(this.#state, this.#apid));
  }

  has(apqi: number): boolean {
    return has(queuesOf(this.#state, this.#apid), apqi);
  }

  get(apqi: number): Queue | undefined {
    return queueOf(this.#state, this.#apid, apqi);
  }

  keys(): number[] {
    return idsOf(queuesOf(this.#state, this.#apid));
  }

  *values(): Generator<Queue, undefined> {
    for (const [, queue] of this) yield queue;
  }

  *[Symbol.iterator](): Generator<[number, Queue], undefined> {
    for (const apqi of this.keys()) {
      const queue = this.get(apqi);
      if (queue !== undefined) yield [apqi, queue];
    }
  }
}

/** The cards of a host, by APID, ascending. */
export class Cards {
  readonly #state: HostState;

  constructor(state: HostState) {
    this.#state = state;
  }

  get size(): number {
    return this.#state.block.words[H.cards] ?? 0;
  }

  has(apid: number): boolean {
    return rowOf(this.#state, apid) >= 0;
  }

  get(apid: number): Card | undefined {
    return cardOf(this.#state, apid);
  }

  /** The APIDs. */
  get mask(): Mask256 {
    return maskFromWords(this.#state.block.words, CARDS);
  }

  keys(): number[] {
    return idsOf(this.mask);
  }

  *values(): Generator<Card, undefined> {
    for (const [, card] of this) yield card;
  }

  *[Symbol.iterator](): Generator<[number, Card], undefined> {
    for (const apid of this.keys()) {
      const card = cardOf(this.#state, apid);
      if (card !== undefined) yield [apid, card];
    }
  }
}

/** Masks over the domains of a card. */
export const QUEUES = {
  all: PRESENT,
  zcrypt: ZCRYPT,
  vfioAp: VFIO_AP,
  configured: QUEUE_CONFIGURED,
  checkStopped: QUEUE_CHECK_STOPPED,
  online: QUEUE_ONLINE,
  unfit: UNFIT,
} as const;

/** Where the adapter's row begins, -1 when it has no card. */
export function rowOf({ block: { words, bytes } }: HostState, apid: number): number {
  if (!hasBit(words, CARDS, apid)) return -1;
  return HEADER_WORDS + (bytes[4 * ROW_OF + apid] ?? 0) * (words[H.rowWords] ?? 0);
}

/** The row of a card that a fact names. */
export function cardRow(state: HostState, apid: number): number {
  const row = rowOf(state, apid);
  if (row < 0) throw new ImpossibleFact(`there is no card ${apid}`);
  return row;
}

function cardOf(state: HostState, apid: number): Card | undefined {
  const row = rowOf(state, apid);
  if (row < 0) return undefined;
  const { words } = state.block;
  const card = words[row + CARD] ?? 0;
  const flags = card >>> 24;
  return {
    type: (card >>> 8) & 0xff,
    mode: MODES[(card >>> 16) & 0xff] ?? 'C',
    functions: words[row + FUNCTIONS] ?? 0,
    configured: (flags & CARD_CONFIGURED) !== 0,
    checkStopped: (flags & CARD_CHECK_STOPPED) !== 0,
    online: (flags & CARD_ONLINE) !== 0,
    queues: new Queues(state, apid),
  };
}

/** The domains of a card's queues, or of those in one state; empty without a card. */
export function queuesOf(state: HostState, apid: number, which: keyof typeof QUEUES = 'all'): Mask256 {
  const row = rowOf(state, apid);
  return row < 0 ? EMPTY_MASK : maskFromWords(state.block.words, row + QUEUES[which]);
}

/** Whether the card has queues in all of these domains, or has them all in one state. */
export function hasQueues(
  state: HostState,
  apid: number,
  domains: Mask256,
  which: keyof typeof QUEUES = 'all',
): boolean {
  const row = rowOf(state, apid);
  const { words } = state.block;
  const at = row + QUEUES[which];
  for (let i = 0; i < MASK_WORDS; i++)
    if (((domains[i] ?? 0) & ~(row < 0 ? 0 : (words[at + i] ?? 0))) !== 0) return false;
  return true;
}

/** Whether the card has any queue of these domains in the state. */
export function hasAnyQueue(
  state: HostState,
  apid: number,
  domains: Mask256,
  which: keyof typeof QUEUES,
): boolean {
  const row = rowOf(state, apid);
  return row >= 0 && overlaps(state.block.words, row + QUEUES[which], domains, 0);
}

export function queueOf(state: HostState, apid: number, apqi: number): Queue | undefined {
  const row = rowOf(state, apid);
  const { words, bytes } = state.block;
  if (row < 0 || !hasBit(words, row + PRESENT, apqi)) return undefined;
  return {
    order: words[row + ORDERS + apqi] ?? 0,
    state: hasBit(words, row + ZCRYPT, apqi)
      ? 'zcrypt'
      : hasBit(words, row + VFIO_AP, apqi)
        ? 'vfio_ap'
        : 'unbound',
    resetCode: bytes[resetByte(words, row, apqi)] ?? 0,
    driverOverride: state.override((apid << 8) | apqi),
    configured: hasBit(words, row + QUEUE_CONFIGURED, apqi),
    checkStopped: hasBit(words, row + QUEUE_CHECK_STOPPED, apqi),
    online: hasBit(words, row + QUEUE_ONLINE, apqi),
  };
}

export function isBoundToVfio(state: HostState, apid: number, apqi: number): boolean {
  const row = rowOf(state, apid);
  return row >= 0 && hasBit(state.block.words, row + VFIO_AP, apqi);
}

/** Places the queues in the order of their registration, in which the kernel walks devices (driver-rules 3.2). */
export function inOrder(state: HostState, queues: Apqn[]): Apqn[] {
  const { words } = state.block;
  const order = (queue: Apqn): number => words[rowOf(state, apidOf(queue)) + ORDERS + apqiOf(queue)] ?? 0;
  return queues.sort((a, b) => order(a) - order(b));
}

const resetByte = (words: Uint32Array, row: number, apqi: number): number =>
  4 * (row + ORDERS + (words[H.domains] ?? 0)) + apqi;

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
  for (let i = 0; i < MASK_WORDS; i++) {
    const coded = words[row + RESET_CODED + i] ?? 0;
    let changing = code === 0 ? coded & (queues[i] ?? 0) : (queues[i] ?? 0);
    while (changing !== 0) {
      const leading = Math.clz32(changing);
      changing &= ~(0x80000000 >>> leading);
      bytes[resetByte(words, row, i * 32 + leading)] = code;
    }
  }
  (code === 0 ? remove : add)(words, row + RESET_CODED, queues);
  (isPassable(state, code) ? remove : add)(words, row + UNFIT, queues);
}
