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
  MayReach,
  NamedRun,
} from '@apledger/api';
import { type EventLog, factAt, type Head } from '@apledger/event-log';
import { hostOf, streamOf } from '@apledger/events';
import { describePeriod, factsOf } from './describe-period.ts';
import { endsLater, type QueuePeriod } from './ends.ts';
import { findExposures } from './exposures.ts';
import { endOfCommit, type HostTrace, NotKnownYet, type Range, traceHost } from './host-trace.ts';
import { isAfter, NEVER, type Period } from './periods.ts';
import { refusalsIn } from './refusals.ts';
import type { Run } from './trace.ts';
import { Traces, type TracesOptions } from './traces.ts';
import { queuesGainedBy, walkQueues } from './walk-queues.ts';

/** Of a log that somebody else has to verify. */
type Unverified<T> = Omit<T, 'verification'>;

/** The first question about a host reads its packed facts, about a second for a million; later ones what has come since. */
export interface CustodyQueries {
  /** The custody of one queue, named like 05.0047; also of one that never existed: nobody's. Throws RangeError for what is no queue. */
  custody(
    host: string,
    apqn: string,
    range?: Range,
    /** The newest so many intervals. */
    limit?: number,
  ): Promise<Unverified<CustodyReport> | undefined>;
  /** When the guest ran, and what it could use; without runs when there was no such guest in the range. */
  guestHistory(host: string, guest: string, range?: Range): Promise<Unverified<GuestHistory> | undefined>;
  /** What was handed on without a reset in the range, and what stands open at its end. */
  exposures(host: string, range?: Range): Promise<Unverified<ExposureReport> | undefined>;
  /** One host or all, everything or what concerns one guest. Undefined when there is no such host. */
  audit(scope: AuditScope): Promise<Unverified<AuditReport> | undefined>;
  /** The same, one host after the other, as far as it is read. */
  report(scope: AuditScope): Promise<ReportParts | undefined>;
}

/**
 * All answers are undefined for a host that the log does not have. They throw `NotKnownYet` for a range that ends before the host's first
 * fact (a report says so of the host), and `CannotFold` for a host that this version cannot read.
 */
export function openCustody(options: TracesOptions): CustodyQueries {
  const traces = new Traces(options);
  return {
    async custody(host, apqn, range = {}, limit = Number.POSITIVE_INFINITY) {
      const queue = parseApqn(apqn);
      if (queue === undefined) throw new RangeError(`not a queue: ${JSON.stringify(apqn.slice(0, 80))}`);
      const traced = await traceHost(traces, host, range);
      if (traced === undefined) return undefined;
      const periods = periodsOf(traced, [queue], () => true);
      const omitted = Math.max(0, periods.length - limit);
      const intervals = await intervalsOf(traced, periods.slice(omitted));
      return {
        ...{ host, apqn, ...headOf(traced, range), ...reachOf(traced), wasThere: wasThere(traced, queue) },
        ...(omitted === 0 ? {} : { omitted }),
        intervals,
      };
    },
    async guestHistory(host, guest, range = {}) {
      const traced = await traceHost(traces, host, range);
      if (traced === undefined) return undefined;
      const isGuests = holderIsGuest(traced, guest);
      const periods = periodsOf(traced, queuesGainedBy(traced, isGuests), isGuests);
      const queues = await intervalsOf(traced, periods);
      const named = await describeRuns(traced, (run) => run.guest === guest);
      const runs = named.map(({ guest: _, ...run }) => run);
      return { host, guest, ...headOf(traced, range), ...reachOf(traced), runs, queues };
    },
    async exposures(host, range = {}) {
      const traced = await traceHost(traces, host, range);
      if (traced === undefined) return undefined;
      return {
        ...headOf(traced, range),
        ...reachOf(traced),
        exposures: await findExposures(traces.log, traced),
      };
    },
    async audit(scope) {
      const parts = await reportOf(traces, scope);
      if (parts === undefined) return undefined;
      const hosts: HostAudit[] = [];
      for await (const { custody, ...host } of parts.hosts) hosts.push({ ...host, custody: [...custody] });
      return { scope, heads: parts.heads, hosts };
    },
    report: (scope) => reportOf(traces, scope),
  };
}

/** A host's part of a report; its lines are made when they are asked for. */
export interface HostPart extends Omit<HostAudit, 'custody'> {
  readonly custody: Iterable<CustodyGroup>;
}

/** A report of which one host at a time is in memory. */
export interface ReportParts extends Omit<AuditReport, 'hosts' | 'verification'> {
  readonly hosts: Iterable<HostPart> | AsyncIterable<HostPart>;
}

async function reportOf(traces: Traces, scope: AuditScope): Promise<ReportParts | undefined> {
  const { log } = traces;
  if (scope.host !== null && (await log.head(streamOf(scope.host))) === undefined) return undefined;
  const names =
    scope.host === null
      ? (await log.heads()).flatMap(({ stream }) => hostOf(stream) ?? []).sort()
      : [scope.host];
  const range = { from: scope.from ?? undefined, to: scope.to ?? undefined };
  if (scope.guest === null) {
    const heads: Head[] = [];
    for (const name of names) heads.push(...(await headsAt(log, name, range)));
    return { scope, heads, hosts: partsOf(traces, names, range, null) };
  }
  // Which hosts it is about is known only when all were read. What concerns one guest is little.
  const heads: Head[] = [];
  const hosts: HostPart[] = [];
  for await (const part of partsOf(traces, names, range, scope.guest)) {
    if (scope.host === null && !isAbout(part)) continue;
    hosts.push({ ...part, custody: [...part.custody] });
    heads.push(...(await headsAt(log, part.host, range)));
  }
  return { scope, heads, hosts };
}

/** Whether the guest that was asked for ran there, or somebody tried something with it. */
const isAbout = ({ runs, refusals }: HostPart): boolean => runs.length > 0 || refusals.length > 0;

async function* partsOf(
  traces: Traces,
  names: readonly string[],
  range: Range,
  guest: string | null,
): AsyncGenerator<HostPart> {
  for (const name of names) {
    const traced = await traceHost(traces, name, range).catch(asNotKnownYet);
    if (traced instanceof NotKnownYet) yield unknownThen(name, traced);
    else if (traced !== undefined) yield await auditHost(traces.log, traced, guest);
  }
}

const holderIsGuest =
  (traced: HostTrace, guest: string) =>
  (holder: number): boolean =>
    traced.runNumbered(holder)?.guest === guest;

function asNotKnownYet(error: unknown): NotKnownYet {
  if (error instanceof NotKnownYet) return error;
  throw error;
}

/** A host's part of a report about a time before its first fact. */
const unknownThen = (host: string, { knownSince }: NotKnownYet): HostPart => ({
  ...{ host, driver: null, knownSince, position: 0 },
  ...{ exposures: [], runs: [], custody: [], refusals: [] },
});

/** What every answer says of itself. */
const headOf = ({ end, knownSince }: HostTrace, { from, to }: Range) => ({
  span: { from: from ?? null, to: to ?? null },
  knownSince,
  position: end.position,
});

/** The bus has the queue at the end of the range, or somebody could use it by then. */
function wasThere({ end, rows, to }: HostTrace, queue: Apqn): boolean {
  const had = rows[apidOf(queue)]?.gainedBy(() => true, to);
  return end.hasQueue(queue) || (had !== undefined && has(had, apqiOf(queue)));
}

/** The periods in the range whose holders are wanted; those of nobody, all when everybody is wanted. */
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

async function intervalsOf(traced: HostTrace, periods: readonly QueuePeriod[]): Promise<CustodyInterval[]> {
  const ends = await endsLater(traced, periods);
  await traced.facts.load(factsOf(periods.map(({ period }) => period)));
  return periods.map(({ queue, period }) =>
    describePeriod({ apqn: formatApqn(queue) }, traced, period, ends.get(period)),
  );
}

async function describeRuns(traced: HostTrace, isWanted: (run: Run) => boolean): Promise<NamedRun[]> {
  const { facts, from } = traced;
  const runs = traced.runs.filter((run) => isWanted(run) && (run.stopped < 0 || run.stopped > from));
  if (runs.some(({ stopped }) => stopped === NEVER)) await traced.goOn();
  await facts.load(runs.flatMap((run) => [run.started, run.stopped, traced.stopOf(run)]));
  return runs.map((run) => {
    const later = run.stopped === NEVER ? traced.stopOf(run) : NEVER;
    return {
      guest: run.guest,
      mdev: run.mdev,
      started: facts.must(run.started),
      stopped: facts.at(run.stopped),
      ...(later === NEVER ? {} : { stoppedLater: facts.must(later) }),
    };
  });
}

async function auditHost(log: EventLog, traced: HostTrace, guest: string | null): Promise<HostPart> {
  const { host, end, knownSince } = traced;
  const isWanted = guest === null ? () => true : holderIsGuest(traced, guest);
  const exposures = await findExposures(log, traced);
  const periods = periodsOf(traced, queuesGainedBy(traced, isWanted), isWanted);
  return {
    host,
    driver: end.driver,
    knownSince,
    position: end.position,
    ...reachOf(traced),
    exposures: exposures.filter((exposure) => guest === null || concerns(exposure, guest)),
    runs: await describeRuns(traced, (run) => guest === null || run.guest === guest),
    custody: await groupsOf(traced, periods),
    refusals: await refusalsIn(log, traced, guest),
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
    case 'drift':
      return false;
  }
}

/** What happened to many queues at once is told once. */
async function groupsOf(traced: HostTrace, periods: readonly QueuePeriod[]): Promise<Iterable<CustodyGroup>> {
  const ends = await endsLater(traced, periods);
  await traced.facts.load(factsOf(periods.map(({ period }) => period)));
  const groups = new Map<string, { readonly period: Period; readonly queues: string[] }>();
  for (const { queue, period } of periods) {
    const { from, until, reset, holders, before } = period;
    const key = `${from} ${until} ${ends.get(period)} ${reset} ${holders} ${before.length > 0}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { period, queues: [formatApqn(queue)] });
    else group.queues.push(formatApqn(queue));
  }
  const sorted = [...groups.values()].sort((a, b) => a.period.from - b.period.from);
  return {
    *[Symbol.iterator]() {
      for (const { period, queues } of sorted)
        yield describePeriod({ queues }, traced, period, ends.get(period));
    },
  };
}

/** The last fact of the host that counts, as a head of its stream then. */
async function headsAt(log: EventLog, host: string, { to }: Range): Promise<Head[]> {
  const stream = streamOf(host);
  const revision = to === undefined ? (await log.head(stream))?.revision : await endOfCommit(log, stream, to);
  if (revision === undefined || revision < 0) return [];
  const fact = await factAt(log, stream, revision);
  if (fact === undefined) return [];
  const { position, hash, occurredAt } = fact;
  return [{ stream, revision, position, hash, occurredAt }];
}

const reachOf = ({ mayReach }: HostTrace): { readonly mayReach?: MayReach } =>
  mayReach === undefined ? {} : { mayReach };
