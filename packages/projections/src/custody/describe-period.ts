/** Periods with their numbers turned into who, when and by which command. */
import type { Custody, Holder } from '@apledger/api';
import type { HostTrace } from './host-trace.ts';
import { NEVER, type Period } from './periods.ts';
import { HOST } from './trace.ts';

const NOBODY: Holder = { kind: 'nobody' };

/** Whom a number stands for. */
export function holderOf(traced: Pick<HostTrace, 'runNumbered'>, number: number): Holder {
  if (number === HOST) return { kind: 'host' };
  const run = traced.runNumbered(number);
  return run === undefined ? NOBODY : { kind: 'guest', guest: run.guest, mdev: run.mdev };
}

/** The revisions of the facts that the descriptions of periods name. */
export function* factsOf(periods: Iterable<Period>): Generator<number, undefined> {
  for (const { from, until, reset } of periods) {
    yield from;
    yield until;
    yield reset;
  }
}

/** Of which queues it is, and the rest. The facts that it names must be loaded. `endedLater` is the fact that ended it after the range. */
export function describePeriod<Of extends object>(
  of: Of,
  traced: HostTrace,
  period: Period,
  endedLater = NEVER,
): Of & Custody {
  const { facts } = traced;
  const holders = period.holders.map((number) => holderOf(traced, number));
  return {
    ...of,
    holder: holders[0] ?? NOBODY,
    sharedWith: holders.slice(1),
    from: facts.at(period.from),
    until: facts.at(period.until),
    ...(endedLater === NEVER ? {} : { endedLater: facts.must(endedLater) }),
    resetBefore: period.before.length === 0 ? null : period.reset !== NEVER,
    reset: facts.at(period.reset),
  };
}
