/**
 * What a real bash does with texts: which files it writes, and what it prints.
 *
 * Plain files in a directory of their own stand for sysfs: what bash opens and which bytes it writes is settled by its grammar, before
 * any file system sees it, and thousands of lines take seconds so. Only that a text with line ends inside is several writes cannot be
 * seen in a plain file; the parser refuses those. That writes through a mounted lab are the same is for test/lab.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

export interface Done {
  /** Content of the files that are there afterwards, by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly output: string;
}

/** As many texts as one bash reads, one after the other. */
const BATCH = 400;

/** Commands that only say with which words they were called; nothing else can be found. */
const DRIVER = `
PATH=/nonexistent
for name in cat ls readlink host guest scan hardware card; do
  eval "$name() { builtin printf '%s' $name; builtin printf '<%s>' \\"\\$@\\"; builtin printf '\\\\n'; }"
done
for at in "$@"; do
  builtin cd "$at/w"
  . "$at.sh" > "$at.out" 2> /dev/null
done
`;

/** What bash does with each text, x. */
export function bashOn(texts: readonly string[]): Done[] {
  const root = mkdtempSync(join(tmpdir(), 'apledger-bash-'));
  try {
    const places = texts.map((text, index) => {
      const place = join(root, String(index));
      mkdirSync(join(place, 'w', 'd'), { recursive: true });
      writeFileSync(`${place}.sh`, text);
      return place;
    });
    for (let at = 0; at < places.length; at += BATCH) runBatch(places.slice(at, at + BATCH));
    return places.map((place) => ({ files: filesIn(place), output: readFileSync(`${place}.out`, 'utf8') }));
  } finally {
    rmSync(root, { recursive: true });
  }
}

function runBatch(places: readonly string[]): void {
  const { status, stderr } = spawnSync('bash', ['--norc', '--noprofile', '-c', DRIVER, 'bash', ...places], {
    env: { LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  if (status === null || stderr !== '') throw new Error(`bash ended with ${status}: ${stderr}`);
}

function filesIn(place: string): Record<string, string> {
  const files = readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [relative(place, path), readFileSync(path, 'utf8')];
    }),
  );
}
