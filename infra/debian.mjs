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

/** Options of apt that make it write below `home` only. */
function privateApt(home, more = []) {
  for (const part of ['lists/partial', 'archives/partial']) mkdirSync(join(home, part), { recursive: true });
  return [
    ...more,
    `Dir::State::lists=${join(home, 'lists')}`,
    `Dir::Cache=${home}`,
    'APT::Get::List-Cleanup=0',
    'APT::Sandbox::User=',
    'Acquire::Languages=none',
    'Acquire::Retries=2',
  ].flatMap((option) => ['-o', option]);
}

/** The archive that the machine's apt takes Debian from; undefined when its lists are empty, or this is not Debian. */
function archive(options) {
  const format = '$(REPO_URI) $(ORIGIN) $(COMPONENT)';
  const lines = run('apt-get', [...options, 'indextargets', '--format', format, 'Created-By: Packages']);
  return lines
    .split('\n')
    .map((line) => line.split(' '))
    .find(([uri, origin, part]) => origin === 'Debian' && part === 'main' && !uri.includes('security'))?.[0];
}

/** Options of apt under which the suite's packages can be downloaded. */
function optionsFor(suite, home) {
  const lists = privateApt(home);
  // Lists that are missing, as in a fresh container, are fetched for this one time only.
  const isListed = archive([]) !== undefined;
  if (!isListed) run('apt-get', [...lists, 'update']);
  const options = isListed ? [] : lists;
  if (suite === own) return options;
  const uri = archive(options);
  if (!uri) throw new SetupError("this machine's apt takes nothing from Debian: install the package by hand");
  const sources = join(home, 'suite.sources');
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const lines = ['Types: deb', `URIs: ${uri}`, `Suites: ${suite}`, 'Components: main'];
  if (existsSync(keys)) lines.push(`Signed-By: ${keys}`);
  writeFileSync(sources, `${lines.join('\n')}\n`);
  const only = [`Dir::Etc::sourcelist=${sources}`, 'Dir::Etc::sourceparts=-'];
  const suited = privateApt(join(home, suite), only);
  run('apt-get', [...suited, 'update']);
  return suited;
}

/** Directory with the package's files, as below `/`. Throws SetupError when it cannot be had. */
export function debianPackage(name, suite = own) {
  const place = join(cache, suite, name);
  if (existsSync(place)) return place; // it gets this name only when it is whole
  mkdirSync(join(cache, suite), { recursive: true });
  const half = mkdtempSync(join(cache, suite, 'half-'));
  try {
    const options = optionsFor(suite, join(half, 'apt'));
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
