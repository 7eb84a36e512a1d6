/** `apledger conform FILE...`: replays differential vectors and counts what differs from the kernel's answers. */

import { command, Failure, jsonLine, type Output } from '@apledger/command-line';
import { visibleLines } from '@apledger/text';
import { DISTRIBUTION_KERNELS, kernelTable } from '../conform/kernels.ts';
import { type Mismatch, replayVector } from '../conform/replay.ts';
import { readVectors, VectorError } from '../conform/vectors.ts';
import { json } from '../options.ts';

/** Exit status 1 on any mismatch. Throws Failure(2) for a file that holds no vectors. `kernels`: the table instead. */
async function conform(
  files: readonly string[],
  { json, kernels }: { readonly json?: boolean; readonly kernels?: boolean },
  output: Output,
): Promise<number> {
  if (kernels) {
    output.out(json ? jsonLine(DISTRIBUTION_KERNELS) : kernelTable());
    return 0;
  }
  if (files.length === 0) throw new Failure(2, 'conform: name a file with vectors, or --kernels');
  let sequences = 0;
  let steps = 0;
  const mismatches: { readonly place: string; readonly mismatch: Mismatch }[] = [];
  for (const file of files) {
    try {
      for await (const { line, vector } of readVectors(file)) {
        const replay = await replayVector(vector);
        sequences++;
        steps += replay.steps;
        if (replay.mismatch !== undefined)
          mismatches.push({ place: `${file}:${line}`, mismatch: replay.mismatch });
        if (sequences % 50 === 0)
          output.progress(`${sequences} sequences, ${steps} steps, ${mismatches.length} mismatches`);
      }
    } catch (error) {
      if (error instanceof VectorError) throw new Failure(2, error.message);
      throw error;
    }
  }
  const [first] = mismatches;
  if (json) output.out(jsonLine({ sequences, steps, mismatches: mismatches.length, first: first ?? null }));
  else {
    output.out(`${sequences} sequences, ${steps} steps, ${mismatches.length} mismatches\n`);
    if (first !== undefined) output.out(visibleLines(describe(first.place, first.mismatch)));
  }
  return mismatches.length > 0 ? 1 : 0;
}

const describe = (place: string, { vector, step, operation, what, expected, actual }: Mismatch): string =>
  `First mismatch: ${place} ${vector}, step ${step}: ${operation}
  ${what}
    expected ${JSON.stringify(expected)}
    actual   ${JSON.stringify(actual)}
`;

export const conformCommand = command({
  name: 'conform',
  summary: "replay differential vectors and compare with the kernel's answers",
  positionals: [
    { name: 'files', description: 'vectors, test/vectors/FORMAT.md', many: true, optional: true },
  ],
  options: {
    ...json,
    kernels: {
      type: 'boolean',
      description: 'say which generation of the driver the kernels of distributions run',
    },
  },
  examples: ['apledger conform test/vectors/7.3/*.jsonl.gz'],
  run: ({ files, ...options }, { output }) => conform(files, options, output),
});
