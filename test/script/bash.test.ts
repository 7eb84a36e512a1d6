import { posix } from 'node:path';
import { type Operation, parseScript, ScriptError } from '@apledger/script';
import { describe, expect, it } from 'vitest';
import { sized } from '../support/long.ts';
import { bashOn, type Done } from './bash.ts';
import { BEGINNINGS, casesOf, ENDS, PROLOGUE, VALUES } from './lines.ts';

const seed = Number(process.env.APLEDGER_SEED ?? Date.now() % 1_000_000);
const LINES = sized(5000, 50_000);

/** The operations of a text; undefined when it is refused. */
function read(text: string): Operation[] | undefined {
  try {
    return parseScript(`${PROLOGUE}\n${text}`).map(({ operation }) => operation);
  } catch (error) {
    if (error instanceof ScriptError) return undefined;
    throw error;
  }
}

/** What the operations do in a directory `w` that has an empty directory `d`. */
function carriedOut(operations: readonly Operation[]): Done {
  const files: Record<string, string> = {};
  let output = '';
  let directory = 'w';
  for (const operation of operations) {
    if (operation.kind === 'cd') {
      const to = posix.join(directory, operation.path);
      if (isDirectory(to)) directory = to;
    } else if (operation.kind === 'echo' && operation.path !== undefined) {
      const path = posix.join(directory, operation.path);
      if (isDirectory(posix.dirname(path)) && !isDirectory(path)) files[path] = operation.text;
    } else output += printed(operation);
  }
  return { files, output };
}

const isDirectory = (path: string): boolean => /^(?:\.|w|w\/d)\/?$/.test(path);

/** As the stand-ins for commands print the words that they are called with. */
function printed(operation: Operation): string {
  if (operation.kind === 'echo') return operation.text;
  if (operation.kind === 'cat') return `cat${operation.paths.map((path) => `<${path}>`).join('')}\n`;
  return 'path' in operation ? `${operation.kind}<${operation.path}>\n` : `${operation.kind}\n`;
}

describe('a script, compared with bash', () => {
  it(
    `does what bash does with ${LINES} lines, or refuses them (APLEDGER_SEED=${seed})`,
    () => {
      const cases = casesOf(LINES, seed);
      const accepted = cases.flatMap((text) => {
        const operations = read(text);
        return operations === undefined ? [] : [{ text, does: carriedOut(operations) }];
      });
      const bash = bashOn(accepted.map(({ text }) => `${PROLOGUE}\n${text}\n`));
      const different = accepted.flatMap(({ text, does }, at) =>
        JSON.stringify(bash[at]) === JSON.stringify(does) ? [] : [{ text, bash: bash[at], does }],
      );
      expect(different.slice(0, 10), `${different.length} of ${accepted.length}, seed ${seed}`).toEqual([]);
      expect(accepted.length / cases.length).toBeGreaterThan(0.15);
      expect(accepted.filter(({ does }) => Object.keys(does.files).length > 0).length).toBeGreaterThan(
        LINES / 12,
      );
      for (const part of [...VALUES, ...ENDS, ...BEGINNINGS])
        expect(
          cases.some((text) => text.includes(part)),
          part,
        ).toBe(true);
    },
    sized(600_000, 900_000),
  );

  it('would see a line that means something else to bash', () => {
    const [done] = bashOn([`echo 5>f\necho -e '6\\n7' > g\ncat d*\n`]);
    expect(done).toEqual({ files: { 'w/f': '', 'w/g': '6\n7\n' }, output: '\ncat<d>\n' });
  });
});
