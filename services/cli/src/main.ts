/** The command `apledger`: every command there is, and how one ends. */
import { readFileSync } from 'node:fs';
import { agentCommand } from '@apledger/agent';
import { Problem } from '@apledger/api';
import { Unreachable } from '@apledger/client';
import {
  errorLines,
  Failure,
  guardOutput,
  type Program,
  processOutput,
  runProgram,
  type Streams,
} from '@apledger/command-line';
import { LogError } from '@apledger/event-log';
import { InvalidFact, UnknownFact } from '@apledger/events';
import { EvidenceError } from '@apledger/evidence';
import { ImpossibleFact } from '@apledger/host';
import { BrokerError } from '@apledger/nats';
import { CacheUnusable, CannotFold } from '@apledger/projections';
import { accessCommands } from './commands/access.ts';
import { applyCommand } from './commands/apply.ts';
import { captureCommand } from './commands/capture.ts';
import { changeCommands } from './commands/change.ts';
import { conformCommand } from './commands/conform.ts';
import { custodyCommands } from './commands/custody.ts';
import { demoCommand } from './commands/demo.ts';
import { diffCommand } from './commands/diff.ts';
import { driftCommand } from './commands/drift.ts';
import { eventsCommand } from './commands/events.ts';
import { exportCommand } from './commands/export.ts';
import { hostsCommand } from './commands/hosts.ts';
import { importCommand } from './commands/import.ts';
import { logCommands } from './commands/log.ts';
import { loginCommands } from './commands/login.ts';
import { manualCommands } from './commands/manual.ts';
import { planCommand } from './commands/plan.ts';
import { procedureCommands } from './commands/procedure.ts';
import { proofCommand } from './commands/proof.ts';
import { rebuildCommand } from './commands/rebuild.ts';
import { relayCommand } from './commands/relay.ts';
import { replayCommand } from './commands/replay.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { showCommand } from './commands/show.ts';
import { tailCommand } from './commands/tail.ts';
import { tokenCommands } from './commands/token.ts';
import { verifyCommand } from './commands/verify.ts';
import { whatIfCommand } from './commands/what-if.ts';
import { witnessCommand } from './commands/witness.ts';
import { readConfiguration } from './configuration.ts';
import { labCommands } from './lab/commands.ts';
import { place } from './options.ts';

const { version }: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);

/** The definitions from which arguments are read and documents can be made. */
export const program: Program = {
  name: 'apledger',
  summary:
    'The ledger of crypto adapter assignments: who could use which AP queue, when, and who changed it.',
  version,
  shared: place,
  environment: {
    APLEDGER_DATA: 'data directory, unless --data or --log is given',
    APLEDGER_LOG: 'URL of the log, or @FILE that holds it, unless --data or --log is given',
    APLEDGER_SERVER:
      'a service that is asked instead, unless --data, --log or --server is given; run does not read it',
    APLEDGER_TOKEN: 'what a program shows to a service instead of signing in',
    APLEDGER_SESSIONS: 'the file in which login keeps sessions (~/.config/apledger/sessions.json)',
    APLEDGER_SIGNER: 'the directory of the key that signs the log',
    NATS_URL: 'URL of the NATS server, for relay and tail',
  },
  groups: {
    access: 'who may do what, and who gave whom the right',
    change: 'changes that were proposed: judge them, carry them out, take them back',
    procedure: 'plan a task that comes up again and again',
    token: 'what programs show instead of signing in',
    log: 'seal the log, change its key, or go on after a loss',
    lab: "show a simulated host's /sys as a real file system, for real tools",
  },
  commands: [
    runCommand,
    hostsCommand,
    showCommand,
    eventsCommand,
    replayCommand,
    diffCommand,
    whatIfCommand,
    planCommand,
    applyCommand,
    exportCommand,
    verifyCommand,
    proofCommand,
    rebuildCommand,
    conformCommand,
    demoCommand,
    captureCommand,
    importCommand,
    driftCommand,
    agentCommand,
    ...custodyCommands,
    reportCommand,
    relayCommand,
    tailCommand,
    ...loginCommands,
    ...changeCommands,
    ...procedureCommands,
    ...accessCommands,
    ...tokenCommands,
    ...logCommands,
    witnessCommand,
    ...labCommands,
    ...manualCommands(() => program),
  ],
};

/** Runs one command; resolves with its exit status: 0 done, 1 failed or found something wrong, 2 could not be carried out. */
export async function main(args: readonly string[], output: Streams = processOutput): Promise<number> {
  if (output === processOutput) guardOutput({ name: 'apledger' });
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    readConfiguration(program, process.env);
    return await runProgram(program, args, { output, signal: interrupt.signal });
  } catch (error) {
    return explain(error, output);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Errors whose message is meant for a person; any other is a defect, and its stack trace is wanted. */
const EXPLAINED = [
  Failure,
  Problem,
  LogError,
  BrokerError,
  EvidenceError,
  Unreachable,
  UnknownFact,
  InvalidFact,
  ImpossibleFact,
  CannotFold,
  CacheUnusable,
];

function explain(error: unknown, output: Streams): number {
  if (!EXPLAINED.some((kind) => error instanceof kind)) throw error;
  output.err(errorLines('apledger', error as Error));
  return error instanceof Failure ? error.status : 2;
}
