/**
 * One host without a log: its state, the facts that change it, and what can be seen of it. Nothing below this reads a file or knows Node,
 * so that a page in a browser folds the same facts with the same code.
 */

export { HostState } from '@apledger/host';
export { chainText } from './chain-text.ts';
export { describeChange, describeFact, describeRecorded } from './describe.ts';
export { diffViews } from './diff.ts';
export { applyFact, CannotFold, type FoldableFact } from './fold.ts';
export {
  ABSENT,
  BOUND,
  CONTESTED,
  GRID_CELLS,
  gridOf,
  IN_MDEV,
  MDEV_SHIFT,
  UNBOUND,
  USABLE,
  VFIO_AP_BOUND,
  ZCRYPT_BOUND,
} from './grid.ts';
export { stateOfView } from './restore.ts';
export { type Cell, type HostView, type HostViewJson, mdevsOf, type Owner, viewOf } from './view.ts';
