// node infra/debian.mjs PACKAGE [SUITE]: fetches a Debian package into .cache/debian and unpacks it there, without
// root and without installing anything; prints the directory it was unpacked into. Without SUITE, what the machine's
// own apt would install; with one (trixie, sid), what that suite has, through an apt root of its own.
// Hosts and keys are those of the machine's apt. Plain JavaScript without dependencies, see toolchain.mjs.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportSetupError, root, SetupError } from './toolchain.mjs';

const cache = join(root, '.cache', 'debian');
const own = 'own';

/** Runs a program quietly; its output, or a SetupError that says what it said. */
function run(program, args, options = {}) {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });
  } catch (error) {
    const said =
      error.code === 'ENOENT' ? 'it is not installed: is this Debian?' : String(error.stderr).trim();
    throw new SetupError(`${program} ${args[0]}: ${said || error.message}`);
  }
}

/** The archive that the machine's apt takes Debian from. */
function archive() {
  const format = '$(REPO_URI) $(ORIGIN) $(COMPONENT)';
  const lines = run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']).split('\n');
  const uris = lines
    .map((line) => line.split(' '))
    .filter(([, origin, part]) => origin === 'Debian' && part === 'main');
  const uri = uris.map(([found]) => found).find((found) => !found.includes('security'));
  if (uri) return uri;
  throw new SetupError(
    "apt knows no archive of Debian: its lists are empty (apt-get update), or this isn't Debian",
  );
}

/** Options of apt that make it look at one suite only and write below `home` only. */
function privateApt(home, suite) {
  for (const part of ['lists/partial', 'archives/partial', 'etc'])
    mkdirSync(join(home, part), { recursive: true });
  const sources = join(home, 'etc', 'suite.sources');
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const lines = ['Types: deb', `URIs: ${archive()}`, `Suites: ${suite}`, 'Components: main'];
  if (existsSync(keys)) lines.push(`Signed-By: ${keys}`);
  writeFileSync(sources, `${lines.join('\n')}\n`);
  return [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${join(home, 'lists')}`,
    `Dir::Cache=${home}`,
    'APT::Get::List-Cleanup=0',
    'APT::Sandbox::User=',
    'Acquire::Languages=none',
    'Acquire::Retries=2',
  ].flatMap((option) => ['-o', option]);
}

/** Directory with the package's files, as below `/`. Throws SetupError when it cannot be had. */
export function debianPackage(name, suite = own) {
  const place = join(cache, suite, name);
  if (existsSync(place)) return place; // it gets this name only when it is whole
  mkdirSync(join(cache, suite), { recursive: true });
  const half = mkdtempSync(join(cache, suite, 'half-'));
  try {
    const options = suite === own ? [] : privateApt(join(half, 'apt'), suite);
    if (suite !== own) run('apt-get', [...options, 'update']);
    run('apt-get', [...options, 'download', name], { cwd: half });
    const file = readdirSync(half).find((entry) => entry.endsWith('.deb'));
    if (!file) throw new SetupError(`apt-get download ${name} brought no package`);
    run('dpkg-deb', ['--extract', join(half, file), join(half, 'files')]);
    renameSync(join(half, 'files'), place);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error; // another process was faster
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  return place;
}

if (process.argv[1] === import.meta.filename) {
  const [, , name, suite] = process.argv;
  try {
    if (!name) throw new SetupError('which package? node infra/debian.mjs PACKAGE [SUITE]');
    console.log(debianPackage(name, suite));
  } catch (error) {
    reportSetupError(error);
  }
}
