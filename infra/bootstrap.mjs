// node infra/bootstrap.mjs <target> [arguments]: what the npm scripts run. Needs Node >= 20 and npm; see toolchain.mjs.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { chromium } from './chromium.mjs';
import { buildConsole, consoleIsStale } from './console.mjs';
import { lean } from './lean.mjs';
import { buildPrograms, programsAreStale } from './programs.mjs';
import { endAs, environmentOf, prepare, quiet, reportSetupError, root, run } from './toolchain.mjs';

const typeCheck = ['node_modules/typescript/bin/tsc', '-b'];
const lint = ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'];

const targets = {
  // The page is built with what only the tests need otherwise; once it is there, that may be missing.
  start: {
    withDev: consoleIsStale() || process.argv.includes('--demo-access'),
    isLean: true,
    go: start,
  },
  console: { withDev: true, go: (node) => node('infra/console.mjs') },
  test: { withDev: true, go: test },
  'test:long': { withDev: true, go: testLong },
  check: { withDev: true, go: (node) => inTurn(node, [typeCheck, lint]) },
  format: {
    withDev: true,
    go: (node) => node('node_modules/@biomejs/biome/bin/biome', 'check', '--write', '.'),
  },
  bench: { withDev: true, isLean: true, go: (node, args) => node('test/bench/main.ts', ...args) },
  mutants: { withDev: true, go: (node, args) => node('test/mutants/main.ts', ...args) },
  docs: {
    withDev: true,
    go: (node) =>
      inTurn(node, [
        ['packages/machines/src/write-docs.ts'],
        ['packages/events/src/write-docs.ts'],
        ['packages/changes/src/write-docs.ts'],
        ['packages/messages/src/write-docs.ts'],
        ['services/ledger/src/write-docs.ts'],
        ['services/cli/src/write-docs.ts'],
      ]),
  },
  // For what the clone has as TypeScript, whatever Node is installed.
  node: { withDev: false, go: (node, args) => node(...args) },
  pack: { withDev: true, go: (node, args) => node('infra/pack.mjs', ...args) },
  ledger: {
    withDev: false,
    isLean: true,
    go: (node, args) => node('services/ledger/bin/ledger.mjs', ...args),
  },
};

/** The worked example into an empty log, its matrices on the screen; then the service over that log. */
async function start(node, args, program) {
  if (args.includes('--help')) return node('services/ledger/bin/ledger.mjs', '--help');
  const at = args.indexOf('--data');
  const place = at < 0 ? [] : args.slice(at, at + 2);
  const taken = await portTaken(args);
  if (taken !== undefined) {
    console.error(
      `apledger: port ${taken} is taken: another program listens there. Choose another: npm start -- --port 8643`,
    );
    return { code: 2 };
  }
  if (consoleIsStale()) {
    console.error('apledger: building the console');
    await buildConsole(program).catch(reportSetupError); // without it the service serves its API all the same
    await buildPrograms(program).catch(() => undefined); // without them the sources run, and start later
  }
  // With a provider of its own, so that a stranger can try four eyes: docs/access.md.
  const isDemo = args.includes('--demo-access');
  const others = args.filter((arg) => arg !== '--demo-access');
  return inTurn(node, [
    ['services/cli/bin/apledger.mjs', 'demo', ...place],
    [isDemo ? 'test/support/demo-access.ts' : 'services/ledger/bin/ledger.mjs', ...others],
  ]);
}

/** The port that the service could not listen on, before anything is played and printed; undefined when it can. */
function portTaken(args) {
  const given = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const port = Number(given('--port') ?? process.env.APLEDGER_PORT ?? 8642);
  const host = given('--host') ?? '127.0.0.1';
  // What is no port is for the service to say.
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error) => resolve(error.code === 'EADDRINUSE' ? port : undefined));
    probe.listen(port, host, () => probe.close(() => resolve(undefined)));
  });
}

async function inTurn(node, commands) {
  for (const command of commands) {
    const end = await node(...command);
    if (end.code !== 0) return end;
  }
  return { code: 0 };
}

/** Type check, lint and tests: all of them run, whatever fails, and the last line counts. With arguments: tests only. */
async function test(node, args, program) {
  let failed = 0;
  if (args.length === 0) {
    // Before anything else runs, which may read what apt-get changes. Without it the browser tests say what is missing.
    await chromium(true).catch(() => undefined);
    // Once, and not by every test file that needs it; one that cannot be built is found out there.
    if (consoleIsStale()) await buildConsole(program).catch(() => undefined);
    if (programsAreStale()) await buildPrograms(program).catch(() => undefined);
  }
  for (const check of args.length > 0 ? [] : [typeCheck, lint]) {
    const end = await node(...check);
    if (end.signal) return end;
    if (end.code === 0) continue;
    console.error(`apledger: ${basename(check[0])} found errors, see above: counted as 1 failed`);
    failed += 1;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'apledger-test-'));
  process.env.APLEDGER_COUNTS = join(scratch, 'counts.json');
  const reporters = ['--reporter=default', '--reporter=./infra/counts-reporter.mjs'];
  try {
    const end = await node('node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args);
    if (end.signal) return end;
    const counts = readCounts(process.env.APLEDGER_COUNTS);
    failed += counts.failed;
    // Vitest also fails for what is no test: an unhandled rejection, no test found, a crash before the count.
    if (end.code !== 0 && counts.failed === 0) failed += 1;
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    console.log(`${counts.passed} passed, ${failed} failed${skipped}`);
    return { code: failed > 0 ? 1 : 0 };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The same with every loop at its full size: see CONTRIBUTING.md. */
function testLong(...given) {
  process.env.APLEDGER_LONG = '1';
  return test(...given);
}

function readCounts(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

const [name, ...args] = process.argv.slice(2);
const target = Object.hasOwn(targets, name ?? '') ? targets[name] : undefined;
if (target) {
  try {
    const node = await prepare(target);
    const runHere = (...command) => {
      const env = environmentOf(node); // targets add to it
      return run(node, [quiet, ...command], { cwd: root, env: target.isLean ? lean(env) : env });
    };
    endAs(await target.go(runHere, args, node));
  } catch (error) {
    reportSetupError(error);
  }
} else {
  console.error(`apledger: no target ${name ?? 'given'}; one of: ${Object.keys(targets).join(', ')}`);
  process.exitCode = 2;
}
