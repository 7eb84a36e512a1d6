/** What no file of a host shows: said once, when it is first seen. */
import { rulesOf } from '@apledger/driver';
import type { HostState } from '@apledger/host';
import type { Unsaid } from '@apledger/observe';

/** What is never seen on a host of this generation, and why: recorded once, when the agent begins. */
export function limitsOf(state: HostState): readonly Unsaid[] {
  const { files } = rulesOf(state.driver);
  return [
    {
      what: 'resets of queues',
      reason: 'no file shows them: they are concluded by the rules from what caused them',
    },
    {
      what: 'control domains of guests',
      reason: 'no file shows them: they are concluded from the assigned ones and the host configuration',
    },
    ...(files.has('mdev/guest_matrix')
      ? []
      : [
          {
            what: 'guest matrices',
            reason: `${state.driver} has no guest_matrix: they are what was assigned when the guest started`,
          },
        ]),
    ...(files.has('mdev/ap_config')
      ? []
      : [
          {
            what: 'matrices of mdevs',
            reason: `${state.driver} has no ap_config: matrix is read only if the agent was told that no mdev has more than 511 queues`,
          },
        ]),
  ];
}
