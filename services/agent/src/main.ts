/** The agent as a program of its own, without the rest of the command line. */
import { Failure, line, processOutput, runCommand } from '@apledger/command-line';
import { agentCommand } from './command.ts';

const ended = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort());
try {
  const run = { output: processOutput, signal: ended.signal };
  process.exitCode = await runCommand(agentCommand, process.argv.slice(2), run);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  processOutput.err(line(`apledger agent: ${error.message}`));
  process.exitCode = error.status;
}
