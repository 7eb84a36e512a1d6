import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { read, root } from './sources.ts';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(read('package-lock.json').text) as { packages: Record<string, Locked> };
const installed = Object.entries(packages).filter(([path]) => path.includes('node_modules/'));

/** Where Node would find a dependency of the package at `path`: beside it or further up. */
function findLocked(path: string, name: string): string | undefined {
  for (let dir = path; ; dir = posix.dirname(dir)) {
    const candidate = posix.join(dir, 'node_modules', name);
    if (packages[candidate]) return candidate;
    if (dir === '' || dir === '.') return undefined;
  }
}

describe('package-lock.json', () => {
  it('names no registry', () => {
    expect(read('.npmrc').text).toMatch(/^omit-lockfile-registry-resolved=true$/m);
    const outside = installed.filter(([, { link, resolved }]) => resolved && !(link && packages[resolved]));
    expect(outside).toEqual([]);
  });

  it('pins every package by its hash', () => {
    // Biome's binaries for macOS, Windows, Android and musl are listed without: none was to be had when this was locked.
    const unpinned = installed.filter(([, { link, integrity }]) => !link && !integrity).map(([path]) => path);
    expect(unpinned.filter((path) => !path.startsWith('node_modules/@biomejs/cli-'))).toEqual([]);
    expect(packages['node_modules/@biomejs/cli-linux-x64']?.integrity).toBeDefined();
  });

  it('lists every dependency, those for other platforms too: without one, npm ci refuses it', () => {
    const missing = Object.entries(packages).flatMap(
      ([path, { link, dependencies, optionalDependencies }]) =>
        link
          ? []
          : Object.keys({ ...dependencies, ...optionalDependencies })
              .filter((name) => !findLocked(path, name))
              .map((name) => `${path} needs ${name}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('what is installed', () => {
  it('runs no install script: some packages have one, and none of them needs it', () => {
    expect(readFileSync(join(root, '.npmrc'), 'utf8').split('\n')).toContain('ignore-scripts=true');
    // protobufjs only warns of version ranges, scarf only counts installations. Look before adding one here.
    const scripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path);
    expect(scripts).toEqual(['node_modules/@scarf/scarf', 'node_modules/protobufjs']);
  });

  it('has no native add-on among the run-time dependencies', () => {
    const runTime = installed.filter(
      ([path, { link, dev }]) => !link && !dev && existsSync(join(root, path)),
    );
    expect(runTime.length).toBeGreaterThan(0);
    const native = runTime.flatMap(([path]) =>
      readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.node') || posix.basename(file) === 'binding.gyp')
        .map((file) => `${path}/${file}`),
    );
    expect(native).toEqual([]);
  });
});
