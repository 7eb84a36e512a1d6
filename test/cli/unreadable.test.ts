/** Files that the user may not read or write: one line that says which, why and what to do. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inRepository } from './support.ts';

/** Root may read everything: then the commands run as somebody else. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

const root = mkdtempSync(join(tmpdir(), 'apledger-unreadable-'));
const data = join(root, 'data');

/** As a shell of that user would start it. */
function command(...args: string[]) {
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [inRepository('services/cli/bin/apledger.mjs'), ...args, '--data', data],
    {
      encoding: 'utf8',
      cwd: root,
      env: { ...env, HOME: root },
      ...(isRoot && { uid: NOBODY, gid: NOBODY }),
    },
  );
  return { status, out: stdout, err: stderr };
}

beforeAll(() => {
  if (isRoot) chownSync(root, NOBODY, NOBODY);
  const lines = ['host a adapters=5,6 domains=4,71 driver=6.12'];
  for (let i = 0; i < 300; i++) lines.push(`echo ${i % 2 === 0 ? '-' : '+'}5 > /sys/bus/ap/apmask`);
  for (const [name, from] of [
    ['all', 0],
    ['more', 1],
  ] as const)
    writeFileSync(join(root, `${name}.sh`), `${lines.slice(from).join('\n')}\n`);
  expect(command('run', join(root, 'all.sh'))).toMatchObject({ status: 0 });
  expect(command('log', 'seal')).toMatchObject({ status: 0 });
});

afterAll(() => {
  for (const path of readdirSync(root, { recursive: true })) chmodSync(join(root, String(path)), 0o700);
  rmSync(root, { recursive: true, force: true });
});

/** Takes all rights from a file while a command runs. */
function without(path: string, mode: number, ...args: string[]) {
  chmodSync(join(root, path), mode);
  try {
    return command(...args);
  } finally {
    chmodSync(join(root, path), 0o700);
  }
}

const refused = (path: string, doing: string) =>
  new RegExp(
    `^apledger: .*${path}: this user may not ${doing} it \\(denied\\); let this user ${doing} it, or run apledger as its owner\\.?\\n$`,
  );

describe.skipIf(isRoot && spawnSync(process.execPath, ['-v'], { uid: NOBODY }).status !== 0)(
  'a file that this user may not read',
  () => {
    beforeEach(() => mkdirSync(data, { recursive: true }));

    it.each([
      ['data/tlog/checkpoint', ['verify']],
      ['data/tlog/checkpoint', ['proof', '3']],
      ['data/tlog/checkpoint', ['log', 'seal']],
      ['data/tlog/tile/0/000', ['verify']],
      ['data/tlog/tile/0/000', ['proof', '3']],
      ['data/tlog/positions', ['verify']],
      ['data-signer/key', ['log', 'seal']],
      ['data-signer/signed-000000000001', ['log', 'seal']],
      ['data/log.sqlite', ['verify']],
      ['data/log.sqlite', ['proof', '3']],
    ])('%s: %j', (path, args) => {
      const { status, err } = without(path, 0, ...args);
      expect(err).toMatch(refused(path, 'read'));
      expect(status).toBe(2);
    });

    it('in a directory that this user may not enter', () => {
      for (const [path, args] of [
        ['data', ['verify']],
        ['data/tlog', ['verify']],
        ['data-signer', ['log', 'seal']],
      ] as const) {
        const { status, err } = without(path, 0, ...args);
        expect(err).toMatch(/^apledger: .*data.*: this user may not read it \(denied\); [^\n]*\n$/);
        expect(status).toBe(2);
      }
    });

    it('in a directory that this user may not write', () => {
      expect(command('run', '--host', 'a', join(root, 'more.sh'))).toMatchObject({ status: 0 });
      const { status, err } = without('data/tlog', 0o500, 'log', 'seal');
      expect(err).toMatch(/^apledger: .*tlog\/[a-z/0-9]+: this user may not write it \(denied\); [^\n]*\n$/);
      expect(status).toBe(2);
    });
  },
);
