/** The agent: observer, spool, link and commands, put together. */
import { join } from 'node:path';
import { UNATTRIBUTED } from '@apledger/events';
import type { Witness } from '@apledger/observe';
import { Commander } from './commands/commander.ts';
import { OwnCommands } from './commands/own-commands.ts';
import type { RemoteLedger } from './link/ledger.ts';
import { Link } from './link/link.ts';
import { PlainObserver } from './plain-observer.ts';
import type { Roots } from './roots.ts';
import { Spool } from './spool/spool.ts';
import type { Writer } from './writer/protocol.ts';

/** The safety net where nothing tells that something happened. */
const LOOK_EVERY_MS = 1000;

export interface AgentOptions {
  readonly host: string;
  readonly roots: Roots;
  readonly spoolDirectory: string;
  readonly ledger: RemoteLedger;
  readonly writer: Writer;
  readonly takeOver: boolean;
  readonly report: (line: string) => void;
}

const nobody: Witness = {
  evidenceFor: async () => ({ certainty: 'none', evidence: [], actor: UNATTRIBUTED }),
};

/** Runs until the signal. Throws LinkRefused, and Error for a spool that cannot be used. */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { host, roots, ledger, writer, takeOver, report } = options;
  const spool = await Spool.open({ directory: join(options.spoolDirectory), host, report });
  const own = new OwnCommands(nobody);
  const observer = new PlainObserver({ host, roots, witness: own, sink: spool });
  const commander = new Commander({ spool, writer, looker: observer, own, report });
  const begin = (): void => {
    if (spool.known !== undefined) observer.begin(spool.known);
  };
  begin();
  const look = (): void => {
    if (spool.known !== undefined) observer.look().catch((error: unknown) => report(`cannot look: ${error}`));
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  const link = new Link({
    ledger,
    spool,
    introduction: async () => ({
      boot: observer.boot,
      kernel: observer.kernel,
      detected: [...observer.detected()],
      missing: [],
    }),
    registration: async () => observer.registration(),
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
    clearInterval(timer);
    await commander.end();
    await spool.close();
  }
}
