/** What the agent says of itself and its host when it meets the ledger. */
import type { Hello } from '@apledger/agent-protocol';
import { detectGeneration, type ObservedHost } from '@apledger/capture';
import type { Sight } from './reader.ts';

export type Introduction = Pick<Hello, 'boot' | 'kernel' | 'detected' | 'missing'>;

/** After a look at everything. */
export const introductionOf = ({
  sight,
  host,
}: {
  readonly sight: Sight;
  readonly host: ObservedHost;
}): Introduction => ({
  boot: sight.boot,
  kernel: host.kernel ?? 'unknown',
  detected: [detectGeneration(host).evidence],
  missing: [...sight.guests.missing],
});
