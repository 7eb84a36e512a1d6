/** Names in a sentence. */
import { firstNames } from '@apledger/ap';

const MOST = 8;

/** Of many the first eight; a ninth is no longer than the word that there is one more. */
export const someNames = (names: readonly string[]): string =>
  firstNames(names, names.length === MOST + 1 ? MOST + 1 : MOST);
