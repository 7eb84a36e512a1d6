// node infra/clients.mjs: fetches the programs that administrators of crypto adapters use, from Debian, and prints a
// directory for the PATH that has them: lszcrypt, chzcrypt, lszdev, chzdev (s390-tools) and mdevctl. Debian builds
// s390-tools for s390x only; elsewhere its programs run under qemu's user emulation. Nothing is installed.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianPackage } from './debian.mjs';
import { s390xPackages } from './s390x.mjs';
import { alone, reportSetupError, root, SetupError } from './toolchain.mjs';

/** s390-tools and what the four programs link with. */
const TOOLS = 's390-tools,libc6,libjson-c5';
const PROGRAMS = ['lszcrypt', 'chzcrypt', 'lszdev', 'chzdev'];
/** Where they are put together. A directory of the cache gets its name only when it is whole. */
const place = join(root, '.cache', 'debian', 'clients');

/** The first of these below the directory that is there. */
function found(directory, ...paths) {
  const path = paths.map((path) => join(directory, path)).find((path) => existsSync(path));
  if (path === undefined) throw new SetupError(`${directory} has none of ${paths.join(', ')}`);
  return path;
}

const quoted = (path) => `'${path.replaceAll("'", `'\\''`)}'`;

const writeScript = (path, line) => writeFileSync(path, `#!/bin/sh\n${line}\n`, { mode: 0o755 });

/** Puts the programs together at `place`. Throws SetupError when they cannot be had. */
function install() {
  if (process.env.APLEDGER_NO_INSTALL === '1')
    throw new SetupError(
      'APLEDGER_NO_INSTALL=1, and missing: lszcrypt, mdevctl. Type: node infra/clients.mjs',
    );
  const { files: tools, qemu } = s390xPackages(TOOLS);
  const mdevctl = found(debianPackage('mdevctl'), 'usr/sbin/mdevctl', 'usr/bin/mdevctl');
  mkdirSync(join(root, '.cache'), { recursive: true });
  const half = mkdtempSync(join(root, '.cache', 'clients-'));
  try {
    const made = join(half, 'made'); // `half` itself is for this user only
    for (const folder of ['bin', 'emulated']) mkdirSync(join(made, folder), { recursive: true });
    for (const name of PROGRAMS) {
      const program = found(tools, `usr/sbin/${name}`, `sbin/${name}`);
      // The emulator is started by the program's name: that is how the kernel, and so the ledger, knows the process.
      if (qemu) symlinkSync(qemu, join(made, 'emulated', name));
      const start = qemu
        ? [join(place, 'emulated', name), '-0', name, '-L', tools]
        : [found(tools, 'lib/ld64.so.1'), '--library-path', join(tools, 'usr/lib/s390x-linux-gnu')];
      writeScript(join(made, 'bin', name), `exec ${[...start, program].map(quoted).join(' ')} "$@"`);
    }
    // From 1.3 on mdevctl wants folders below /usr/lib that only an installed package brings; so it gets a root of its own.
    for (const scripts of ['callouts', 'notifiers'])
      mkdirSync(join(made, 'root/usr/lib/mdevctl/scripts.d', scripts), { recursive: true });
    for (const name of ['etc', 'sys']) symlinkSync(`/${name}`, join(made, 'root', name));
    const environment = `MDEVCTL_ENV_ROOT=${quoted(join(place, 'root'))}`;
    writeScript(join(made, 'bin', 'mdevctl'), `${environment} exec ${quoted(mdevctl)} "$@"`);
    renameSync(made, place);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  try {
    const bin = join(place, 'bin');
    // One after the other: tests that start at the same time would all fetch.
    if (!existsSync(bin)) await alone(() => existsSync(bin) || install());
    console.log(bin);
  } catch (error) {
    reportSetupError(error);
  }
}
