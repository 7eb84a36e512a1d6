/** The cards of a host and their queues: what can be asked of them. How facts change them: rows.ts. */
import {
  type Apqn,
  apidOf,
  apqiOf,
  count,
  EMPTY_MASK,
  has,
  idsOf,
  type Mask256,
  maskFromWords,
} from '@apledger/ap';
import type { QueueDriver } from '@apledger/events';
import type { QueueState } from '@apledger/machines';
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
  ROW_OF,
  UNFIT,
  VFIO_AP,
  ZCRYPT,
} from './layout.ts';
import { type CardHardware, type HostState, MODES } from './state.ts';
import { hasBit, overlaps } from './words.ts';

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
  return row >= 0 && overlaps(state.block.words, row + QUEUES[which], domains);
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

export const resetByte = (words: Uint32Array, row: number, apqi: number): number =>
  4 * (row + ORDERS + (words[H.domains] ?? 0)) + apqi;
