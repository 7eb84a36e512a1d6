/** Asking who could use which queue, over any span of the log. */
import { type Apqn, apidOf, apqiOf, formatApqn, has, parseApqn } from '@apledger/ap';
import type {
  AuditReport,
  AuditScope,
  CustodyGroup,
  CustodyInterval,
  CustodyReport,
  Exposure,
  ExposureReport,
  GuestHistory,
  HostAudit,
  NamedRun,
} from '@apledger/api';
import type { EventLog, Head } from '@apledger/event-log';
import { hostOf, streamOf } from '@apledger/events';
import { queueOf } from '@apledger/host';
import { describePeriod, factsOf } from './describe-period.ts';
import { endsLater, type QueuePeriod } from './ends.ts';
import { findExposures } from './exposures.ts';
import { type HostTrace, NotKnownYet, type Range, traceHost } from './host-trace.ts';
import { isAfter, NEVER, type Period } from './periods.ts';
import { refusalsIn } from './refusals.ts';
import type { Run } from './trace.ts';
import { queuesGainedBy, walkQueues } from './walk-queues.ts';

/** Every question reads the host's packed facts anew, about a second for a million, and those facts in full that the answer names. */
export interface CustodyQueries {
  /** The custody of one queue, named like 05.0047; also of one that never existed: nobody's. Throws RangeError for what is no queue. */
  custody(host: string, apqn: string, range?: Range): Promise<CustodyReport | undefined>;
  /** When the guest ran, and what it could use; without runs when there was no such guest in the range. */
  guestHistory(host: string, guest: string, range?: Range): Promise<GuestHistory | undefined>;
  /** What was handed on without a reset in the range, and what stands open at its end. */
  exposures(host: string, range?: Range): Promise<ExposureReport | undefined>;
  /** One host or all, everything or what concerns one guest. Undefined when there is no such host. */
  audit(scope: AuditScope): Promise<Omit<AuditReport, 'verification'> | undefined>;
}

/**
 * All answers are undefined for a host that the log does not have. They throw `NotKnownYet` for a range that ends before the host's first
 * fact (a report says so of the host), and `CannotFold` for a host that this version cannot read.
 */
export function openCustody({ log }: { readonly log: EventLog }): CustodyQueries {
  return {
    async custody(host, apqn, range = {}) {
      const queue = parseApqn(apqn);
      if (queue === undefined) throw new RangeError(`not a queue: ${JSON.stringify(apqn.slice(0, 80))}`);
      const traced = await traceHost(log, host, range, queue);
      if (traced === undefined) return undefined;
      const head = { host, apqn, ...headOf(traced, range), wasThere: wasThere(traced, queue) };
      return {
        ...head,
        intervals: await intervalsOf(
          traced,
          periodsOf(traced, [queue], () => true),
        ),
      };
    },
    async guestHistory(host, guest, range = {}) {
      const traced = await traceHost(log, host, range);
      if (traced === undefined) return undefined;
      const head = { host, guest, ...headOf(traced, range) };
      const isGuests = holderIsGuest(traced, guest);
      const then = runsOf(traced, (run) => run.guest === guest);
      const periods = periodsOf(traced, queuesGainedBy(traced, isGuests), isGuests);
      const runs = (await describeRuns(traced, then)).map(({ guest: _, ...run }) => run);
      return { ...head, runs, queues: await intervalsOf(traced, periods) };
    },
    async exposures(host, range = {}) {
      const traced = await traceHost(log, host, range);
      if (traced === undefined) return undefined;
      const { span, knownSince } = headOf(traced, range);
      return { span, knownSince, exposures: await findExposures(traced) };
    },
    async audit(scope) {
      const names = (await log.heads()).flatMap(({ stream }) => hostOf(stream) ?? []).sort();
      if (scope.host !== null && !names.includes(scope.host)) return undefined;
      const heads: Head[] = [];
      const hosts: HostAudit[] = [];
      for (const name of scope.host === null ? names : [scope.host]) {
        const range = { from: scope.from ?? undefined, to: scope.to ?? undefined };
        const traced = await traceHost(log, name, range).catch(asNotKnownYet);
        if (traced === undefined) continue;
        const audit =
          traced instanceof NotKnownYet
            ? unknownThen(name, traced)
            : await auditHost(log, traced, scope.guest);
        if (scope.guest !== null && scope.host === null && audit.runs.length === 0) continue;
        hosts.push(audit);
        if (!(traced instanceof NotKnownYet)) heads.push(...(await headsAt(log, traced)));
      }
      return { scope, heads, hosts };
    },
  };
}

const holderIsGuest =
  ({ trace }: HostTrace, guest: string) =>
  (holder: number): boolean =>
    trace.runs[holder - 1]?.guest === guest;

function asNotKnownYet(error: unknown): NotKnownYet {
  if (error instanceof NotKnownYet) return error;
  throw error;
}

/** A host's part of a report about a time before its first fact. */
const unknownThen = (host: string, { knownSince }: NotKnownYet): HostAudit => ({
  host,
  driver: null,
  knownSince,
  position: 0,
  exposures: [],
  runs: [],
  custody: [],
  refusals: [],
});

/** What every answer says of itself, before the trace goes on. */
const headOf = ({ trace, knownSince }: HostTrace, { from, to }: Range) => ({
  span: { from: from ?? null, to: to ?? null },
  knownSince,
  position: trace.state.position,
});

/** The bus has the queue, or somebody could use it once. */
function wasThere({ trace: { state, rows } }: HostTrace, queue: Apqn): boolean {
  const [apid, apqi] = [apidOf(queue), apqiOf(queue)];
  if (queueOf(state, apid, apqi) !== undefined) return true;
  const had = rows[apid]?.gainedBy(() => true);
  return had !== undefined && has(had, apqi);
}

/** The periods in the range whose holders are wanted; of nobody's, all when everybody is wanted. */
function periodsOf(
  traced: HostTrace,
  queues: readonly Apqn[],
  isWanted: (holder: number) => boolean,
): QueuePeriod[] {
  const periods: QueuePeriod[] = [];
  walkQueues(traced, queues, (queue, period) => {
    const { holders } = period;
    if (isAfter(period, traced.from) && (holders.length === 0 ? isWanted(NOBODY) : holders.some(isWanted)))
      periods.push({ queue, period });
  });
  return periods;
}

/** The number of no holder. */
const NOBODY = -1;

/** The trace goes on for it. */
async function intervalsOf(traced: HostTrace, periods: readonly QueuePeriod[]): Promise<CustodyInterval[]> {
  const ends = await endsLater(traced, periods);
  await traced.facts.load(periods.flatMap(({ period }) => factsOf(period)));
  return periods.map(({ queue, period }) => ({
    apqn: formatApqn(queue),
    ...describePeriod(traced.trace, traced.facts, period, ends.get(period)),
  }));
}

/** A run as it is at the end of the range. */
interface RunThen {
  readonly run: Run;
  readonly stopped: number;
}

const runsOf = ({ trace, from }: HostTrace, isWanted: (run: Run) => boolean): RunThen[] =>
  trace.runs
    .filter((run) => isWanted(run) && (run.stopped < 0 || run.stopped > from))
    .map((run) => ({ run, stopped: run.stopped }));

/** The trace goes on for it. */
async function describeRuns(traced: HostTrace, runs: readonly RunThen[]): Promise<NamedRun[]> {
  const { facts } = traced;
  if (runs.some(({ stopped }) => stopped === NEVER)) await traced.goOn();
  await facts.load(runs.flatMap(({ run, stopped }) => [run.started, stopped, run.stopped]));
  return runs.map(({ run, stopped }) => ({
    guest: run.guest,
    mdev: run.mdev,
    started: facts.must(run.started),
    stopped: facts.at(stopped),
    ...(stopped === NEVER && run.stopped !== NEVER ? { stoppedLater: facts.must(run.stopped) } : {}),
  }));
}

async function auditHost(log: EventLog, traced: HostTrace, guest: string | null): Promise<HostAudit> {
  const { host, trace } = traced;
  const isWanted = guest === null ? () => true : holderIsGuest(traced, guest);
  // All of it as of the end of the range, before the trace goes on.
  const { isRegistered, driver, position } = trace.state;
  const head = { host, driver: isRegistered ? driver : null, knownSince: traced.knownSince, position };
  const exposures = await findExposures(traced);
  const runs = runsOf(traced, (run) => guest === null || run.guest === guest);
  const periods = periodsOf(traced, queuesGainedBy(traced, isWanted), isWanted);
  const refusals = await refusalsIn(log, traced, guest);
  return {
    ...head,
    exposures: exposures.filter((exposure) => guest === null || concerns(exposure, guest)),
    runs: await describeRuns(traced, runs),
    custody: await groupsOf(traced, periods),
    refusals,
  };
}

function concerns(exposure: Exposure, guest: string): boolean {
  switch (exposure.kind) {
    case 'unreset-handover':
      return [exposure.from, exposure.to].some((holder) => holder.kind === 'guest' && holder.guest === guest);
    case 'shared-queue':
      return exposure.holders.some((holder) => holder.kind === 'guest' && holder.guest === guest);
    case 'stopped-guest-keeps-queues':
      return exposure.guest === guest;
    case 'shared-control-domain':
      return exposure.guests.some((one) => one.guest === guest);
  }
}

/** What happened to many queues at once is told once. */
async function groupsOf(
  traced: HostTrace,
  periods: readonly QueuePeriod[],
): Promise<readonly CustodyGroup[]> {
  const ends = await endsLater(traced, periods);
  await traced.facts.load(periods.flatMap(({ period }) => factsOf(period)));
  const groups = new Map<string, { readonly period: Period; readonly queues: string[] }>();
  for (const { queue, period } of periods) {
    const { from, until, reset, holders, before } = period;
    const key = `${from} ${until} ${ends.get(period)} ${reset} ${holders} ${before.length > 0}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { period, queues: [formatApqn(queue)] });
    else group.queues.push(formatApqn(queue));
  }
  return [...groups.values()]
    .sort((a, b) => a.period.from - b.period.from)
    .map(({ period, queues }) => ({
      queues,
      ...describePeriod(traced.trace, traced.facts, period, ends.get(period)),
    }));
}

/** The last fact that counts, as a head of its stream then. */
async function headsAt(log: EventLog, { host, to }: HostTrace): Promise<Head[]> {
  if (to < 0) return [];
  for await (const { stream, revision, position, hash, occurredAt } of log.readStream(streamOf(host), {
    from: to,
    to,
  }))
    return [{ stream, revision, position, hash, occurredAt }];
  return [];
}
