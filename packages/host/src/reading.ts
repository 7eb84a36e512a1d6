/** The packed fact that is being folded: one at a time, so that nothing is made anew for each. */
import { PackedReader } from '@apledger/events';
import { MASK_WORDS, MATRIX_WORDS, UUID_WORDS } from './layout.ts';
import { ImpossibleFact } from './lifecycles.ts';
import type { HostState } from './state.ts';

export const reader = new PackedReader();
export const uuid = new Uint32Array(UUID_WORDS);
export const mask = new Uint32Array(MASK_WORDS);
export const matrix = new Uint32Array(MATRIX_WORDS);

export function readMatrix(words: Uint32Array, at: number): void {
  for (let field = 0; field < MATRIX_WORDS; field += MASK_WORDS) reader.ids(words, at + field);
}

export const readOptional = (): string | null => (reader.u8() === 0 ? null : (reader.text() ?? ''));

export function requireHost(state: HostState): void {
  if (!state.isRegistered) throw new ImpossibleFact('a stream begins with HostRegistered');
}
