/**
 * Who had which mdev open at any fact of the log, of all hosts. It is folded from packed facts, kept in memory, and brought up to date
 * when it is asked: names of the past come from here, never from the present.
 */
import { setImmediate } from 'node:timers/promises';
import { type EventLog, LogError, type PackedFact, packedFacts } from '@apledger/event-log';
import { hostOf, readTurn } from '@apledger/events';

/** A fact by which somebody opened an mdev, or let go of it. */
export interface Turn {
  readonly position: number;
  /** Milliseconds since 1970 UTC. */
  readonly occurredAt: number;
  /** Who has it open from then on; null = nobody, undefined = something that is no KVM guest. */
  readonly guest: string | null | undefined;
  /** The mdev is gone: what is made anew under its UUID is another one. */
  readonly isRemoval?: true;
}

/** The last time in which an mdev was open. */
interface LastRun {
  readonly mdev: string;
  readonly guest: string | null;
  readonly started: Turn;
  readonly stopped: Turn | undefined;
}

/** What of it answers need. */
export type GuestNames = Pick<GuestTimes, 'update' | 'guestAt' | 'lastRuns'>;

export class GuestTimes {
  readonly #log: EventLog;
  /** By host and mdev, in the order of the log. */
  readonly #turns = new Map<string, Map<string, Turn[]>>();
  #position = 0;
  #updating: Promise<unknown> = Promise.resolve();

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** Reads what has come. Throws LogError. */
  async update(): Promise<void> {
    const update = this.#updating.then(() => this.#read());
    this.#updating = update.catch(() => undefined);
    await update;
  }

  /** Brings up to date what was asked for before; else the next question reads it. Throws LogError. */
  async keep(): Promise<void> {
    if (this.#position > 0) await this.update();
  }

  /**
   * The same over the newest facts in memory, for answers while the log is away. Where facts between what was read and these are missing,
   * nobody is named after the gap, and `lastRuns` throws LogError.
   */
  remembered(newest: EventLog): GuestNames {
    const known = new GuestTimes(newest);
    known.#position = this.#position;
    for (const [host, turns] of this.#turns)
      known.#turns.set(host, new Map([...turns].map(([mdev, each]) => [mdev, [...each]])));
    let gap: LogError | undefined;
    return {
      async update() {
        gap = await known.update().then(() => undefined, unreachable);
      },
      guestAt: (host, mdev, position) =>
        gap !== undefined && position > known.#position ? undefined : known.guestAt(host, mdev, position),
      lastRuns(host, position) {
        if (gap !== undefined && position > known.#position) throw gap;
        return known.lastRuns(host, position);
      },
    };
  }

  /** The guest that had the mdev open at a fact: after it when it opened the mdev, else before it. As of the last `update`. */
  guestAt(host: string, mdev: string, position: number): string | undefined {
    const turns = this.#turns.get(host)?.get(mdev) ?? [];
    const last = countUpTo(turns, position) - 1;
    const turn = turns[last];
    const isClosing = turn?.position === position && turn.guest === null;
    return (isClosing ? turns[last - 1] : turn)?.guest ?? undefined;
  }

  /** The last run of each mdev of the host up to a position, in the order in which they started. As of the last `update`. */
  lastRuns(host: string, position: number): LastRun[] {
    const runs: LastRun[] = [];
    for (const [mdev, turns] of this.#turns.get(host) ?? []) {
      const count = countUpTo(turns, position);
      const last = turns[count - 1];
      if (last?.isRemoval) continue;
      const started = last?.guest === null ? turns[count - 2] : last;
      if (started === undefined || started.guest === null) continue;
      const stopped = last === started ? undefined : last;
      runs.push({ mdev, guest: started.guest ?? null, started, stopped });
    }
    return runs.sort((a, b) => a.started.position - b.started.position);
  }

  async #read(): Promise<void> {
    for await (const page of this.#log.readPacked({ after: this.#position })) {
      await setImmediate(); // others have questions meanwhile
      for (const fact of packedFacts(page)) this.#take(hostOf(page.streamName(fact.stream)), fact);
      this.#position = page.lastPosition;
    }
  }

  #take(host: string | undefined, { bytes, offset, length, position, occurredAt }: PackedFact): void {
    if (host === undefined || position <= this.#position) return;
    const turn = readTurn(bytes, offset, length);
    if (turn === undefined) return;
    const { type, mdev, guest } = turn;
    const ofHost = this.#turns.get(host) ?? new Map<string, Turn[]>();
    this.#turns.set(host, ofHost);
    const turns = ofHost.get(mdev) ?? [];
    ofHost.set(mdev, turns);
    if (type === 'GuestStarted') turns.push({ position, occurredAt, guest: guest ?? undefined });
    else if (turns.length > 0) {
      const isRemoval = type === 'MdevRemoved';
      turns.push({ position, occurredAt, guest: null, ...(isRemoval && { isRemoval }) });
    }
  }
}

function unreachable(error: unknown): LogError {
  if (error instanceof LogError && error.code === 'unreachable') return error;
  throw error;
}

/** How many of the turns came at or before a position. */
function countUpTo(turns: readonly Turn[], position: number): number {
  let low = 0;
  let high = turns.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((turns[middle]?.position ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
