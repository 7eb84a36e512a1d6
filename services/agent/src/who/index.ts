/** Who did it: the evidence that a host has (docs/agent.md, "Who"). */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AUDIT_SOCKETS, type Roots } from '../roots.ts';
import { AuditSocket, Journal } from './audit-source.ts';
import { EvidenceKeeper } from './evidence.ts';
import { LockSource } from './lock-source.ts';
import { NotifierSource } from './notifier-source.ts';
import { userNames } from './process-files.ts';

export { EvidenceKeeper } from './evidence.ts';
export type { CommandUnderWay, OwnCommand } from './own-commands.ts';
export type { Sign } from './sign.ts';

/** auditd and mdevctl are some milliseconds behind the kernel, on a busy host more. */
const PATIENCE_MS = 200;
/** The units of the writer, one for each command (packaging/systemd/apledger-writer@.service). */
const WRITER_UNIT = 'apledger-writer@';

export interface EvidenceSources {
  /** The program that follows the journal; undefined = it is not asked. */
  readonly journalctl?: string | undefined;
  /** Told once when a source ends that does not come back. */
  readonly onProblem: (problem: string) => void;
}

/** Starts every source of evidence that this host has. Those that are not there yet are found when they come. */
export function watchEvidence(roots: Roots, { journalctl, onProblem }: EvidenceSources): EvidenceKeeper {
  const keeper = new EvidenceKeeper({
    patienceMs: PATIENCE_MS,
    now: Date.now,
    sleep: (ms) => sleep(ms),
    writerUnit: WRITER_UNIT,
  });
  const add = keeper.add.bind(keeper);
  const names = () => userNames(roots.etc);
  keeper.watch(new LockSource(roots, add, Date.now));
  keeper.watch(new NotifierSource(roots, add));
  keeper.watch(
    new AuditSocket(
      AUDIT_SOCKETS.map((path) => join(roots.run, path)),
      add,
      names,
    ),
  );
  if (journalctl !== undefined) keeper.watch(new Journal(journalctl, add, names, onProblem));
  return keeper;
}
