/** `apledger proof`: the evidence file of a fact. */
import { writeFile } from 'node:fs/promises';
import { command, Failure, jsonLine, type Output } from '@apledger/command-line';
import type { Place } from '@apledger/ledger';
import { withLedger } from '../ledger.ts';
import { json, place } from '../options.ts';

interface ProofOptions extends Place {
  readonly output?: string;
  readonly json?: boolean;
}

async function proof(
  text: string,
  { output: path, json, ...where }: ProofOptions,
  output: Output,
): Promise<number> {
  const position = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (position < 1)
    throw new Failure(2, `${text}: not the position of a fact; "apledger events" prints them.`);
  return withLedger(where, output, async (ledger) => {
    const found = await ledger.ask('proof', { position });
    const written = json ? jsonLine(found) : found.proof;
    if (path === undefined) output.out(written);
    else
      await writeFile(path, written).catch((error: Error) => {
        throw new Failure(2, `--output ${path}: ${error.message}`);
      });
    return 0;
  });
}

export const proofCommand = command({
  name: 'proof',
  summary: 'print the evidence file of a fact: it proves the fact without this ledger (docs/evidence.md)',
  positionals: [{ name: 'position', description: 'of the fact in the log' }],
  options: {
    ...place,
    output: { type: 'string', value: 'file', description: 'write to this file (default: standard output)' },
    ...json,
  },
  examples: ['apledger proof 37 --output 37.tlog-proof'],
  run: ({ position, ...options }, { output }) => proof(position, options, output),
});
