/**
 * Where each adapter of an mdev is on its way into the guest: the code of its machine's state lies in three bit planes, so that a step
 * of the machine moves 32 adapters at once.
 */
import { type AdapterPlugState, adapterPlugTable, REFUSED, type Step } from '@apledger/machines';
import { ASSIGNED, MASK_WORDS, MDEV_WORDS, PLUG } from './layout.ts';
import { ADAPTER, codeAfter, plugStateOf } from './lifecycles.ts';
import { firstMdev } from './mdev-index.ts';
import type { HostState } from './state.ts';
import { bitOf, overlaps, setBit } from './words.ts';

/** Where the adapter of the mdev at `at` is. */
export const plugOf = (words: Uint32Array, at: number, apid: number): AdapterPlugState =>
  plugStateOf(codeOf(words, at + PLUG + (apid >>> 5), bitOf(apid)));

/** The code of one adapter's state, by its bit in the word at `low` of the first plane. */
const codeOf = (words: Uint32Array, low: number, bit: number): number =>
  (((words[low] ?? 0) & bit) === 0 ? 0 : 1) |
  (((words[low + MASK_WORDS] ?? 0) & bit) === 0 ? 0 : 2) |
  (((words[low + 2 * MASK_WORDS] ?? 0) & bit) === 0 ? 0 : 4);

export function setPlug(words: Uint32Array, at: number, apid: number, plug: AdapterPlugState): void {
  const code = adapterPlugTable.states.indexOf(plug);
  for (let plane = 0; plane < 3; plane++)
    setBit(words, at + PLUG + plane * MASK_WORDS, apid, ((code >>> plane) & 1) !== 0);
}

/** Moves the machine of each of these adapters of the mdev a step on. Throws ImpossibleFact when it refuses one. */
export function advancePlugs(words: Uint32Array, at: number, adapters: Uint32Array, step: Step): void {
  for (let i = 0; i < MASK_WORDS; i++) {
    const moving = adapters[i] ?? 0;
    if (moving !== 0) advanceWord(words, at + PLUG + i, moving, step);
  }
}

/** The same for 32 adapters, whose words lie at `low` in the first plane. */
export function advanceWord(words: Uint32Array, low: number, moving: number, step: Step): void {
  const [middle, high] = [low + MASK_WORDS, low + 2 * MASK_WORDS];
  const first = words[low] ?? 0;
  const second = words[middle] ?? 0;
  const third = words[high] ?? 0;
  let [toFirst, toSecond, toThird] = [first & ~moving, second & ~moving, third & ~moving];
  for (let code = 0, left = moving; left !== 0; code++) {
    const going = left & inState(code, first, second, third);
    if (going === 0) continue;
    left &= ~going;
    const to = codeAfter(step, code, adapterPlugTable);
    if ((to & 1) !== 0) toFirst |= going;
    if ((to & 2) !== 0) toSecond |= going;
    if ((to & 4) !== 0) toThird |= going;
  }
  words[low] = toFirst;
  words[middle] = toSecond;
  words[high] = toThird;
}

/** Of 32 adapters, those whose state has this code. */
const inState = (code: number, first: number, second: number, third: number): number =>
  ((code & 1) === 0 ? ~first : first) &
  ((code & 2) === 0 ? ~second : second) &
  ((code & 4) === 0 ? ~third : third);

/** The queues that an mdev has of this adapter were reset. It only says why an absent adapter is absent. */
function noteReset(block: HostState['block'], low: number, bit: number, step: Step): void {
  const { words } = block;
  if ((step.after[codeOf(words, low, bit)] ?? REFUSED) === REFUSED) return;
  block.touch(low, 2 * MASK_WORDS + 1);
  advanceWord(words, low, bit, step);
}

/**
 * Queues of an adapter were reset, and of those that vfio_ap has of it now, these are unfit for a guest. It concerns the mdevs that hold
 * any of the queues; in one that holds an unfit one the adapter's reset failed.
 */
export function adapterReset(
  { block }: HostState,
  apid: number,
  domains: Uint32Array,
  unfit: Uint32Array,
): void {
  const { words } = block;
  for (let i = 0; i < MASK_WORDS; i++) {
    const some = domains[i] ?? 0;
    if (some === 0) continue;
    // An mdev with domains in two words is found twice: the machine refuses the same reset a second time.
    let at = mdevWith(block, firstMdev(words), apid, i, some);
    for (; at >= 0; at = mdevWith(block, at + MDEV_WORDS, apid, i, some)) {
      const isFailed = overlaps(words, at + ASSIGNED + MASK_WORDS, unfit);
      noteReset(
        block,
        at + PLUG + (apid >>> 5),
        bitOf(apid),
        isFailed ? ADAPTER.resetFailed : ADAPTER.resetDone,
      );
    }
  }
}

/**
 * The first mdev from the one at `from` on that holds the adapter and any of these 32 domains, those in the word `i`; -1 = none. It asks
 * for the domains first, which few mdevs have. A call in its loop would make V8 look up for each mdev where the words are.
 */
function mdevWith(
  { words, used }: HostState['block'],
  from: number,
  apid: number,
  i: number,
  domains: number,
): number {
  const [adapter, bit] = [ASSIGNED + (apid >>> 5), bitOf(apid)];
  const domain = ASSIGNED + MASK_WORDS + i;
  for (let at = from; at < used; at += MDEV_WORDS)
    if (((words[at + domain] ?? 0) & domains) !== 0 && ((words[at + adapter] ?? 0) & bit) !== 0) return at;
  return -1;
}
