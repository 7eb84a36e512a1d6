/** Commands that were refused in a span: attempts belong to an audit as much as what came of the others. */
import type { RefusedAttempt } from '@apledger/api';
import type { EventLog, JsonObject, RecordedFact } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import { boundaryOf, factsAt } from './facts-behind.ts';
import type { HostTrace } from './host-trace.ts';
import type { Run } from './trace.ts';

/** Those of the range, oldest first; with `guest`, those about an mdev that the guest had open, or that name it. */
export async function refusalsIn(
  log: EventLog,
  { host, runs, from, to, noEffects, facts }: HostTrace,
  guest: string | null,
): Promise<RefusedAttempt[]> {
  const found: RefusedAttempt[] = [];
  const candidates = noEffects.filter(
    (revision) =>
      revision > from &&
      revision <= to &&
      (facts.typeOf(revision) ?? 'CommandRejected') === 'CommandRejected',
  );
  const running = runsBefore(runs);
  for await (const fact of factsAt(log, streamOf(host), candidates)) {
    if (fact.type !== 'CommandRejected') continue;
    const attempt = attemptOf(fact, running);
    if (guest === null || attempt.guest === guest) found.push(attempt);
  }
  return found;
}

function attemptOf(fact: RecordedFact, running: ReturnType<typeof runsBefore>): RefusedAttempt {
  const { errno, explanation } = fact.data;
  const command = (fact.data.command ?? {}) as JsonObject;
  const mdev = textOf(command.mdev);
  const run = mdev === null ? undefined : running(mdev, fact.revision);
  return {
    at: boundaryOf(fact),
    command: textOf(command.type) ?? '',
    mdev,
    guest: textOf(command.guest) ?? run?.guest ?? null,
    errno: textOf(errno) ?? '',
    explanation: textOf(explanation) ?? '',
  };
}

/** Finds the run that had an mdev open before a revision. To be asked for revisions that ascend: each run is looked at once. */
function runsBefore(runs: readonly Run[]) {
  const latest = new Map<string, Run>();
  let next = 0;
  return (mdev: string, revision: number): Run | undefined => {
    for (let run = runs[next]; run !== undefined && run.started < revision; run = runs[++next])
      latest.set(run.mdev, run);
    const run = latest.get(mdev);
    return run !== undefined && (run.stopped < 0 || revision < run.stopped) ? run : undefined;
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
