/**
 * What a host is: a block of words (layout.ts), and the few texts that belong to it.
 *
 * There is one such state. The driver's rules decide on it, projections show it, sysfs reads it, what-if forks it. Facts change it in
 * place (`evolve`); everybody else reads. What the reading functions give are values: they do not change when the host does.
 */
import { type Apqn, type ControlledMatrix, type Mask256, maskFromWords } from '@apledger/ap';
import {
  type BusAttribute,
  type CardMode,
  type Generation,
  type GuestMatrixLife,
  generationOfCode,
} from '@apledger/events';
import { Block } from './block.ts';
import { Cards } from './cards.ts';
import {
  AGENT_EPOCH,
  APMASK,
  APXA,
  AQMASK,
  BINDINGS_ARMED,
  CONFIG,
  H,
  HARDWARE_CONFIG,
  HEADER_WORDS,
  MAGIC,
  MASK_WORDS,
  MATRIX_LIVES,
  MDEV_WORDS,
  QCI,
  SLOT_KNOWN,
  SLOTS,
  VFIO_AP_MISSING,
} from './layout.ts';
import { MdevIndex } from './mdev-index.ts';
import { Mdevs } from './mdevs.ts';
import { copyOf, noTexts, type Texts, textsJson, textsOfJson } from './texts.ts';

/** What is plugged into an adapter slot. Type 0 = nothing, 6..9 = CEX2 and CEX3, 10..14 = CEX4..CEX8. */
export interface CardHardware {
  readonly type: number;
  readonly mode: CardMode;
  /** Facility bits of the card, as `ap_functions` shows them. */
  readonly functions: number;
}

/** What QCI says of the machine. */
interface HardwareState {
  readonly qci: boolean;
  readonly apxa: boolean;
  /** QCI's highest adapter and domain numbers; they count only with APXA. */
  readonly maxAdapter: number;
  readonly maxDomain: number;
}

/** Words of the header on which no assignment depends. */
const UNRELATED: readonly number[] = [
  H.revisionPlus1,
  H.position,
  H.position + 1,
  H.occurredAt,
  H.occurredAt + 1,
  H.pollTimeout,
  H.pollTimeout + 1,
  H.scans,
  H.bindingsCompleted,
  H.configTime,
  H.pollThread,
  AGENT_EPOCH,
];

export const MODES: readonly CardMode[] = ['A', 'C', 'P'];

export class HostState {
  /** For this package alone. */
  block: Block;
  texts: Texts;
  readonly index: MdevIndex;
  readonly cards = new Cards(this);
  readonly mdevs = new Mdevs(this);
  /** Mdevs came or went since `begin`. */
  mdevsMoved = false;
  #textsBefore: Texts | undefined;
  #isTrying = false;

  /** A host of which no fact is known. */
  constructor(block = emptyBlock(), texts = noTexts(), index = new MdevIndex()) {
    this.block = block;
    this.texts = texts;
    this.index = index;
  }

  /** A copy that shares nothing with this one. */
  fork(): HostState {
    return new HostState(this.block.fork(), copyOf(this.texts), this.index.fork());
  }

  /** Whether both are the same in every bit. */
  equals(other: HostState): boolean {
    return this.block.equals(other.block) && textsJson(this.texts) === textsJson(other.texts);
  }

  /**
   * Whether decisions on both come out the same: masks, devices and who has them, mdevs, guests. Which fact is the last, how often the bus
   * was scanned, and the attributes that only time the bus do not count.
   */
  hasMatricesOf(other: HostState): boolean {
    const [mine, theirs] = [this.fork(), other.fork()];
    for (const { block } of [mine, theirs]) for (const at of UNRELATED) block.words[at] = 0;
    return mine.equals(theirs);
  }

  /**
   * The state as bytes: the used words, then the texts as JSON in UTF-8. A snapshot is these bytes. Their length in words is the first
   * of the 4-byte numbers before them.
   */
  toBytes(): Uint8Array<ArrayBuffer> {
    const texts = new TextEncoder().encode(textsJson(this.texts));
    const { used, bytes } = this.block;
    const all = new Uint8Array(4 + 4 * used + texts.length);
    new DataView(all.buffer).setUint32(0, used);
    all.set(bytes.subarray(0, 4 * used), 4);
    all.set(texts, 4 + 4 * used);
    return all;
  }

  /** The state of bytes that `toBytes` made on a machine of this byte order; undefined for any others. */
  static ofBytes(bytes: Uint8Array): HostState | undefined {
    if (bytes.length < 4) return undefined;
    const used = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    if (used < HEADER_WORDS || 4 + 4 * used > bytes.length) return undefined;
    const texts = textsOfJson(new TextDecoder().decode(bytes.subarray(4 + 4 * used)));
    const block = new Block(used);
    block.bytes.set(bytes.subarray(4, 4 + 4 * used));
    const { words } = block;
    const expected =
      HEADER_WORDS + (words[H.cards] ?? 0) * (words[H.rowWords] ?? 0) + (words[H.mdevs] ?? 0) * MDEV_WORDS;
    if (texts === undefined || words[H.magic] !== MAGIC || used !== expected) return undefined;
    return texts.guests.length === words[H.mdevs] ? new HostState(block, texts) : undefined;
  }

  /** From here on every change can be undone, once. */
  begin(): void {
    this.block.begin();
    this.mdevsMoved = false;
    this.#isTrying = true;
  }

  /** The host is again what it was at `begin`. */
  rollback(): void {
    this.block.rollback();
    if (this.mdevsMoved) this.index.forget();
    if (this.#textsBefore !== undefined) this.texts = this.#textsBefore;
    this.#textsBefore = undefined;
    this.#isTrying = false;
  }

  /** The texts, of which single ones are about to be replaced. */
  changingTexts(): Texts {
    if (this.#isTrying && this.#textsBefore === undefined) {
      this.#textsBefore = this.texts;
      this.texts = { ...this.texts };
    }
    return this.texts;
  }

  /** The names of the guests, about to change. */
  changingGuests(): Texts['guests'] {
    const texts = this.changingTexts();
    if (this.#textsBefore?.guests === texts.guests) texts.guests = [...texts.guests];
    return texts.guests;
  }

  /** The driver overrides, about to change. */
  changingOverrides(): Texts['overrides'] {
    const texts = this.changingTexts();
    if (this.#textsBefore?.overrides === texts.overrides) texts.overrides = new Map(texts.overrides);
    return texts.overrides;
  }

  /** The injected faults, about to change. */
  changingFaults(): Texts['resetFaults'] {
    const texts = this.changingTexts();
    if (this.#textsBefore?.resetFaults === texts.resetFaults) texts.resetFaults = new Map(texts.resetFaults);
    return texts.resetFaults;
  }

  /** Starts anew; everything that was known is gone. */
  reset(): void {
    this.block.touch(0, this.block.used);
    const { revision, position, occurredAt } = this;
    this.block.words.fill(0);
    this.block.used = HEADER_WORDS;
    this.block.words[H.magic] = MAGIC;
    this.index.forget();
    this.mdevsMoved = true;
    Object.assign(this.changingTexts(), noTexts());
    this.place(revision, position, occurredAt);
  }

  /** Epoch of the agent that watches the host; 0 = nobody does: the host is simulated. */
  get agentEpoch(): number {
    return this.#word(AGENT_EPOCH);
  }

  #word(at: number): number {
    return this.block.words[at] ?? 0;
  }

  #mask(at: number): Mask256 {
    return maskFromWords(this.block.words, at);
  }

  #matrix(at: number): ControlledMatrix {
    return {
      adapters: this.#mask(at),
      domains: this.#mask(at + MASK_WORDS),
      controlDomains: this.#mask(at + 2 * MASK_WORDS),
    };
  }

  /** Revision of the last fact folded, -1 before the first. */
  get revision(): number {
    return this.#word(H.revisionPlus1) - 1;
  }

  /** Position of the last fact folded, 0 before the first. */
  get position(): number {
    return this.block.doubles[H.position / 2] ?? 0;
  }

  /** When the last fact happened; milliseconds since 1970 UTC. */
  get occurredAt(): number {
    return this.block.doubles[H.occurredAt / 2] ?? 0;
  }

  /** The fact with which the state stands. */
  place(revision: number, position: number, occurredAt: number): void {
    this.block.touch(0, 8);
    this.block.words[H.revisionPlus1] = revision + 1;
    this.block.doubles[H.position / 2] = position;
    this.block.doubles[H.occurredAt / 2] = occurredAt;
  }

  /** False until the host's first fact: there is nothing to see before. */
  get isRegistered(): boolean {
    return this.#word(H.generation) !== 0;
  }

  get name(): string {
    return this.texts.name;
  }

  /** The driver's generation. Throws before the host is registered. */
  get driver(): Generation {
    const generation = generationOfCode(this.#word(H.generation));
    if (generation === undefined) throw new Error('the host is not registered');
    return generation;
  }

  /** The machine below the bus. What changes here is noticed at the next scan. */
  get hardware(): HardwareState {
    const flags = this.#word(H.flags);
    return {
      qci: (flags & QCI) !== 0,
      apxa: (flags & APXA) !== 0,
      maxAdapter: this.#word(H.maxAdapter),
      maxDomain: this.#word(H.maxDomain),
    };
  }

  /** Whether the module vfio_ap is loaded: without it there is no matrix device, and nobody serves the queues of guests. */
  get isVfioApLoaded(): boolean {
    return (this.#word(H.flags) & VFIO_AP_MISSING) === 0;
  }

  get bindingsArmed(): boolean {
    return (this.#word(H.flags) & BINDINGS_ARMED) !== 0;
  }

  /** When its mdevs have a guest matrix. */
  get guestMatrixLife(): GuestMatrixLife {
    return MATRIX_LIVES[this.#word(H.matrixLife)] ?? 'always';
  }

  get apmask(): Mask256 {
    return this.#mask(APMASK);
  }

  get aqmask(): Mask256 {
    return this.#mask(AQMASK);
  }

  /** QCI as the bus last fetched it. */
  get config(): ControlledMatrix {
    return this.#matrix(CONFIG);
  }

  /** QCI as the hardware has it. What differs is noticed at the next scan. */
  get hardwareConfig(): ControlledMatrix {
    return this.#matrix(HARDWARE_CONFIG);
  }

  get bootParameters(): { readonly apmask: string | null; readonly aqmask: string | null } {
    return { apmask: this.texts.bootApmask, aqmask: this.texts.bootAqmask };
  }

  get attributes(): Readonly<Record<BusAttribute, number>> {
    return {
      ap_domain: this.#word(H.apDomain) | 0,
      config_time: this.#word(H.configTime),
      poll_thread: this.#word(H.pollThread),
      poll_timeout: this.block.doubles[H.pollTimeout / 2] ?? 0,
    };
  }

  get scans(): number {
    return this.#word(H.scans);
  }

  get bindingsCompleted(): number {
    return this.#word(H.bindingsCompleted);
  }

  /** What is plugged into the slot, undefined when nothing was said about it. */
  slot(apid: number): CardHardware | undefined {
    const word = this.#word(SLOTS + 2 * apid);
    if ((word & SLOT_KNOWN) === 0) return undefined;
    return {
      type: word & 0xff,
      mode: MODES[(word >>> 8) & 0xff] ?? 'C',
      functions: this.#word(SLOTS + 2 * apid + 1),
    };
  }

  /** The type of what is plugged into the slot, undefined when nothing was said about it. */
  slotType(apid: number): number | undefined {
    const word = this.#word(SLOTS + 2 * apid);
    return (word & SLOT_KNOWN) === 0 ? undefined : word & 0xff;
  }

  /** The queues that have a driver_override, ascending. */
  overriddenQueues(): Apqn[] {
    return [...this.texts.overrides.keys()].sort((a, b) => a - b);
  }

  /** The queue's driver_override, null without one. */
  override(queue: Apqn): string | null {
    return this.texts.overrides.get(queue) ?? null;
  }

  /** Codes that the next ZAPQs of the queue will answer. */
  resetFaults(queue: Apqn): readonly number[] {
    return this.texts.resetFaults.get(queue) ?? [];
  }
}

function emptyBlock(): Block {
  const block = new Block(HEADER_WORDS);
  block.words[H.magic] = MAGIC;
  return block;
}
