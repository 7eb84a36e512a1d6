/** Commands that were refused in a span: attempts belong to an audit as much as what came of the others. */
import type { RefusedAttempt } from '@apledger/api';
import type { EventLog, JsonObject, RecordedFact } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import { boundaryOf } from './facts-behind.ts';
import type { HostTrace } from './host-trace.ts';
import type { Run } from './trace.ts';

/** Those of the range, oldest first; with `guest`, those about an mdev that the guest had open, or that name it. */
export async function refusalsIn(
  log: EventLog,
  { host, runs, from, to }: HostTrace,
  guest: string | null,
): Promise<RefusedAttempt[]> {
  const found: RefusedAttempt[] = [];
  for await (const fact of log.readStream(streamOf(host), { from: from + 1, to })) {
    if (fact.type !== 'CommandRejected') continue;
    const attempt = attemptOf(fact, runs);
    if (guest === null || attempt.guest === guest) found.push(attempt);
  }
  return found;
}

function attemptOf(fact: RecordedFact, runs: readonly Run[]): RefusedAttempt {
  const { errno, explanation } = fact.data;
  const command = (fact.data.command ?? {}) as JsonObject;
  const mdev = textOf(command.mdev);
  const run =
    mdev === null ? undefined : runs.find((one) => one.mdev === mdev && isRunning(one, fact.revision));
  return {
    at: boundaryOf(fact),
    command: textOf(command.type) ?? '',
    mdev,
    guest: textOf(command.guest) ?? run?.guest ?? null,
    errno: textOf(errno) ?? '',
    explanation: textOf(explanation) ?? '',
  };
}

const isRunning = ({ started, stopped }: Run, revision: number): boolean =>
  started < revision && (stopped < 0 || revision < stopped);

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
