/** Linux 6.12 (driver-rules 9). */
import { LIFECYCLE_ERRNOS } from '../rules/lifecycle-refusals.ts';
import { vfioReset } from '../rules/reset.ts';
import {
  type Differences,
  letGoConfigured,
  mainline,
  refuseRealTakeover,
  unplugAdapter,
} from './mainline.ts';

export const linux612Differences: Differences = {
  numberOverflow: 'wrap',
  errnos: LIFECYCLE_ERRNOS,
  addedFiles: ['bus/features', 'matrix/features', 'mdev/ap_config', 'queue/ap_functions'],
  parameterMode: 0o440,
  servedTypes: { oldest: 10, newest: 14 },
  scansPollAttributes: false,
  resetsThrownOut: true,
  removalEmptiesGuest: false,
  refuseMask: refuseRealTakeover,
  queueUnbinding: unplugAdapter,
  letGo: letGoConfigured,
  reset: vfioReset,
  inResetOrder: (queues) => queues,
  resetErrno: (responseCode) => (responseCode === 0 ? undefined : 'EIO'),
};

export const linux612 = mainline(linux612Differences);
