/** The bundle that a clone's programs start from, infra/programs.vite.mjs. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

it('names no file by where the clone is, and is there for every user: a clone can be moved, copied and shared with it', () => {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const bundle = mkdtempSync(join(root, '.cache/programs-'));
  onTestFinished(() => rmSync(bundle, { recursive: true, force: true }));
  const build = `import { buildInto } from './infra/built.mjs';
    import { SOURCES_FILE } from './infra/programs.mjs';
    const args = ['--config', 'infra/programs.vite.mjs'];
    await buildInto(${JSON.stringify(bundle)}, { node: process.execPath, args, dated: SOURCES_FILE, failure: 'no bundle' });`;
  execFileSync(process.execPath, ['--input-type=module', '-e', build], { cwd: root });
  expect(statSync(bundle).mode & 0o777).toBe(0o777 & ~process.umask());
  const code = readdirSync(bundle).filter((name) => name.endsWith('.js'));
  expect(code).toContain('services-cli-src-main.js');
  expect(code.filter((name) => readFileSync(join(bundle, name), 'utf8').includes(root))).toEqual([]);
  const main = JSON.stringify(join(bundle, 'services-cli-src-main.js'));
  const program = `import(${main}).then(({ main }) => main(['--version']))`;
  const out = execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  expect(out).toMatch(/^apledger \d/);
}, 60_000);
