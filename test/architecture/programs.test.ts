/** The bundle that a clone's programs start from, infra/programs.vite.mjs. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

it('names no file by where the clone is: a clone can be moved and copied with it', () => {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const bundle = mkdtempSync(join(root, '.cache/programs-'));
  onTestFinished(() => rmSync(bundle, { recursive: true, force: true }));
  const vite = ['node_modules/vite/bin/vite.js', 'build', '--config', 'infra/programs.vite.mjs'];
  execFileSync(process.execPath, [...vite, '--outDir', bundle, '--logLevel', 'error'], { cwd: root });
  const code = readdirSync(bundle).filter((name) => name.endsWith('.js'));
  expect(code).toContain('services-cli-src-main.js');
  expect(code.filter((name) => readFileSync(join(bundle, name), 'utf8').includes(root))).toEqual([]);
  const main = JSON.stringify(join(bundle, 'services-cli-src-main.js'));
  const program = `import(${main}).then(({ main }) => main(['--version']))`;
  const out = execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  expect(out).toMatch(/^apledger \d/);
}, 60_000);
