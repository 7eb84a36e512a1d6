/** What zsh and fish offer, and what mandoc says of the manual page: asked of the programs themselves. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { apledger, file, inRepository } from './support.ts';

const PACKAGES = 'zsh,zsh-common,fish,fish-common,libpcre2-32-0,mandoc';
/** Bounds a shell that waits for input which never comes. */
const PATIENCE_MS = 120_000;

const fetched = spawnSync(process.execPath, [inRepository('infra/debian.mjs'), PACKAGES], {
  encoding: 'utf8',
});
const root = fetched.stdout.trim();
const why = fetched.status === 0 ? '' : ` (skipped: ${fetched.stderr.trim()})`;

/** Lines as they are typed, and what is offered at their ends. */
const OFFERS: readonly (readonly [string, readonly string[]])[] = [
  ['apledger sho', ['show']],
  ['apledger show ', ['guest', 'host', 'mdev']],
  ['apledger change app', ['approve']],
  ['apledger --data x sho', ['show']],
  ['apledger exposure --fr', ['--from']],
  ['apledger report --format ', ['csv', 'html', 'json', 'md']],
  ['apledger events --type ', []],
  ['apledger run script', ['script.sh']],
  ['apledger completion f', ['fish']],
];

/** The words of each line, from what was printed with `end` after each. */
function offersOf(printed: string): readonly (readonly string[])[] {
  return printed
    .split(/^end\n/m)
    .slice(0, -1)
    .map((words) => words.split('\n').filter((word) => word !== ''));
}

/** Where the shells stand: with one script. */
const here = dirname(file('script.sh', ''));

const run = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string =>
  execFileSync(program, args, {
    encoding: 'utf8',
    timeout: PATIENCE_MS,
    cwd: here,
    env: { PATH: process.env.PATH, HOME: scratch(), LANG: 'C.UTF-8', ...env },
  });

const scriptOf = async (shell: string): Promise<string> =>
  file(`apledger.${shell}`, (await apledger('completion', shell)).out);

describe.skipIf(why !== '')(`in a real shell${why}`, () => {
  const lines = OFFERS.map(([line]) => line);

  it('zsh offers commands, options, choices and files, each where it is meant', async () => {
    const args = ['-f', inRepository('test/cli/offered.zsh'), root, await scriptOf('zsh'), ...lines];
    const offers = offersOf(run(join(root, 'bin/zsh'), args));
    expect(offers.map((words) => [...words].sort())).toEqual(OFFERS.map(([, words]) => words));
  });

  it('fish does, too', async () => {
    const share = join(root, 'usr/share/fish');
    const libraries = join(root, 'usr/lib');
    const asked = `set -p fish_function_path ${share}/functions
source ${await scriptOf('fish')}
for line in $argv; complete -C $line | string split -f 1 \\t; echo end; end`;
    const offers = offersOf(
      run(join(root, 'usr/bin/fish'), ['--no-config', '-c', asked, ...lines], {
        LD_LIBRARY_PATH: readdirSync(libraries)
          .map((architecture) => join(libraries, architecture))
          .join(':'),
      }),
    );
    expect(offers.map((words) => [...words].sort())).toEqual(OFFERS.map(([, words]) => words));
  });

  it('mandoc has nothing to say against the manual page, and shows every command', async () => {
    const page = file('apledger.1', (await apledger('man')).out);
    const mandoc = join(root, 'usr/bin/mandoc');
    const lint = spawnSync(mandoc, ['-T', 'lint', '-W', 'warning', page], { encoding: 'utf8' });
    // A date would differ with each build.
    expect(lint.stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'))).toEqual(
      [],
    );
    const text = run(mandoc, ['-T', 'html', page]);
    for (const part of ['NAME', 'apledger custody', 'APLEDGER_SERVER', 'EXIT_STATUS'])
      expect(text).toContain(part);
  });
});
