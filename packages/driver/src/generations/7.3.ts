/** Linux 7.3. */
import { FULL_MASK } from '@apledger/ap';
import { refuseTakeover } from '../rules/ownership.ts';
import { linux612Differences } from './6.12.ts';
import { mainline } from './mainline.ts';

export const linux73 = mainline({
  ...linux612Differences,
  numberOverflow: 'saturate',
  addedFiles: [...linux612Differences.addedFiles, 'bus/bindings_complete_count', 'queue/driver_override'],
  parameterMode: 0o444,
  removalEmptiesGuest: true,
  /** The other mask is not looked at: harmless changes are refused, too (driver-rules 3.2). */
  refuseMask: (state, mask, added) =>
    refuseTakeover(
      state,
      mask,
      mask === 'apmask' ? { adapters: added, domains: FULL_MASK } : { adapters: FULL_MASK, domains: added },
    ),
});
