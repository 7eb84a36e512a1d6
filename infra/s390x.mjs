// node infra/s390x.mjs: fetches a Node for s390x, which is IBM Z, and what runs it here; prints the command that starts it, one word a
// line. Node comes from npm (the last one that npm has for s390x is 20.11.0), libraries and qemu's user emulation from Debian. Nothing is
// installed.
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { debianPackage, isFetched } from './debian.mjs';
import { alone, npm, reportSetupError, root, SetupError } from './toolchain.mjs';

/** Suites that are asked, in this order: `chzdev -t ap` is not in bookworm yet. */
const SUITES = ['trixie', 'sid'];
const NODE = 'node-linux-s390x';
/** What Node links with. */
const LIBRARIES = 'libc6,libstdc++6,libgcc-s1';
const nodePlace = join(root, '.cache', 'node-s390x');

/**
 * Root of the files of these packages for s390x, and the emulator (none on s390x itself), of the first suite that has them.
 * Throws SetupError when no suite has.
 */
export function s390xPackages(names) {
  const failures = [];
  // Debian is asked only where nothing was fetched yet.
  const there = SUITES.find((suite) => isFetched(names, suite, 's390x'));
  for (const suite of there === undefined ? SUITES : [there]) {
    try {
      const files = debianPackage(names, suite, { architecture: 's390x' });
      // Packages of today's suites leave it to another package that /lib is usr/lib.
      const lib = join(files, 'lib');
      if (!existsSync(lib)) symlinkSync('usr/lib', lib);
      if (process.arch === 's390x') return { files };
      const emulator = 'usr/bin/qemu-s390x';
      return { files, qemu: join(debianPackage('qemu-user', suite, { only: emulator }), emulator) };
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      failures.push(`${suite}: ${error.message}`);
    }
  }
  throw new SetupError(`${names} for s390x cannot be had from Debian: ${failures.join('; ')}`);
}

async function fetchNode() {
  const byHand = 'node infra/s390x.mjs';
  if (process.env.APLEDGER_NO_INSTALL === '1')
    throw new SetupError(`APLEDGER_NO_INSTALL=1, and missing: ${NODE}. Type: ${byHand}`);
  console.error(`apledger: installing ${NODE} into ${nodePlace} (130 MB)`);
  const half = `${nodePlace}.half`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { recursive: true });
  try {
    // It does not run on this processor: npm wants to be forced.
    const args = ['install', '--no-save', '--ignore-scripts', '--force', '--prefix', half, `${NODE}@20`];
    await npm(args, { cwd: half, node: process.execPath, what: NODE, byHand });
    renameSync(half, nodePlace);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  try {
    // One after the other: tests that start at the same time would all fetch.
    if (!existsSync(nodePlace)) await alone(() => existsSync(nodePlace) || fetchNode());
    const { files, qemu } = s390xPackages(LIBRARIES);
    const node = join(nodePlace, 'node_modules', NODE, 'bin', 'node');
    console.log([...(qemu === undefined ? [] : [qemu, '-L', files]), node].join('\n'));
  } catch (error) {
    reportSetupError(error);
  }
}
