/** Finds where one could meet what another left in a queue, or reach what is another's. */
import { type Apqn, apqnsOf, formatApqn } from '@apledger/ap';
import type { Exposure, Holder } from '@apledger/api';
import type { EventLog } from '@apledger/event-log';
import { isOpen } from '@apledger/host';
import { holderOf } from './describe-period.ts';
import { driftsIn } from './drifts.ts';
import type { HostTrace } from './host-trace.ts';
import { isAfter, NEVER, type Period } from './periods.ts';
import { type Control, HOST, type Run } from './trace.ts';
import { queuesGainedBy, walkQueues } from './walk-queues.ts';

/** Those of the range's queues in the order of their facts, then drifts of the range, then what is so at its end. */
export async function findExposures(log: EventLog, host: HostTrace): Promise<Exposure[]> {
  const { facts } = host;
  const found: [Apqn, Period][] = [];
  walkQueues(host, queuesGainedBy(host, isGuest), (queue, period) => {
    const isShared = period.holders.length > 1 && isAfter(period, host.from);
    if (isShared || (period.from > host.from && isUnresetHandover(host, period))) found.push([queue, period]);
  });
  found.sort(([queueA, a], [queueB, b]) => a.from - b.from || queueA - queueB);
  const standing = [...keptByStopped(host), ...sharedControlDomains(host)];
  await facts.load([
    ...found.flatMap(([, { from, until }]) => [from, until]),
    ...standing.map(({ since }) => since),
  ]);
  return [
    ...found.flatMap(([queue, period]) => described(host, queue, period)),
    ...(await driftsIn(log, host)),
    ...standing.map(
      ({ since, ...what }) => ({ ...what, host: host.host, since: facts.must(since) }) as Exposure,
    ),
  ];
}

const isGuest = (holder: number): boolean => holder !== HOST;

/** From a guest to somebody else, with nothing in between. */
function isUnresetHandover(trace: HostTrace, { before, holders, reset }: Period): boolean {
  const [giver, taker] = [before[0], holders[0]];
  if (giver === undefined || taker === undefined || reset !== NEVER || !isGuest(giver)) return false;
  return !isSameUser(holderOf(trace, giver), holderOf(trace, taker));
}

/** A guest is the same by its name, on whichever mdev; what has no name, by its mdev. */
function isSameUser(a: Holder, b: Holder): boolean {
  if (a.kind !== 'guest' || b.kind !== 'guest') return a.kind === b.kind;
  return a.guest === b.guest && (a.guest !== null || a.mdev === b.mdev);
}

function described(trace: HostTrace, queue: Apqn, period: Period): Exposure[] {
  const { host, facts, from } = trace;
  const apqn = formatApqn(queue);
  const holders = period.holders.map((number) => holderOf(trace, number));
  const since = facts.must(period.from);
  const exposures: Exposure[] = [];
  const [giver, to] = [period.before[0], holders[0]];
  const isHandover = period.from > from && isUnresetHandover(trace, period);
  if (isHandover && giver !== undefined && to !== undefined)
    exposures.push({ kind: 'unreset-handover', host, apqn, from: holderOf(trace, giver), to, at: since });
  if (holders.length > 1)
    exposures.push({ kind: 'shared-queue', host, apqn, holders, since, until: facts.at(period.until) });
  return exposures;
}

/** Mdevs that nobody has open any more, and which still keep queues from all others. */
function keptByStopped(trace: HostTrace) {
  return trace.end.mdevs.flatMap((held) => {
    const run = trace.stoppedOn(held.uuid);
    if (run === undefined || isOpen(held)) return [];
    const queues = apqnsOf(held.assigned).map(formatApqn);
    const { mdev, guest, stopped: since } = run;
    return queues.length === 0
      ? []
      : [{ kind: 'stopped-guest-keeps-queues' as const, mdev, guest, queues, since }];
  });
}

/** Control domains that more than one running guest has; since the last of them got it. */
function sharedControlDomains(trace: HostTrace) {
  const byDomain = new Map<number, Run[]>();
  for (const { uuid } of trace.end.mdevs) {
    const run = trace.runningOn(uuid);
    for (const { domain } of run === undefined ? [] : controlsOf(run, trace.to))
      if (run !== undefined) byDomain.set(domain, [...(byDomain.get(domain) ?? []), run]);
  }
  return [...byDomain]
    .sort(([a], [b]) => a - b)
    .flatMap(([domain, runs]) => {
      const [first] = runs.map(({ number }) => holderOf(trace, number));
      const isShared = runs.some(
        ({ number }) => first !== undefined && !isSameUser(first, holderOf(trace, number)),
      );
      if (!isShared) return [];
      const guests = runs.map(({ guest, mdev }) => ({ guest, mdev }));
      const since = Math.max(
        ...runs.map(
          (run) => controlsOf(run, trace.to).find((control) => control.domain === domain)?.since ?? NEVER,
        ),
      );
      return [{ kind: 'shared-control-domain' as const, domain, guests, since }];
    });
}

/** The control domains that a run has after a revision. */
const controlsOf = ({ controls }: Run, revision: number): readonly Control[] =>
  controls.filter(({ since, until }) => since <= revision && (until < 0 || until > revision));
