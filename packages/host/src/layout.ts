/**
 * Where each thing of a host lies: one block of 32-bit words, in the machine's byte order.
 *
 *     header    HEADER_WORDS words: numbers, masks, what is plugged into each adapter slot
 *     cards     one row of `rowWords` for each card, by ascending APID
 *     mdevs     MDEV_WORDS for each mdev, in the order of creation
 *
 * The block is canonical: the same facts give the same words, however often the block grew on the way. So equality of hosts is
 * equality of bytes. Masks are eight words with bit 0 leftmost, as in `@apledger/ap`.
 */

import type { GuestMatrixLife } from '@apledger/events';

/** Words of a 256-bit mask, of a matrix (adapters, domains, control domains), of a UUID. */
export const MASK_WORDS = 8;
export const MATRIX_WORDS = 3 * MASK_WORDS;
export const UUID_WORDS = 4;

/** Marks the layout; a block with another mark was made by another version or on a machine of another byte order. */
export const MAGIC = 0x4150_4c01;

/** Numbers of the header. Those from REVISION to POLL_TIMEOUT are doubles and take two words each. */
export const H = {
  magic: 0,
  /** 0 = no fact was folded; else the revision + 1. */
  revisionPlus1: 1,
  position: 2,
  occurredAt: 4,
  pollTimeout: 6,
  /** Wire code of the driver's generation; 0 = the host is not registered. */
  generation: 8,
  flags: 9,
  maxAdapter: 10,
  maxDomain: 11,
  scans: 12,
  bindingsCompleted: 13,
  /** How many queues were ever registered: the next one's order. */
  registered: 14,
  apDomain: 15,
  configTime: 16,
  pollThread: 17,
  /** Domains that a row has room for, and the words of a row. */
  domains: 18,
  rowWords: 19,
  cards: 20,
  mdevs: 21,
  /** When an mdev has a guest matrix: a MATRIX_LIVES. */
  matrixLife: 22,
  /** Bit n = a queue whose last reset answered n may be passed to a guest (driver-rules 6.2). */
  passable: 23,
} as const;

/** Flags of the header. */
export const QCI = 1;
export const APXA = 2;
/** A probe happened since the last time that all queues were bound (driver-rules 10). */
export const BINDINGS_ARMED = 4;
/** vfio_ap is not loaded. The other way round, the states of older logs would say so. */
export const VFIO_AP_MISSING = 8;

/** By number, as the header holds it. */
export const MATRIX_LIVES = ['always', 'whileOpen', 'never'] as const satisfies readonly GuestMatrixLife[];

/** Masks of the header. */
export const APMASK = 24;
export const AQMASK = APMASK + MASK_WORDS;
/** QCI as the bus last fetched it, and as the hardware has it now. */
export const CONFIG = AQMASK + MASK_WORDS;
export const HARDWARE_CONFIG = CONFIG + MATRIX_WORDS;
export const CHECK_STOPPED = HARDWARE_CONFIG + MATRIX_WORDS;
export const DECONFIGURED = CHECK_STOPPED + MASK_WORDS;
/** Which adapters have a card, and in 256 bytes the number of its row. */
export const CARDS = DECONFIGURED + MASK_WORDS;
export const ROW_OF = CARDS + MASK_WORDS;
/** Two words for each adapter slot: `type | mode << 8 | KNOWN`, functions. */
export const SLOTS = ROW_OF + 64;
export const SLOT_KNOWN = 1 << 16;
/** Epoch of the agent that watches the host; 0 = nobody watches it, it is simulated. */
export const AGENT_EPOCH = SLOTS + 512;
export const HEADER_WORDS = AGENT_EPOCH + 2;

/** A card's row: `apid | type << 8 | mode << 16 | flags << 24`, functions, masks over its domains; then one order for each domain, and one byte. */
export const CARD = 0;
export const FUNCTIONS = 1;
export const PRESENT = 2;
export const ZCRYPT = PRESENT + MASK_WORDS;
export const VFIO_AP = ZCRYPT + MASK_WORDS;
export const QUEUE_CONFIGURED = VFIO_AP + MASK_WORDS;
export const QUEUE_CHECK_STOPPED = QUEUE_CONFIGURED + MASK_WORDS;
export const QUEUE_ONLINE = QUEUE_CHECK_STOPPED + MASK_WORDS;
/** Queues whose last reset by vfio_ap leaves them unfit for a guest (driver-rules 6.2). */
export const UNFIT = QUEUE_ONLINE + MASK_WORDS;
/** Queues whose last reset answered anything but 0. */
export const RESET_CODED = UNFIT + MASK_WORDS;
export const ORDERS = RESET_CODED + MASK_WORDS;
/** The last reset codes follow the orders, four in a word. */
export const rowWordsOf = (domains: number): number => ORDERS + domains + domains / 4;

/** Flags of a card. */
export const CARD_CONFIGURED = 1;
export const CARD_CHECK_STOPPED = 2;
export const CARD_ONLINE = 4;

/** An mdev: UUID, `flags | lifecycle << 8`, three matrices, three bit planes of its adapters' plug states. */
export const MDEV_FLAGS = UUID_WORDS;
export const ASSIGNED = 8;
export const GUEST_MATRIX = ASSIGNED + MATRIX_WORDS;
export const EFFECTIVE = GUEST_MATRIX + MATRIX_WORDS;
export const PLUG = EFFECTIVE + MATRIX_WORDS;
export const PLUG_WORDS = 3 * MASK_WORDS;
export const MDEV_WORDS = PLUG + PLUG_WORDS;

/** Flags of an mdev. */
export const HAS_GUEST_MATRIX = 1;
export const HAS_EFFECTIVE = 2;
export const ATTACHED = 4;
export const REMOVING = 8;
export const LIFECYCLE_SHIFT = 8;

/**
 * The version of what a state's bytes mean: a state that was kept by another version is not used. Raise it when the layout changes, or
 * what `evolve` makes of a fact; test/architecture/state-version.test.ts notices.
 */
export const STATE_VERSION = 4;
