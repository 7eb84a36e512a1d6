/** What an agent saw a host do against the rules of its generation. */
import type { Exposure } from '@apledger/api';
import type { EventLog } from '@apledger/event-log';
import { parseFact, streamOf } from '@apledger/events';
import type { HostTrace } from './host-trace.ts';

/** Those of the range, oldest first. Only a host that an agent watches has any. */
export async function driftsIn(
  log: EventLog,
  { host, facts, from, to, end }: HostTrace,
): Promise<Exposure[]> {
  if (!end.isObserved) return [];
  const found: (readonly [number, Omit<Extract<Exposure, { kind: 'drift' }>, 'at'>])[] = [];
  for await (const recorded of log.readStream(streamOf(host), { from: from + 1, to })) {
    if (recorded.type !== 'DriftDetected') continue;
    const fact = parseFact(recorded.type, recorded.version, recorded.data);
    if (fact.type !== 'DriftDetected') continue;
    const { mdev = null, ...drift } = fact.data;
    found.push([recorded.revision, { kind: 'drift', host, mdev, ...drift }]);
  }
  await facts.load(found.map(([revision]) => revision));
  return found.map(([revision, drift]) => ({ ...drift, at: facts.must(revision) }));
}
