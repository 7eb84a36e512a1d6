/** The agent: observer, spool, link and commands, put together. */
import { join } from 'node:path';
import { UNATTRIBUTED } from '@apledger/events';
import type { Witness } from '@apledger/observe';
import { Commander } from './commands/commander.ts';
import { OwnCommands } from './commands/own-commands.ts';
import type { RemoteLedger } from './link/ledger.ts';
import { Link } from './link/link.ts';
import { Observer } from './observer/index.ts';
import type { Roots } from './roots.ts';
import { Spool } from './spool/spool.ts';
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

const nobody: Witness = {
  evidenceFor: async () => ({ certainty: 'none', evidence: [], actor: UNATTRIBUTED }),
};

/** Runs until the signal. Throws LinkRefused, and Error for a spool that cannot be used. */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { host, roots, ledger, writer, takeOver, report, readsUnbounded } = options;
  const spool = await Spool.open({ directory: join(options.spoolDirectory), host, report });
  const own = new OwnCommands(nobody);
  const observer = new Observer({ host, roots, witness: own, sink: spool, report, readsUnbounded });
  const commander = new Commander({ spool, writer, looker: observer, own, report });
  const begin = (): void => {
    if (spool.known !== undefined) observer.begin(spool.known);
  };
  begin();
  observer.start();
  const link = new Link({
    ledger,
    spool,
    introduction: () => observer.introduce(),
    registration: () => observer.registration(),
    onAdopted: async () => {
      begin();
      await observer.look();
    },
    onCommands: (open) => commander.offer(open),
    report,
    takeOver,
  });
  try {
    await link.run(signal);
  } finally {
    await commander.end();
    await observer.end();
    await spool.close();
  }
}
