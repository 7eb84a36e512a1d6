// What vitest.config.ts needs before a test can run, however vitest was started. Plain JavaScript without dependencies,
// see toolchain.mjs: an old Node reads it, too.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOf, findNode, quiet, root, SetupError } from './toolchain.mjs';

const MAX_SEED = 2 ** 31;
/** Of `npm test`, so that a run says the same as the run before it; `npm run test:long` draws a new one each time. */
const USUAL_SEED = 20_190_606;

/**
 * Returns on a Node that can run the tests. On an older one they are handed to the one in .cache/node, and this
 * process ends as they do. Throws SetupError with what to type when something is missing.
 */
export function ensureReady() {
  const node = findNode();
  if (!node || !existsSync(join(root, 'node_modules', 'vitest')))
    throw new SetupError(
      `Node >= 22.18 or the locked packages are missing, and this is ${process.version}. Type, to install both and run the tests of a path:\n  npm test -- PATH`,
    );
  if (node === process.execPath) return;
  const args = [quiet, ...process.execArgv, ...process.argv.slice(1)];
  const { status } = spawnSync(node, args, { stdio: 'inherit', env: environmentOf(node) });
  process.exit(status ?? 1);
}

/** Sets APLEDGER_SEED, which all random tests take, unless it is given; prints it. */
export function chooseSeed() {
  const given = process.env.APLEDGER_SEED;
  if (given !== undefined && !(/^\d{1,10}$/.test(given) && Number(given) < MAX_SEED))
    throw new SetupError(`APLEDGER_SEED=${given}: not a number below ${MAX_SEED}`);
  const usual = process.env.APLEDGER_LONG === '1' ? randomInt(MAX_SEED) : USUAL_SEED;
  process.env.APLEDGER_SEED = given ?? String(usual);
  console.error(`apledger: random tests run with APLEDGER_SEED=${process.env.APLEDGER_SEED}`);
}
