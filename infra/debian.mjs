// node infra/debian.mjs PACKAGE[,PACKAGE...] [SUITE [ARCHITECTURE]]: fetches Debian packages into .cache/debian and
// unpacks them there, all into one directory, without root and without installing anything; prints that directory.
// Without SUITE (or with `own`), what the machine's own apt would install; with one (trixie, sid), what that suite
// has; with ARCHITECTURE (s390x), what is built for it. The machine's dpkg never hears of either: each gets an apt root
// of its own. Hosts and keys are those of the machine's apt. Plain JavaScript without dependencies, see toolchain.mjs.
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

/** Options of apt under which the suite's packages of that architecture can be downloaded. */
function optionsFor(suite, architecture, home) {
  const lists = privateApt(home);
  // Lists that are missing, as in a fresh container, are fetched for this one time only.
  const isListed = archive([]) !== undefined;
  if (!isListed) run('apt-get', [...lists, 'update']);
  const options = isListed ? [] : lists;
  if (suite === own && architecture === undefined) return options;
  const only = [];
  if (architecture !== undefined) {
    writeFileSync(join(home, 'status'), '');
    only.push(`APT::Architecture=${architecture}`, `APT::Architectures=${architecture}`);
    only.push(`Dir::State::status=${join(home, 'status')}`); // nothing of it is installed
  }
  if (suite !== own) only.push(...sourcesOf(suite, options, home));
  const suited = privateApt(join(home, 'apart'), only);
  run('apt-get', [...suited, 'update']);
  return suited;
}

/** Options of apt that make the suite its only source. */
function sourcesOf(suite, options, home) {
  const uri = archive(options);
  if (!uri) throw new SetupError("this machine's apt takes nothing from Debian: install the package by hand");
  const sources = join(home, 'suite.sources');
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const lines = ['Types: deb', `URIs: ${uri}`, `Suites: ${suite}`, 'Components: main'];
  if (existsSync(keys)) lines.push(`Signed-By: ${keys}`);
  writeFileSync(sources, `${lines.join('\n')}\n`);
  return [`Dir::Etc::sourcelist=${sources}`, 'Dir::Etc::sourceparts=-'];
}

const shelfOf = (suite, architecture) =>
  join(cache, architecture === undefined ? suite : `${suite}-${architecture}`);

/** Whether they are there already. */
export const isFetched = (names, suite, architecture) =>
  existsSync(join(shelfOf(suite, architecture), names));

/**
 * Directory with the packages' files, as below `/`. `names` are separated by commas; `only` is the one path to unpack.
 * Says on standard error what it fetches. Throws SetupError when they cannot be had.
 */
export function debianPackage(names, suite = own, { architecture, only } = {}) {
  const shelf = shelfOf(suite, architecture);
  const place = join(shelf, names);
  if (existsSync(place)) return place; // it gets this name only when it is whole
  const byHand = ['node infra/debian.mjs', names, suite, architecture].filter(Boolean).join(' ');
  if (process.env.APLEDGER_NO_INSTALL === '1')
    throw new SetupError(`APLEDGER_NO_INSTALL=1, and missing: ${names}. Type: ${byHand}`);
  mkdirSync(shelf, { recursive: true });
  const half = mkdtempSync(join(shelf, 'half-'));
  try {
    const options = optionsFor(suite, architecture, join(half, 'apt'));
    const download = [...options, 'download', ...names.split(',')];
    const bytes = run('apt-get', [...download, '--print-uris'])
      .split('\n')
      .reduce((sum, line) => sum + Number(line.split(' ')[2] ?? 0), 0);
    console.error(`apledger: fetching ${names} (${(bytes / 1e6).toFixed(1)} MB) into ${shelf}`);
    run('apt-get', download, { cwd: half });
    const files = readdirSync(half).filter((entry) => entry.endsWith('.deb'));
    if (files.length === 0) throw new SetupError(`apt-get download ${names} brought no package`);
    mkdirSync(join(half, 'files'));
    for (const file of files) unpack(join(half, file), join(half, 'files'), only);
    renameSync(join(half, 'files'), place);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error; // another process was faster
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  return place;
}

function unpack(file, place, only) {
  if (only === undefined) run('dpkg-deb', ['--extract', file, place]);
  else run('sh', ['-c', 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" "./$3"', 'unpack', file, place, only]);
}

if (process.argv[1] === import.meta.filename) {
  const [, , names, suite, architecture] = process.argv;
  try {
    if (!names)
      throw new SetupError('which? node infra/debian.mjs PACKAGE[,PACKAGE...] [SUITE [ARCHITECTURE]]');
    console.log(debianPackage(names, suite, { architecture }));
  } catch (error) {
    reportSetupError(error);
  }
}
