/** The agent: observer, spool, link and commands, put together. */
import { join } from 'node:path';
import { type Fact, UNATTRIBUTED } from '@apledger/events';
import { Commander } from './commands/commander.ts';
import { OwnCommands } from './commands/own-commands.ts';
import { watchBootFiles } from './drift/boot-files.ts';
import { supervisor } from './health/systemd.ts';
import type { RemoteLedger } from './link/ledger.ts';
import { Link } from './link/link.ts';
import { Observer } from './observer/index.ts';
import type { Roots } from './roots.ts';
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
  readonly report: (line: string) => void;
}

/** The evidence of this machine and its initrds are looked for only where the roots are its own. */
const isThisMachine = ({ run, etc }: Roots): boolean => run === '/run' && etc === '/etc';

const evidenceOf = (roots: Roots, report: (line: string) => void): EvidenceSources => ({
  journalctl: isThisMachine(roots) ? 'journalctl' : undefined,
  onProblem: (problem) => report(`who: ${problem}`),
});

/** Runs until the signal. Throws LinkRefused, and Error for a spool that cannot be used. */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { host, roots, ledger, writer, takeOver, report, readsUnbounded } = options;
  const spool = await Spool.open({ directory: join(options.spoolDirectory), host, report });
  const witness = watchEvidence(roots, evidenceOf(roots, report));
  const own = new OwnCommands(witness);
  const observer = new Observer({ host, roots, witness: own, sink: spool, report, readsUnbounded });
  const commander = new Commander({ spool, writer, looker: observer, own, report });
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
  const systemd = supervisor({ env: process.env, isAlive: () => true });
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
    await spool.close();
  }
}

/** Records what is so now, without anybody who did it; false before the ledger has said what it knows of the host. */
async function recordNow(spool: Spool, fact: Fact): Promise<boolean> {
  const { known } = spool;
  if (known === undefined) return false;
  const now = new Date().toISOString();
  const frame = { boot: known.boot ?? 'unknown', notBefore: null, notAfter: now, occurredAt: now };
  const nobody = { certainty: 'none', evidence: [], actor: UNATTRIBUTED } as const;
  await spool.record([{ ...frame, ...nobody, settled: true, wasAway: false, facts: [fact] }], known);
  return true;
}
