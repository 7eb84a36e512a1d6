/** Facts about the host as a whole: how it comes up, what is plugged into it, what the bus is told. */
import { CorruptPayload, GENERATIONS, generationOfCode } from '@apledger/events';
import {
  APMASK,
  APXA,
  AQMASK,
  BINDINGS_ARMED,
  CONFIG,
  H,
  HARDWARE_CONFIG,
  HEADER_WORDS,
  MASK_WORDS,
  MATRIX_LIVES,
  MATRIX_WORDS,
  QCI,
  rowWordsOf,
  SLOT_KNOWN,
  SLOTS,
  VFIO_AP_MISSING,
} from './layout.ts';
import { ImpossibleFact } from './lifecycles.ts';
import { matrix, reader, readMatrix, readOptional } from './reading.ts';
import type { HostState } from './state.ts';
import { copy } from './words.ts';

/** The bus as it comes up (driver-rules 2). */
export function register(state: HostState): void {
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

export function setHostFlag({ block }: HostState, flag: number, isSet: boolean): void {
  block.touch(H.flags, 1);
  const flags = block.words[H.flags] ?? 0;
  block.words[H.flags] = isSet ? flags | flag : flags & ~flag;
}

/** A kernel that has just started: what the hardware is and what was written into the boot parameters is all that is left. */
export function reboot(state: HostState): void {
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

export function changeHardware(state: HostState): void {
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

export function injectFault(state: HostState): void {
  const queue = reader.u16();
  const resetFaults = state.changingFaults();
  const codes = [...(resetFaults.get(queue) ?? [])];
  for (let count = reader.u16(); count > 0; count--) codes.push(reader.u8());
  resetFaults.set(queue, codes);
}

export function changeAttribute({ block }: HostState): void {
  const which = reader.u8();
  const value = reader.f64();
  block.touch(0, 32);
  if (which === 0) block.words[H.apDomain] = value;
  else if (which === 1) block.words[H.configTime] = value;
  else if (which === 2) block.words[H.pollThread] = value;
  else block.doubles[H.pollTimeout / 2] = value;
}
