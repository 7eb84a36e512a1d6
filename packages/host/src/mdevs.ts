/** The mdevs of a host: what they are, and how facts change them. */
import { type ControlledMatrix, forEachId, type Mask256, type Matrix, maskFromWords } from '@apledger/ap';
import { uuidText } from '@apledger/events';
import { type AdapterPlugState, type GuestState, guestTable, hasTag } from '@apledger/machines';
import {
  ASSIGNED,
  ATTACHED,
  EFFECTIVE,
  GUEST_MATRIX,
  H,
  HAS_EFFECTIVE,
  HAS_GUEST_MATRIX,
  LIFECYCLE_SHIFT,
  MASK_WORDS,
  MDEV_FLAGS,
  MDEV_WORDS,
  REMOVING,
  UUID_WORDS,
} from './layout.ts';
import { guestStateOf, ImpossibleFact, INITIAL_GUEST } from './lifecycles.ts';
import { firstMdev } from './mdev-index.ts';
import { plugOf, setPlug } from './plugs.ts';
import type { HostState } from './state.ts';
import { add, copy, firstWord, hasBit, lastWord, overlaps } from './words.ts';

/** Copies lie many in one array: to make an array for each takes longer than to fill it. */
const COPIES_WORDS = 64 * MDEV_WORDS;
let copies = { words: new Uint32Array(COPIES_WORDS), used: 0 };

/** What a KVM guest is called that nothing names. Each mdev has another one: a guest has one mdev only. */
export const unnamedGuest = (uuid: string): string => `unnamed-${uuid}`;

/** An mdev as it was when it was asked for. */
export class Mdev {
  /** Who has it open, null = nobody, or somebody who is no KVM guest. */
  readonly guest: string | null;
  readonly #words: Uint32Array;
  readonly #at: number;
  #uuid: string | undefined;
  #assigned: ControlledMatrix | undefined;
  #guestMatrix: ControlledMatrix | undefined;

  /** Copies the words from `at` on. */
  constructor(words: Uint32Array, at: number, guest: string | null, uuid?: string) {
    if (copies.used === COPIES_WORDS) copies = { words: new Uint32Array(COPIES_WORDS), used: 0 };
    this.#words = copies.words;
    this.#at = copies.used;
    copies.used += MDEV_WORDS;
    copy(this.#words, this.#at, words, at, MDEV_WORDS);
    this.guest = guest;
    this.#uuid = uuid;
  }

  get uuid(): string {
    this.#uuid ??= uuidText(this.#words, this.#at);
    return this.#uuid;
  }

  /** Whether nothing that can be asked of both differs. */
  equals(other: Mdev): boolean {
    if (this.guest !== other.guest) return false;
    for (let i = 0; i < MDEV_WORDS; i++)
      if (this.#words[this.#at + i] !== other.#words[other.#at + i]) return false;
    return true;
  }

  get #flags(): number {
    return this.#words[this.#at + MDEV_FLAGS] ?? 0;
  }

  #matrix(at: number): ControlledMatrix {
    const from = this.#at + at;
    return {
      adapters: maskFromWords(this.#words, from),
      domains: maskFromWords(this.#words, from + MASK_WORDS),
      controlDomains: maskFromWords(this.#words, from + 2 * MASK_WORDS),
    };
  }

  get assigned(): ControlledMatrix {
    this.#assigned ??= this.#matrix(ASSIGNED);
    return this.#assigned;
  }

  /** What the file guest_matrix shows; null where the generation has none now (2019-v2 while nobody has it open). */
  get guestMatrix(): ControlledMatrix | null {
    if ((this.#flags & HAS_GUEST_MATRIX) === 0) return null;
    this.#guestMatrix ??= this.#matrix(GUEST_MATRIX);
    return this.#guestMatrix;
  }

  /** What the attached guest can use, null without one. */
  get effective(): ControlledMatrix | null {
    return (this.#flags & HAS_EFFECTIVE) === 0 ? null : this.#matrix(EFFECTIVE);
  }

  get lifecycle(): GuestState {
    return guestStateOf(this.#flags >>> LIFECYCLE_SHIFT);
  }

  /** True when the guest's own masks follow this mdev. */
  get attached(): boolean {
    return (this.#flags & ATTACHED) !== 0;
  }

  /** A removal waits for the guest to close (driver-rules 5.6). */
  get removing(): boolean {
    return (this.#flags & REMOVING) !== 0;
  }

  /** Where the adapter is on its way into the guest. */
  plugOf(apid: number): AdapterPlugState {
    return plugOf(this.#words, this.#at, apid);
  }

  /** The same for each assigned adapter. */
  get plug(): ReadonlyMap<number, AdapterPlugState> {
    const places = new Map<number, AdapterPlugState>();
    forEachId(this.assigned.adapters, (apid) => {
      places.set(apid, plugOf(this.#words, this.#at, apid));
    });
    return places;
  }
}

/** True while somebody has the mdev open: the machine's tag says so. */
export const isOpen = (mdev: Mdev): boolean => hasTag(guestTable, mdev.lifecycle, 'open');

/** How many mdevs a host can have: `available_instances` of an empty one (driver-rules 4.3). */
export const MAX_MDEVS = 65536;

const mdevCount = ({ block: { words } }: HostState): number => words[H.mdevs] ?? 0;

/** Where the words of the mdev begin, by its place in the order of creation. */
export const mdevAt = ({ block: { words } }: HostState, place: number): number =>
  firstMdev(words) + place * MDEV_WORDS;

const mdevValue = (state: HostState, place: number, uuid?: string): Mdev =>
  new Mdev(state.block.words, mdevAt(state, place), state.texts.guests[place] ?? null, uuid);

/** The UUID that was asked for last, as words: a decision asks for one mdev many times. */
const asked = new Uint32Array(UUID_WORDS);
let askedText = '';

/** The mdev's place, -1 when there is none of that UUID (lower case). */
export function placeOf(state: HostState, uuid: string): number {
  if (uuid !== askedText) {
    askedText = '';
    if (!uuidWords(uuid, asked)) return -1;
    askedText = uuid;
  }
  return state.index.find(state.block.words, asked);
}

/** The mdevs of a host, by UUID, in the order of creation. */
export class Mdevs {
  readonly #state: HostState;

  constructor(state: HostState) {
    this.#state = state;
  }

  get size(): number {
    return mdevCount(this.#state);
  }

  has(uuid: string): boolean {
    return placeOf(this.#state, uuid) >= 0;
  }

  get(uuid: string): Mdev | undefined {
    const place = placeOf(this.#state, uuid);
    return place < 0 ? undefined : mdevValue(this.#state, place, uuid);
  }

  /** The mdev whose UUID is in these four words. */
  at(uuid: Uint32Array): Mdev | undefined {
    const place = this.#state.index.find(this.#state.block.words, uuid);
    return place < 0 ? undefined : mdevValue(this.#state, place);
  }

  *keys(): Generator<string, undefined> {
    const { words } = this.#state.block;
    for (let place = 0; place < this.size; place++) yield uuidText(words, mdevAt(this.#state, place));
  }

  *values(): Generator<Mdev, undefined> {
    for (let place = 0; place < this.size; place++) yield mdevValue(this.#state, place);
  }
}

/** The mdev whose matrix holds the APQN; no two ever do. */
export function mdevOf(state: HostState, apid: number, apqi: number): Mdev | undefined {
  const place = placeWith(state, apid, apqi);
  return place < 0 ? undefined : mdevValue(state, place);
}

/** Whether any mdev's matrix holds the APQN. */
export const isInMdev = (state: HostState, apid: number, apqi: number): boolean =>
  placeWith(state, apid, apqi) >= 0;

/** The domains in which any mdev's matrix holds a queue of the adapter. */
export function domainsInMdevs(state: HostState, apid: number): Mask256 {
  const { words } = state.block;
  const domains = new Uint32Array(MASK_WORDS);
  let at = firstMdev(words) + ASSIGNED;
  for (let place = mdevCount(state); place > 0; place--, at += MDEV_WORDS)
    if (hasBit(words, at, apid)) add(domains, 0, words, at + MASK_WORDS);
  return domains;
}

function placeWith(state: HostState, apid: number, apqi: number): number {
  const { words } = state.block;
  const count = mdevCount(state);
  for (let place = 0, at = firstMdev(words) + ASSIGNED; place < count; place++, at += MDEV_WORDS)
    if (hasBit(words, at, apid) && hasBit(words, at + MASK_WORDS, apqi)) return place;
  return -1;
}

/** The mdev that gives the guest its AP devices; no two ever do. */
export function mdevOfGuest(state: HostState, guest: string): Mdev | undefined {
  for (let place = 0; place < mdevCount(state); place++) {
    if (state.texts.guests[place] !== guest) continue;
    const mdev = mdevValue(state, place);
    if (mdev.attached) return mdev;
  }
  return undefined;
}

/** The newest mdev but `except` that has any APQN of the matrix assigned. */
export function newestWithAny(state: HostState, matrix: Matrix, except?: string): Mdev | undefined {
  const { words } = state.block;
  const [first, last] = [firstWord(matrix.adapters), lastWord(matrix.adapters)];
  const own = except === undefined ? -1 : placeOf(state, except);
  let at = mdevAt(state, mdevCount(state) - 1) + ASSIGNED;
  for (let place = mdevCount(state) - 1; place >= 0; place--, at -= MDEV_WORDS) {
    if (place === own || !overlaps(words, at, matrix.adapters, first, last)) continue;
    if (overlaps(words, at + MASK_WORDS, matrix.domains)) return mdevValue(state, place);
  }
  return undefined;
}

/** Adds an mdev with nothing in it. */
export function addMdev(state: HostState, uuid: Uint32Array): void {
  const { block, index } = state;
  if (index.find(block.words, uuid) >= 0)
    throw new ImpossibleFact(`mdev ${uuidText(uuid, 0)} was created before`);
  const at = mdevAt(state, mdevCount(state));
  block.touch(0, MASK_WORDS * 4);
  block.insert(at, MDEV_WORDS);
  const { words } = block;
  words.set(uuid, at);
  words[at + MDEV_FLAGS] =
    (state.guestMatrixLife === 'always' ? HAS_GUEST_MATRIX : 0) | (INITIAL_GUEST << LIFECYCLE_SHIFT);
  words[H.mdevs] = (words[H.mdevs] ?? 0) + 1;
  state.mdevsMoved = true;
  state.changingGuests().push(null);
}

export function removeMdev(state: HostState, place: number): void {
  const { block, index } = state;
  block.touch(0, MASK_WORDS * 4);
  block.remove(mdevAt(state, place), MDEV_WORDS);
  block.words[H.mdevs] = mdevCount(state) - 1;
  index.forget();
  state.mdevsMoved = true;
  state.changingGuests().splice(place, 1);
}

/** Puts adapters of an mdev into a state: for a host that is made from a view, whose history is not known. */
export function placePlugs(
  state: HostState,
  uuid: string,
  adapters: readonly number[],
  plug: AdapterPlugState,
): void {
  const at = mdevAt(state, placeOf(state, uuid));
  state.block.touch(at, MDEV_WORDS);
  for (const apid of adapters) setPlug(state.block.words, at, apid, plug);
}

/** The four words of a UUID in lower case; false for any other text. */
function uuidWords(text: string, into: Uint32Array): boolean {
  if (text.length !== 36) return false;
  let digits = 0;
  for (let i = 0; i < 36; i++) {
    const code = text.charCodeAt(i);
    if (code === 45 && (i === 8 || i === 13 || i === 18 || i === 23)) continue;
    const digit = code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1;
    if (digit < 0) return false;
    const word = digits >>> 3;
    into[word] = (digits & 7) === 0 ? digit : ((into[word] ?? 0) << 4) | digit;
    digits++;
  }
  return digits === 32;
}
