/**
 * Cards that steps would switch off or stop. By the driver's rules nobody loses a queue by that: it stays in every matrix, and what is sent
 * to it fails until the card is back. Who asks "what if" wants to know whom that would hit.
 */
import { apqn, formatApqn } from '@apledger/ap';
import type { OutOfService, Share, SupposedStep } from '@apledger/api';
import type { HostView } from '@apledger/projections';

type Reason = OutOfService['reason'];

/** Those that are out of service after the steps, by adapter, with the users that they have then. */
export function outOfService(steps: readonly SupposedStep[], after: HostView): OutOfService[] {
  const reasons = new Map<number, Reason>();
  for (const { facts } of steps)
    for (const fact of facts) {
      if (fact.type === 'CardDeconfigured') reasons.set(fact.data.adapter, 'deconfigured');
      if (fact.type === 'CardConfigured' || fact.type === 'CardRemoved') reasons.delete(fact.data.adapter);
      if (fact.type !== 'CheckStopChanged' && fact.type !== 'CardCheckStopNoticed') continue;
      if (fact.data.checkStopped) reasons.set(fact.data.adapter, 'check-stopped');
      else if (reasons.get(fact.data.adapter) === 'check-stopped') reasons.delete(fact.data.adapter);
    }
  return [...reasons]
    .sort(([a], [b]) => a - b)
    .map(([adapter, reason]) => ({ adapter, reason, ...usersOf(after, adapter) }));
}

function usersOf({ mdevs, cards }: HostView, adapter: number): Pick<OutOfService, 'shares' | 'hostQueues'> {
  const named = (domains: readonly number[]): string[] =>
    domains.map((domain) => formatApqn(apqn(adapter, domain)));
  const shares = mdevs.flatMap(({ guest, mdev, effective }): Share[] =>
    effective?.adapters.includes(adapter) === true
      ? [{ guest, mdev, queues: named(effective.domains), controlDomains: [] }]
      : [],
  );
  const card = cards.find((each) => each.adapter === adapter);
  return { shares, hostQueues: named(card?.zcrypt ?? []) };
}
