/** A host's history up to a moment: the one trace of the host, cut there. */
import type { Boundary, MayReach } from '@apledger/api';
import { type EventLog, factAt, type Moment, placeAt } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import { FactsBehind } from './facts-behind.ts';
import type { RowLog } from './row-log.ts';
import type { Run, Trace } from './trace.ts';
import type { HostEnd, Traces } from './traces.ts';

/** What overlaps this span; undefined = from the beginning, up to now. A commit that a moment falls into counts in whole. */
export interface Range {
  readonly from?: Moment | undefined;
  readonly to?: Moment | undefined;
}

/** Nothing here changes when more is traced: of `rows`, what lies after `to` is not looked at. */
export interface HostTrace {
  readonly host: string;
  readonly rows: readonly (RowLog | undefined)[];
  /** Those that began by then; one that ended later is still running. Made when they are asked for. */
  readonly runs: readonly Run[];
  /** Who had it, and with which mdev; of no other use, as it may have ended since. */
  runNumbered(number: number): Pick<Run, 'guest' | 'mdev'> | undefined;
  /** Revisions of facts that changed nothing, refused commands among them; ascending, perhaps beyond the range. */
  readonly noEffects: readonly number[];
  /** The host at the end of the range. */
  readonly end: HostEnd;
  readonly facts: FactsBehind;
  /** The last facts of the host at or before the range's moments, whole commits: revisions, -1 = none. */
  readonly from: number;
  readonly to: number;
  /** The host's first fact. */
  readonly knownSince: Boundary;
  /**
   * Traces what came after the range: `rows` and `stopOf` tell then what became of what was open. False when nothing had come when the
   * question was asked.
   */
  goOn(): Promise<boolean>;
  /** The revision of the fact that stopped a run, as far as it is traced; -1 = none. */
  stopOf(run: Run): number;
  /** The fact up to which it may have been, where readings of clocks leave open where the range ends. */
  readonly mayReach: MayReach | undefined;
  /** The run that has the mdev open. */
  runningOn(mdev: string): Run | undefined;
  /** The run that had it open last, when nobody has it then. */
  stoppedOn(mdev: string): Run | undefined;
}

/** The range lies before the host's first fact: there is nothing to answer from. */
export class NotKnownYet extends Error {
  override readonly name = 'NotKnownYet';
  readonly knownSince: Boundary;

  constructor(host: string, knownSince: Boundary) {
    super(
      `Host ${host} is not known before ${knownSince.occurredAt} (position ${knownSince.position}): of the time before, the ledger knows nothing.`,
    );
    this.knownSince = knownSince;
  }
}

/**
 * Undefined when there is no such host. Throws `NotKnownYet` for a range that ends before the host's first fact, and `CannotFold` for a
 * log that this version cannot read.
 */
export async function traceHost(
  traces: Traces,
  host: string,
  { from, to }: Range,
): Promise<HostTrace | undefined> {
  const { log } = traces;
  const stream = streamOf(host);
  const head = await log.head(stream);
  if (head === undefined) return undefined;
  const last = to === undefined ? head.revision : await endOfCommit(log, stream, to);
  const first = from === undefined ? -1 : await endOfCommit(log, stream, from);
  const begin = new FactsBehind(log, stream, traces.headers);
  await begin.load([0]);
  const knownSince = begin.must(0);
  if (last < 0) throw new NotKnownYet(host, knownSince);
  const { trace, end } = await traces.upTo(host, last);
  const facts = new FactsBehind(log, stream, traces.headers, end.isObserved);
  let runs: ReturnType<typeof runsAsOf> | undefined;
  const asOf = () => {
    runs ??= runsAsOf(trace, last);
    return runs;
  };
  const mayReach = to === undefined ? undefined : (await placeAt(log, stream, to)).mayReach;
  return {
    ...{
      host,
      rows: trace.rows,
      noEffects: trace.noEffects,
      end,
      facts,
      from: first,
      to: last,
      knownSince,
      mayReach,
    },
    goOn: async () => {
      if (last >= head.revision) return false;
      await traces.upTo(host, head.revision);
      return true;
    },
    stopOf: ({ number }) => trace.runs[number - 1]?.stopped ?? -1,
    runNumbered: (number) => trace.runs[number - 1],
    get runs() {
      return asOf().runs;
    },
    runningOn: (mdev) => asOf().runningOn(mdev),
    stoppedOn: (mdev) => asOf().stoppedOn(mdev),
  };
}

/** The runs as they were after a revision. */
function runsAsOf({ runs, remade }: Trace, revision: number) {
  const then: Run[] = [];
  const lastOn = new Map<string, Run>();
  for (const run of runs) {
    if (run.started > revision) break;
    const isOver = run.stopped >= 0 && run.stopped <= revision;
    // A copy: it may end while others are still asking.
    const asOf = isOver ? run : { ...run, stopped: -1 };
    then.push(asOf);
    lastOn.set(run.mdev, asOf);
  }
  const isSame = ({ mdev, stopped }: Run): boolean =>
    remade.get(mdev)?.some((at) => at >= stopped && at <= revision) !== true;
  return {
    runs: then,
    runningOn(mdev: string): Run | undefined {
      const run = lastOn.get(mdev);
      return run !== undefined && run.stopped < 0 ? run : undefined;
    },
    stoppedOn(mdev: string): Run | undefined {
      const run = lastOn.get(mdev);
      return run !== undefined && run.stopped >= 0 && isSame(run) ? run : undefined;
    },
  };
}

/** The last fact at or before the moment, and if that is in the middle of a commit, the commit's last: a commit is done in whole. */
export async function endOfCommit(log: EventLog, stream: string, moment: Moment): Promise<number> {
  const revision = await log.revisionAt(stream, moment);
  if (revision < 0) return revision;
  const fact = await factAt(log, stream, revision);
  if (fact === undefined) return revision;
  return (await log.readCommand(stream, fact.cause)).at(-1)?.revision ?? revision;
}
