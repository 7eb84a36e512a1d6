/** Linux 6.1, the first kernel with hot plug that distributions kept (driver-rules-older). */
import { hashOrder } from '../rules/hash-order.ts';
import { LIFECYCLE_ERRNOS } from '../rules/lifecycle-refusals.ts';
import { resetTwice, synchronousResetErrno } from '../rules/reset.ts';
import { mainline, refuseRealTakeover, unplugAndResetQueue } from './mainline.ts';

export const linux61 = mainline({
  numberOverflow: 'wrap',
  /** The group's file is still open. */
  errnos: { ...LIFECYCLE_ERRNOS, beingRemoved: 'EBUSY' },
  addedFiles: [],
  parameterMode: 0o440,
  servedTypes: { oldest: 6, newest: 14 },
  scansPollAttributes: true,
  resetsThrownOut: false,
  removalEmptiesGuest: false,
  refuseMask: refuseRealTakeover,
  queueUnbinding: unplugAndResetQueue,
  letGo: resetTwice,
  reset: resetTwice,
  inResetOrder: hashOrder,
  resetErrno: synchronousResetErrno,
});
