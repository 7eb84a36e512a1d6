/**
 * What was observed, until the ledger has it (docs/decisions/0026-link-and-spool.md).
 *
 * One file grows by whole records, each on the disk before anybody hears of it: commits, with which the agent's own state and the next
 * sequence number change, what the ledger has acknowledged, commands that are begun. Now and then it is replaced by one record that says
 * all of it. After a crash at any moment the file is read again up to its last whole record.
 */
import { join } from 'node:path';
import type { Commit } from '@apledger/agent-protocol';
import type { HostState } from '@apledger/host';
import type { DraftCommit, Known, Sink } from '@apledger/observe';
import { errorText } from '@apledger/text';
import { Contents } from './contents.ts';
import { Appender, makeDirectory, replace } from './files.ts';
import { type Identity, keepIdentity, newIdentity, readIdentity } from './identity.ts';
import { commitsOf } from './pieces.ts';
import { type Begun, lineOf, type Step } from './records.ts';
import { findSpool } from './recovery.ts';

const FILE = 'spool';
/** What the file may hold, bytes. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Kept free for what must not be lost: outcomes of commands, and that something was dropped. */
const RESERVE_BYTES = 64 * 1024;
/** The file is replaced when it has more than this beyond twice what is in it. */
const WASTE_BYTES = 1024 * 1024;

/** There is no room: nothing was kept. The observer stays where it was, and sees the same difference again. */
export class SpoolFull extends Error {
  override readonly name = 'SpoolFull';
}

export interface SpoolOptions {
  readonly directory: string;
  readonly host: string;
  /** Gets what an administrator has to know, a line each. */
  readonly report: (line: string) => void;
  readonly maxBytes?: number;
  readonly now?: () => Date;
}

/** What the ledger knows. */
export interface Adopted {
  readonly epoch: number;
  readonly lastSequence: number;
  /** Of the host's last fact there. */
  readonly revision: number;
  readonly state: HostState;
  /** Commands that are not settled there. */
  readonly open: ReadonlySet<string>;
}

export class Spool implements Sink {
  readonly #options: SpoolOptions;
  readonly #directory: string;
  #identity: Identity;
  #contents: Contents | undefined;
  /** Undefined when the file does not say what the memory does. */
  #appender: Appender | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<() => void>();
  /** Said when the ledger has given a state to begin on. */
  #lost: string | null = null;

  private constructor(options: SpoolOptions, identity: Identity) {
    this.#options = options;
    this.#directory = options.directory;
    this.#identity = identity;
  }

  /** Reads what is there. A record that was never finished is cut off; a damaged file is put aside. Throws Error, as files do. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const { directory, host } = options;
    await makeDirectory(directory);
    const kept = await readIdentity(directory);
    if (kept !== undefined && kept.host !== host)
      throw new Error(
        `${directory} is the spool of host ${kept.host}, not of ${host}: name another one with --spool`,
      );
    const spool = new Spool(options, kept ?? newIdentity(host));
    if (kept === undefined) await keepIdentity(directory, spool.#identity);
    await spool.#read();
    return spool;
  }

  get identity(): Identity {
    return this.#identity;
  }

  /** The host as it was seen last; undefined before the ledger has said what it knows. The caller's own. */
  get known(): Known | undefined {
    const known = this.#contents?.known;
    return known && { ...known, state: known.state.fork() };
  }

  /** Commands that are begun and not settled. */
  get begun(): readonly Begun[] {
    return [...(this.#contents?.begun.values() ?? [])];
  }

  /** The outcome of the command is on its way: the ledger, which has not got it yet, calls the command open. */
  hasSettled(request: string): boolean {
    const unsent = this.#contents?.unsent ?? [];
    return unsent.some(({ commit }) =>
      commit.facts.some((fact) => fact.type === 'CommandSettled' && fact.data.request === request),
    );
  }

  get last(): number {
    return this.#contents?.last ?? 0;
  }

  /** Whether nothing is known of a command that was requested at this revision: it may have been begun. */
  mayHaveBegun(revision: number): boolean {
    return revision <= (this.#contents?.trustedAfter ?? Number.POSITIVE_INFINITY);
  }

  /** Commits that the ledger has not acknowledged, from the oldest on: at least one if there is any, and so many bytes otherwise. */
  unsent(maxBytes: number): readonly Commit[] {
    const commits: Commit[] = [];
    let left = maxBytes;
    for (const { commit, bytes } of this.#contents?.unsent ?? []) {
      left -= bytes;
      if (left < 0 && commits.length > 0) break;
      commits.push(commit);
    }
    return commits;
  }

  /** What the ledger has not got, for who watches the agent. */
  get figures(): { readonly commits: number; readonly bytes: number; readonly oldestAt: string | undefined } {
    const { unsent = [], unsentBytes: bytes = 0 } = this.#contents ?? {};
    return { commits: unsent.length, bytes, oldestAt: unsent[0]?.commit.occurredAt };
  }

  /** Called each time that there is something to send. */
  onCommits(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Throws SpoolFull, and what files throw: nothing is kept then. */
  record(drafts: readonly DraftCommit[], known: Known): Promise<void> {
    return this.#inTurn(async (contents) => {
      if (drafts.length === 0 && known.seenAt === contents.known.seenAt) return;
      const commits = commitsOf(contents, drafts);
      const step: Step = { type: 'commits', commits, seenAt: known.seenAt, boot: known.boot };
      contents.check(commits);
      const line = lineOf(step);
      const isSettlement = commits.some(({ facts }) => facts.some(({ type }) => type === 'CommandSettled'));
      try {
        this.#checkRoom(contents, line.length, isSettlement);
        await this.#take(contents, step, line);
      } catch (error) {
        if (drafts.length > 0 && !isSettlement) await this.#drop(contents, drafts, error);
        throw error;
      }
      if (commits.length > 0) for (const listener of this.#listeners) listener();
    });
  }

  /** The ledger has all commits up to this one. */
  acknowledge(sequence: number): Promise<void> {
    return this.#inTurn(async (contents) => {
      if (sequence <= contents.acknowledged) return;
      const step: Step = { type: 'acknowledged', sequence };
      await this.#take(contents, step, lineOf(step));
    });
  }

  /** Commands that are requested after this revision were not begun, unless the spool says so. */
  trustAfter(revision: number): Promise<void> {
    return this.#inTurn(async (contents) => {
      const step: Step = { type: 'trusted', after: revision };
      if (contents.trustedAfter === null) await this.#take(contents, step, lineOf(step));
    });
  }

  /** From now on the command may have reached the kernel. Throws SpoolFull when there would be no room for its outcome. */
  begin(begun: Begun): Promise<void> {
    return this.#inTurn(async (contents) => {
      const step: Step = { type: 'begun', begun };
      const line = lineOf(step);
      this.#checkRoom(contents, line.length, false);
      await this.#take(contents, step, line);
    });
  }

  /**
   * Goes on from what the ledger knows. What was not sent is given up, and is seen again as a difference; but outcomes of commands, which
   * nobody can see again, are kept. `why`: the ledger has refused the next commit, which is reported with the next one.
   */
  adopt(adopted: Adopted, why: string | null = null): Promise<void> {
    const work = async (): Promise<void> => {
      const { epoch, lastSequence, revision, state } = adopted;
      const before = this.#contents;
      const { seenAt = null, boot = null } = before?.known ?? {};
      const contents = Contents.anew(epoch, lastSequence, { state, seenAt, boot }, revision);
      if (before !== undefined) contents.keepOutcomes(before, adopted.open, why !== null);
      contents.lost = why ?? before?.lost ?? this.#lost;
      await this.#keepEpoch(epoch);
      await this.#rewrite(contents);
      this.#contents = contents;
      this.#lost = null;
    };
    return this.#queue(work);
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#appender?.close();
    this.#appender = undefined;
  }

  async #keepEpoch(epoch: number): Promise<void> {
    if (epoch === this.#identity.epoch) return;
    const identity = { ...this.#identity, epoch };
    await keepIdentity(this.#directory, identity);
    this.#identity = identity;
  }

  #checkRoom({ unsentBytes }: Contents, bytes: number, mayUseReserve: boolean): void {
    const most = (this.#options.maxBytes ?? MAX_BYTES) - (mayUseReserve ? 0 : RESERVE_BYTES);
    if (unsentBytes + bytes > most)
      throw new SpoolFull(
        `the spool has ${unsentBytes} bytes that the ledger has not got, and may have ${most}`,
      );
  }

  /** Counts what could not be kept; it is reported with the next commit that can be. */
  async #drop(contents: Contents, drafts: readonly DraftCommit[], error: unknown): Promise<void> {
    const [first, before] = [drafts[0], contents.dropped];
    const reason = errorText(error);
    const dropped = {
      from: before?.from ?? first?.notBefore ?? first?.notAfter ?? '',
      to: drafts.at(-1)?.notAfter ?? '',
      commits: (before?.commits ?? 0) + drafts.length,
      reason: reason.slice(0, 1000),
    };
    contents.dropped = dropped;
    if (before !== null) return;
    this.#options.report(`spool: cannot keep what is observed: ${reason}`);
    const step: Step = { type: 'dropped', dropped };
    await this.#take(contents, step, lineOf(step)).catch(() => undefined);
  }

  async #take(contents: Contents, step: Step, line: string): Promise<void> {
    // After a failure nobody knows what the file says: it is replaced by what the memory says.
    if (this.#appender === undefined) await this.#rewrite(contents);
    try {
      await this.#appender?.append(line);
    } catch (error) {
      await this.#forsake();
      throw error;
    }
    contents.take(step);
    const isWasteful = (this.#appender?.length ?? 0) > 2 * contents.unsentBytes + WASTE_BYTES;
    // The step is kept: what fails here only costs room.
    if (isWasteful) await this.#rewrite(contents).catch(() => undefined);
  }

  async #rewrite(contents: Contents): Promise<void> {
    await this.#forsake();
    const text = lineOf(contents.start);
    await replace(this.#directory, FILE, text);
    this.#appender = await Appender.open(join(this.#directory, FILE), Buffer.byteLength(text));
  }

  async #forsake(): Promise<void> {
    const appender = this.#appender;
    this.#appender = undefined;
    await appender?.close().catch(() => undefined);
  }

  async #read(): Promise<void> {
    const { report, now = () => new Date() } = this.#options;
    const found = await findSpool(this.#directory, FILE, { report, now });
    if (found === undefined) return;
    const { contents, goodBytes, lost } = found;
    this.#lost = lost;
    if (contents === undefined) return;
    if (goodBytes === undefined) {
      contents.lost = lost;
      contents.trustedAfter = null;
      await this.#rewrite(contents);
    } else this.#appender = await Appender.open(join(this.#directory, FILE), goodBytes);
    this.#contents = contents;
  }

  #inTurn<T>(work: (contents: Contents) => Promise<T>): Promise<T> {
    return this.#queue(async () => {
      if (this.#contents === undefined)
        throw new Error('the ledger has not said yet what it knows of this host');
      return work(this.#contents);
    });
  }

  #queue<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
