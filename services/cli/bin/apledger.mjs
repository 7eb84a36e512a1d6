#!/usr/bin/env node
// The command `apledger`. In a clone: `npx apledger`, or from anywhere
//   alias apledger=/path/to/the/clone/services/cli/bin/apledger.mjs
// Plain JavaScript, so that an old Node can read it and start the one that reads the rest.
import { fileURLToPath } from 'node:url';
import { load } from '../../../infra/programs.mjs';
import { endAs, prepare, quiet, reportSetupError, run } from '../../../infra/toolchain.mjs';

const args = process.argv.slice(2);
let node;
try {
  node = await prepare({ withDev: false });
} catch (error) {
  reportSetupError(error);
}

if (node === process.execPath) {
  // The same as `quiet`, without a second process: Node announces experimental features through this function.
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning, ...rest) => {
    const type = typeof rest[0] === 'object' ? rest[0]?.type : rest[0];
    if (type !== 'ExperimentalWarning') emitWarning.call(process, warning, ...rest);
  };
  const { main } = await load('services/cli/src/main.ts');
  process.exitCode = await main(args);
} else if (node) {
  endAs(await run(node, [quiet, fileURLToPath(import.meta.url), ...args]));
}
