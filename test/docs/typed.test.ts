/** Every `apledger` command that a document tells people to type is one that the program takes: each word, option and choice of it. */
import { globSync, readFileSync } from 'node:fs';
import { program } from '@apledger/cli';
import { runProgram } from '@apledger/command-line';
import { describe, expect, it } from 'vitest';
import { inRepository } from '../cli/support.ts';

const DOCUMENTS = globSync(['README.md', 'CONTRIBUTING.md', 'docs/*.md', 'packages/*/README.md'], {
  cwd: inRepository(''),
}).toSorted();
/** At the start of a line of code, behind a prompt, variables or a pipe. */
const TYPED = /(?:^|\$ |\| |&& )(?:[A-Z_]+=\S+ )*(?:sudo )?(?:npx )?apledger (?<words>[a-z-].*)$/;
const WORD = /'[^']*'|"[^"]*"|[|<>;&#]|(?:[^\s'"|<>;&#]|'[^']*'|"[^"]*")+/g;
/** What the program says of itself begins with its name and a colon. */
const SAID = /^[a-z-]+( [a-z-]+)?:/;

/** What may be left out is given, and the first of several choices is taken. */
const synopsis = (words: string): string =>
  / \[(--|\.\.\.)/.test(words)
    ? words
        .replace('[...]', '')
        .replaceAll(/[[\]]/g, '')
        .replaceAll(/(\w+)(\|\w+)+/g, '$1')
    : words;

/** As a shell splits it, up to a pipe, a redirection or a remark. */
function argumentsOf(text: string): readonly string[] {
  const words = text.match(WORD) ?? [];
  const end = words.findIndex((word) => /^[|<>;&#]$/.test(word));
  const own = end < 0 ? words : words.slice(0, /^\d$/.test(words[end - 1] ?? '') ? end - 1 : end);
  return own.map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}

/** The lines of its code blocks, those that go on behind a backslash joined. */
function codeOf(document: string): readonly string[] {
  let isFenced = false;
  const text = readFileSync(inRepository(document), 'utf8').replaceAll(/\\\n\s*/g, '');
  return text.split('\n').flatMap((line) => {
    if (line.trim().startsWith('```')) isFenced = !isFenced;
    return isFenced || line.startsWith('    ') ? [line.trim()] : [];
  });
}

const typed = DOCUMENTS.flatMap((document) =>
  codeOf(document).flatMap((line) => {
    const words = TYPED.exec(line)?.groups?.words;
    return words === undefined || SAID.test(words)
      ? []
      : [[document, line, argumentsOf(synopsis(words))] as const];
  }),
);

/** The program, of which no command does anything. */
const idle = { ...program, commands: program.commands.map((each) => ({ ...each, run: async () => 0 })) };

describe('what the documents tell people to type', () => {
  it('is found', () => {
    expect(typed.length).toBeGreaterThan(60);
    expect(new Set(typed.map(([document]) => document)).size).toBeGreaterThan(8);
  });

  it.each(typed)('%s: %s', async (_, __, args) => {
    let said = '';
    const add = (text: string): void => {
      said += text;
    };
    const output = { out: () => {}, err: add, isInteractive: false };
    const status = await runProgram(idle, args, { output, signal: new AbortController().signal });
    expect({ status, said }).toEqual({ status: 0, said: '' });
  });
});
