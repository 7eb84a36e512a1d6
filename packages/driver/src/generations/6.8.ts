/**
 * Linux 6.6 to 6.11 as distributions have it: 6.12 before `ap_config` (driver-rules-older 12). Read, not run: no vectors hold it to
 * the kernel's answers.
 */
import { DECONFIGURED } from '../hardware.ts';
import { linux612Differences } from './6.12.ts';
import { mainline } from './mainline.ts';

export const linux68 = mainline({
  ...linux612Differences,
  addedFiles: ['queue/ap_functions'],
  /** The driver notes a deconfigured queue as reset; its last answers also say what is passable (packages/events/src/generations.ts). */
  resetErrno: (responseCode) => (responseCode === 0 || responseCode === DECONFIGURED ? undefined : 'EIO'),
});
