/** The agent: observer, spool, link and commands, put together. */
import { join } from 'node:path';
import type { Fact } from '@apledger/events';
import { NOBODY } from '@apledger/observe';
import { errorText } from '@apledger/text';
import { Commander } from './commands/commander.ts';
import { watchBootFiles } from './drift/boot-files.ts';
import { Locked } from './files/pid-lock.ts';
import { figuresOf } from './health/agent-figures.ts';
import { keepFigures } from './health/figures.ts';
import { supervisor } from './health/systemd.ts';
import type { RemoteLedger } from './link/ledger.ts';
import { Link } from './link/link.ts';
import { Observer } from './observer/index.ts';
import type { Roots } from './roots.ts';
import { lockSpool } from './spool/lock.ts';
import { Spool } from './spool/spool.ts';
import { type EvidenceSources, watchEvidence } from './who/index.ts';
import type { Writer } from './writer/protocol.ts';

export interface AgentOptions {
  readonly host: string;
  readonly roots: Roots;
  readonly spoolDirectory: string;
  readonly ledger: RemoteLedger;
  readonly writer: Writer;
  readonly takeOver: boolean;
  /** Read `matrix` and `guest_matrix` also where no ap_config bounds them. */
  readonly readsUnbounded: boolean;
  /** Where figures for Prometheus are kept; undefined = nowhere. */
  readonly metricsFile?: string | undefined;
  readonly report: (line: string) => void;
}

/** The evidence of this machine and its initrds are looked for only where the roots are its own. */
const isThisMachine = ({ run, etc }: Roots): boolean => run === '/run' && etc === '/etc';

const evidenceOf = (roots: Roots, report: (line: string) => void): EvidenceSources => ({
  journalctl: isThisMachine(roots) ? 'journalctl' : undefined,
  onProblem: (problem) => report(`who: ${problem}`),
});

/** Runs until the signal. Throws LinkRefused, and SpoolUnusable. */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { host, spoolDirectory: directory, report } = options;
  const unlock = await usable(lockSpool(directory));
  try {
    const spool = await usable(Spool.open({ directory, host, report }));
    await runOn(spool, options, signal).finally(() => spool.close());
  } finally {
    await unlock();
  }
}

/** The spool cannot be used: another agent has it, it is another host's, or the file system refuses it. */
export class SpoolUnusable extends Error {
  override readonly name = 'SpoolUnusable';
}

async function usable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const why = error instanceof Locked ? ': another agent works on this spool' : '';
    throw new SpoolUnusable(`--spool: ${errorText(error)}${why}`, { cause: error });
  }
}

async function runOn(spool: Spool, options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { host, roots, ledger, writer, takeOver, report, readsUnbounded } = options;
  const witness = watchEvidence(roots, evidenceOf(roots, report));
  const observer = new Observer({ host, roots, witness, sink: spool, report, readsUnbounded });
  const commander = new Commander({ spool, writer, looker: observer, witness, report });
  const begin = (): void => {
    if (spool.known !== undefined) observer.begin(spool.known);
  };
  begin();
  observer.start();
  const kept = watchBootFiles({
    roots,
    boot: isThisMachine(roots) ? '/boot' : undefined,
    keptIn: join(options.spoolDirectory, 'boot-files.sha256'),
    record: (fact) => recordNow(spool, fact),
    report,
  });
  const systemd = supervisor(process.env, () => observer.isAlive);
  const link = new Link({
    ledger,
    spool,
    introduction: () => observer.introduce(),
    registration: () => observer.registration(),
    onAdopted: async () => {
      begin();
      await observer.look();
      await kept.look();
    },
    onCommands: (open) => commander.offer(open),
    report,
    takeOver,
  });
  const metrics =
    options.metricsFile === undefined
      ? undefined
      : keepFigures({
          path: options.metricsFile,
          host,
          figures: () => figuresOf(observer, spool, link),
          report,
        });
  try {
    await systemd.ready();
    if (spool.known !== undefined) void kept.look();
    await link.run(signal);
  } finally {
    kept.close();
    await systemd.close();
    witness.close();
    await commander.end();
    await observer.end();
    metrics?.close();
  }
}

/** Records what is so now, without anybody who did it; false before the ledger has said what it knows of the host. */
async function recordNow(spool: Spool, fact: Fact): Promise<boolean> {
  const { known } = spool;
  if (known === undefined) return false;
  const now = new Date().toISOString();
  const frame = { boot: known.boot ?? 'unknown', notBefore: null, notAfter: now, occurredAt: now };
  await spool.record([{ ...frame, ...NOBODY, settled: true, wasAway: false, facts: [fact] }], known);
  return true;
}
