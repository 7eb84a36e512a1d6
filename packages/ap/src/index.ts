/**
 * The vocabulary of the AP bus.
 *
 * An adapter (APID) and a domain (APQI) together name a queue (APQN, `05.0047`). Sets of either are 256-bit
 * masks with bit 0 leftmost; a matrix is the Cartesian product of an adapter mask and a domain mask. Here are
 * their values, their set operations, and the texts by which the kernel reads and shows them. This package
 * knows no event and no rule about who may have what, and depends on nothing.
 */
export { parseApConfig } from './ap-config-text.ts';
export {
  type Apqn,
  apidOf,
  apqiOf,
  apqn,
  formatApid,
  formatApqi,
  formatApqn,
  formatCard,
  parseApqn,
  parseApqns,
  parseCard,
  readApqn,
} from './apqn.ts';
export {
  and,
  andNot,
  count,
  EMPTY_MASK,
  equals,
  FULL_MASK,
  firstId,
  forEachId,
  formatMask,
  has,
  idsOf,
  intersects,
  isEmpty,
  MASK_BITS,
  MASK_WORDS,
  type Mask256,
  maskFromWords,
  maskOf,
  maskOfRange,
  or,
  withBit,
  withoutBit,
} from './mask.ts';
export { maskFromHex, parseAbsoluteMask, parseBusMask } from './mask-text.ts';
export {
  apqnsOf,
  apqnsWithout,
  type ControlledMatrix,
  commonMatrix,
  EMPTY_MATRIX,
  equalMatrices,
  forEachApqn,
  formatApConfigFile,
  formatControlDomainsFile,
  formatMatrixFile,
  idsOfMatrix,
  type Matrix,
  matricesOverlap,
  matrixHas,
} from './matrix.ts';
export { firstNames } from './names.ts';
export { cString, type NumberOverflow, parseKernelNumber } from './number.ts';
export { documentCell, drawGrid, drawTable, fitsOnPage, formatIds } from './table.ts';
