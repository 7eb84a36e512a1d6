/**
 * What a real bash does with texts: which files it writes, and what it prints.
 *
 * Plain files in a directory of their own stand for sysfs: what bash opens and which bytes it writes is settled by its grammar, before
 * any file system sees it, and thousands of lines take seconds so. Only that a text with line ends inside is several writes cannot be
 * seen in a plain file; the parser refuses those. That writes through a mounted lab are the same is for test/lab.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Done {
  /** Content of the files that are there afterwards, by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly output: string;
}

/** As many texts as one bash reads, one after the other. */
const BATCH = 400;

/**
 * Takes texts and their directories from standard input. Commands only say with which words they were called, `.` for none, and nothing else can
 * be found. Of each text it prints what that printed, then every file and its content, and an empty name: all ended by NUL.
 */
const DRIVER = `
PATH=/nonexistent
for name in cat ls readlink host guest scan hardware card; do
  eval "$name() { builtin printf '%s' $name; builtin printf '<%s>' \\"\\\${@:-.}\\"; builtin printf '\\\\n'; }"
done
tell_files() {
  local file content
  builtin shopt -s nullglob dotglob
  for file in "$1"/* "$1"/w/* "$1"/w/d/*; do
    [[ -f $file ]] || continue
    IFS= builtin read -r -d '' content < "$file"
    builtin printf '%s\\0' "\${file#"$1"/}" "$content"
  done
  builtin shopt -u nullglob dotglob
}
mapfile -d '' -t given
for ((at = 0; at < \${#given[@]}; at += 2)); do
  builtin cd "\${given[at]}/w"
  eval "\${given[at + 1]}" 2> /dev/null
  builtin printf '\\0'
  tell_files "\${given[at]}"
  builtin printf '\\0'
done
`;

/** What bash does with each text, in a directory `w` that has an empty directory `d`; paths are from its parent. */
export function bashOn(texts: readonly string[]): Done[] {
  const root = mkdtempSync(join(tmpdir(), 'apledger-bash-'));
  try {
    const given = texts.map((text, index) => ({ text, place: join(root, String(index)) }));
    for (const { place } of given) mkdirSync(join(place, 'w', 'd'), { recursive: true });
    const done: Done[] = [];
    for (let at = 0; at < given.length; at += BATCH) done.push(...runBatch(given.slice(at, at + BATCH)));
    return done;
  } finally {
    rmSync(root, { recursive: true });
  }
}

interface Given {
  readonly text: string;
  readonly place: string;
}

function runBatch(given: readonly Given[]): Done[] {
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '--noprofile', '-c', DRIVER], {
    env: { LC_ALL: 'C.UTF-8' },
    input: given.map(({ place, text }) => `${place}\0${text}\0`).join(''),
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  if (status !== 0 || stderr !== '') throw new Error(`bash ended with ${status}: ${stderr}`);
  const parts = stdout.split('\0');
  const done = given.map(() => takeOne(parts));
  if (parts.length !== 1) throw new Error(`bash printed more than ${given.length} texts explain`);
  return done;
}

/** Takes what was printed about one text from the front. */
function takeOne(parts: string[]): Done {
  const output = parts.shift() ?? '';
  const files: [string, string][] = [];
  for (let path = parts.shift(); path !== undefined && path !== ''; path = parts.shift())
    files.push([path, parts.shift() ?? '']);
  return { files: Object.fromEntries(files), output };
}
