/** Another kernel runs than at the look before. */
import type { HostState } from '@apledger/host';
import { History, type Step } from './history.ts';

/** What is so right after the boot. What was made since is explained from there. */
export function rebooted(
  state: HostState,
  boot: string,
  before: string | null,
): { readonly state: HostState; readonly step: Step } {
  const history = new History(state);
  history.record([{ type: 'HostBooted', data: { boot, before } }], {});
  history.attempt([{ type: 'RebootHost' }], {});
  const [step] = history.steps;
  if (step === undefined) throw new Error('a reboot gives no fact');
  return { state: history.state, step };
}
