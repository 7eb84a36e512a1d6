/** Looks at the host's files, and records what differs from what is known. It watches nothing: it looks when it is asked to. */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CapturedFile,
  detectGeneration,
  type Reading,
  readTree,
  registrationOf,
  type TreeTaker,
  takeTree,
} from '@apledger/capture';
import type { CommandOf } from '@apledger/events';
import {
  type DraftCommit,
  explain,
  type Known,
  type Looker,
  type Sink,
  type Witness,
} from '@apledger/observe';
import type { Roots } from './roots.ts';

const MAX_BYTES = 64 * 1024;
const buffer = Buffer.alloc(MAX_BYTES);

class Taker implements TreeTaker {
  readonly files = new Map<string, CapturedFile>();
  readonly #roots: Roots;

  constructor(roots: Roots) {
    this.#roots = roots;
  }

  take(path: string): string | undefined {
    const text = this.read(path);
    if (text !== undefined) this.files.set(path, { text });
    return text;
  }

  read(path: string): string | undefined {
    return tried(() => {
      const file = openSync(this.#real(path), 'r');
      try {
        return buffer.toString('utf8', 0, readSync(file, buffer, 0, MAX_BYTES, 0));
      } finally {
        closeSync(file);
      }
    });
  }

  takeLink(path: string): void {
    const target = tried(() => readlinkSync(this.#real(path)));
    if (target !== undefined) this.files.set(path, { target });
  }

  names(path: string): readonly string[] {
    return tried(() => readdirSync(this.#real(path)).sort()) ?? [];
  }

  problem(): void {}

  #real(path: string): string {
    const [root, ...rest] = path.split('/');
    return join(
      root === 'sys' ? this.#roots.sysfs : root === 'proc' ? this.#roots.proc : '/nowhere',
      ...rest,
    );
  }
}

function tried<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

export interface PlainObserverParts {
  readonly host: string;
  readonly roots: Roots;
  readonly witness: Witness;
  readonly sink: Sink;
}

export class PlainObserver implements Looker {
  readonly #parts: PlainObserverParts;
  #known: Known | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: PlainObserverParts) {
    this.#parts = parts;
  }

  /** Goes on from here, at once. */
  begin(known: Known): void {
    this.#known = known;
  }

  look(): Promise<void> {
    const turn = this.#turn.then(() => this.#look());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  registration(): CommandOf<'RegisterHost'> {
    const { host } = this.#read();
    return registrationOf(host, this.#parts.host, detectGeneration(host).driver).command;
  }

  detected(): readonly string[] {
    return [detectGeneration(this.#read().host).evidence];
  }

  get boot(): string {
    return readFileSync(join(this.#parts.roots.proc, 'sys/kernel/random/boot_id'), 'utf8').trim();
  }

  get kernel(): string {
    return readFileSync(join(this.#parts.roots.proc, 'sys/kernel/osrelease'), 'utf8').trim();
  }

  #read(): Reading {
    const taker = new Taker(this.#parts.roots);
    takeTree(taker, { readsUnbounded: false });
    const { host, problems } = readTree(taker.files);
    return { host: { ...host, kernel: host.kernel ?? this.kernel }, problems };
  }

  async #look(): Promise<void> {
    const known = this.#known;
    if (known === undefined) throw new Error('the ledger has not said yet what it knows of this host');
    const { boot } = this;
    const { host, problems } = this.#read();
    const guests = {
      uses: new Map(),
      unknown: new Set((host.mdevs ?? []).map(({ uuid }) => uuid)),
      running: new Set<string>(),
    };
    const now = new Date().toISOString();
    const seen = { host, problems, boot, settled: true, recreated: new Set<string>(), guests };
    const { state, steps } = explain(known.state, seen, { hints: [], sentUevents: false });
    const drafts: DraftCommit[] = [];
    for (const { facts, files, mdevs } of steps) {
      const interval = { notBefore: known.seenAt, notAfter: now };
      const testimony = await this.#parts.witness.evidenceFor(interval, { files, mdevs });
      drafts.push({ ...interval, ...testimony, boot, occurredAt: now, settled: true, wasAway: false, facts });
    }
    const next = { state, seenAt: now, boot };
    await this.#parts.sink.record(drafts, next);
    this.#known = next;
  }
}
