/** Keeps the signs that the sources find, and answers who did something by them. */
import type { Interval, Subject, Testimony, Witness } from '@apledger/observe';
import { type CommandUnderWay, type OwnCommand, OwnCommands } from './own-commands.ts';
import { isAbout, type Sign, testimonyOf } from './sign.ts';

/** Signs of so long ago are of no change that is still asked about. */
const KEPT_MS = 10 * 60_000;
const MAX_SIGNS = 10_000;
/** The writer answers as soon as the kernel has. Where that takes longer, its processes are not known yet, and count as others. */
const ANSWER_MS = 1000;

export interface EvidenceOptions {
  /** How long after a change its signs may still come: auditd and mdevctl are behind the kernel. */
  readonly patienceMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** The unit that carries out the ledger's commands here. */
  readonly writerUnit: string;
}

/** Finds signs. They are handed to `Evidence.add`, by `refresh` or at any other time. */
export interface Source {
  /** Looks now for what a watch may not have said yet. */
  refresh(): void;
  close(): void;
}

export class EvidenceKeeper implements Witness {
  readonly #options: EvidenceOptions;
  readonly #sources: Source[] = [];
  readonly #commands: OwnCommands;
  #signs: Sign[] = [];

  constructor(options: EvidenceOptions) {
    this.#options = options;
    this.#commands = new OwnCommands((sign) => this.add(sign), options.now);
  }

  /** A command of the ledger is about to be written. */
  begin(command: OwnCommand): CommandUnderWay {
    return this.#commands.begin(command);
  }

  add(sign: Sign): void {
    this.#signs.push(sign);
    if (this.#signs.length <= MAX_SIGNS) return;
    const oldest = this.#options.now() - KEPT_MS;
    this.#signs = this.#signs.filter(({ from, to }) => (to ?? from) > oldest).slice(-MAX_SIGNS / 2);
  }

  watch(source: Source): void {
    this.#sources.push(source);
  }

  /**
   * Who did it. Waits until the patience after the interval is over, also when somebody is named already: another may be named yet, and
   * then nobody is certain. Of what was there at the first look nobody knows.
   */
  async evidenceFor(interval: Interval, about: Subject): Promise<Testimony> {
    const { now, sleep, patienceMs, writerUnit } = this.#options;
    if (interval.notBefore === null) return testimonyOf([], writerUnit);
    const wait = Date.parse(interval.notAfter) + patienceMs - now();
    if (this.#sources.length > 0 && wait > 0) await sleep(Math.min(wait, patienceMs));
    const ours = this.#commands.answered(this.#about(interval, about));
    if (ours !== undefined) await Promise.race([ours, sleep(ANSWER_MS)]);
    for (const source of this.#sources) source.refresh();
    return testimonyOf(this.#about(interval, about), writerUnit);
  }

  #about(interval: Interval, about: Subject): readonly Sign[] {
    return this.#signs.filter((sign) => isAbout(sign, interval, about));
  }

  close(): void {
    for (const source of this.#sources) source.close();
  }
}
