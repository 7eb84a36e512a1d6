// node infra/chromium.mjs: prints the path of a Chromium for the browser tests. Takes the one that is there, or CHROMIUM;
// else installs Debian's when it may (root, apt), and says so. Of Debian's two the one without windows takes half of the
// processor time for the same pages. Plain JavaScript without dependencies, see toolchain.mjs.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { alone, reportSetupError, SetupError } from './toolchain.mjs';

const SHELL = '/usr/bin/chromium-headless-shell';
const places = [SHELL, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome-stable'];
// Without recommended packages Debian's Chromium comes without any font.
const packages = ['chromium-headless-shell', 'fonts-inter', 'fonts-dejavu-core'];
const byHand = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;

function apt(...args) {
  const options = {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  try {
    execFileSync('apt-get', ['-q', ...args], options);
  } catch (error) {
    const why =
      error.code === 'ENOENT' ? 'apt-get is not there' : String(error.stderr).trim() || error.message;
    throw new SetupError(`cannot install Chromium: ${why}. As root, with network, type:\n  ${byHand}`);
  }
}

/**
 * Path of a Chromium; installs it where that is possible, with `isShellWanted` also beside one with windows. Throws SetupError with the
 * command to type when there is none, and none can be had.
 */
export async function chromium(isShellWanted = false) {
  const given = process.env.CHROMIUM;
  if (given !== undefined) {
    if (existsSync(given)) return given;
    throw new SetupError(`CHROMIUM=${given}: there is no such file`);
  }
  const find = () => places.find((place) => existsSync(place));
  const isEnough = (place) => place === SHELL || (place !== undefined && !isShellWanted);
  const found = find();
  if (isEnough(found)) return found;
  if (process.getuid?.() !== 0 || process.env.APLEDGER_NO_INSTALL === '1') {
    if (found) return found;
    throw new SetupError(`no Chromium here. As root, type:\n  ${byHand}`);
  }
  try {
    // The process that held the lock may have installed it.
    return await alone(() => (isEnough(find()) ? find() : install(find)));
  } catch (error) {
    if (found) return found;
    throw error;
  }
}

function install(find) {
  console.error(
    `apledger: no headless Chromium here: installing ${packages.join(', ')} with apt-get, for the browser tests`,
  );
  apt('update');
  apt('install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...packages);
  const installed = find();
  if (!installed)
    throw new SetupError(`apt-get installed ${packages[0]}, but none of ${places.join(', ')} is there`);
  return installed;
}

if (process.argv[1] === import.meta.filename) {
  try {
    console.log(await chromium());
  } catch (error) {
    reportSetupError(error);
  }
}
