/** Linux 6.12 (driver-rules 9). */
import { refuseTakeover } from '../rules/ownership.ts';
import { mainline } from './mainline.ts';

export const linux612 = mainline({
  numberOverflow: 'wrap',
  hasDriverOverride: false,
  hasBindingsCount: false,
  parameterMode: 0o440,
  removalEmptiesGuest: false,
  /** Only what would really become the host's counts (driver-rules 3.2). */
  refuseMask: (state, mask, added) =>
    refuseTakeover(
      state,
      mask,
      mask === 'apmask'
        ? { adapters: added, domains: state.aqmask }
        : { adapters: state.apmask, domains: added },
    ),
});
