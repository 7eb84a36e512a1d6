/** The agent as a program of its own, without the rest of the command line. */
import { readFileSync } from 'node:fs';
import { Failure, guardOutput, line, processOutput, runCommand } from '@apledger/command-line';
import { agentCommand } from './command.ts';

const { version }: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);
guardOutput({ name: 'apledger agent' });
const ended = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort());
try {
  const run = { output: processOutput, signal: ended.signal };
  process.exitCode = await runCommand(agentCommand, process.argv.slice(2), run, version);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  processOutput.err(line(`apledger agent: ${error.message}`));
  process.exitCode = error.status;
}
