/** The machine below a host, as a registration says it. */
import { idsOf } from '@apledger/ap';
import type { Hardware } from '@apledger/events';
import type { HostState } from './state.ts';

/** What a simulated host would be registered with to have the machine that this one has now. */
export function hardwareOf(state: HostState): Hardware {
  const { hardware, hardwareConfig } = state;
  const adapters = idsOf(hardwareConfig.adapters);
  return {
    ...hardware,
    adapters,
    domains: idsOf(hardwareConfig.domains),
    controlDomains: idsOf(hardwareConfig.controlDomains),
    cards: adapters.flatMap((adapter) => {
      const slot = state.slot(adapter);
      return slot === undefined
        ? []
        : [{ adapter, type: slot.type, mode: slot.mode, functions: slot.functions }];
    }),
  };
}
