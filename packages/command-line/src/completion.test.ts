/** What shells complete, asked of a real bash. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { command } from './command.ts';
import { completion, SHELLS } from './completion.ts';
import { manualPage } from './manual.ts';
import type { Program } from './program.ts';

const run = async (): Promise<number> => 0;
const server = { type: 'string', value: 'url', description: "a service's URL [one: of many]" } as const;
const program: Program = {
  name: 'it',
  summary: 'The thing that does it.',
  version: '1.2.3',
  shared: { server },
  groups: { lab: 'a lab' },
  environment: { IT_SERVER: 'a service' },
  commands: [
    command({
      name: 'show',
      summary: "show what is there, as it's now",
      positionals: [{ name: 'thing', description: 'what', choices: ['host', 'mdev'] }],
      options: {
        server,
        format: { type: 'string', value: 'f', choices: ['md', 'csv'], description: 'form' },
        data: { type: 'string', value: 'dir', description: 'where' },
        relay: { type: 'boolean', default: true, description: 'do not' },
        overSys: { type: 'boolean', short: 'x', description: 'over' },
      },
      examples: ["it show host --at '2026-11-17 09:14'"],
      run,
    }),
    command({ name: 'shout', summary: 'louder', run }),
    command({ name: 'lab mount', summary: 'mount it', run }),
    command({ name: 'lab guest', summary: 'a guest', run }),
  ],
};

/** What bash offers for the last word. */
function offered(...words: readonly string[]): readonly string[] {
  const script = `${completion('bash', program)}
COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMPREPLY=()
compopt() { :; }
_it; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const printed = execFileSync('bash', ['-c', script, 'bash', 'it', ...words], { encoding: 'utf8' });
  return printed.split('\n').filter((line) => line !== '');
}

describe('in bash', () => {
  it.each<[readonly string[], readonly string[]]>([
    [['sho'], ['show', 'shout']],
    [
      ['lab', ''],
      ['mount', 'guest', '--help', '-h'],
    ],
    [['lab', 'mo'], ['mount']],
    [['show', 'h'], ['host']],
    [['show', '--f'], ['--format']],
    [['show', '--no'], ['--no-relay']],
    [
      ['show', '-'],
      ['--server', '--format', '--data', '--no-relay', '--over-sys', '-x', '--quiet', '-q', '--help', '-h'],
    ],
    [
      ['show', '--format', ''],
      ['md', 'csv'],
    ],
    [['show', '--format', 'c'], ['csv']],
    [['show', '--server', ''], []],
    [['--server', 'u', 'show', '--fo'], ['--format']],
    [['--ver'], ['--version']],
    [['show', '--data', '/us'], ['/usr']],
  ])('%j is completed by %j', (words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });
});

it.each(SHELLS)('%s is told of every command, option and choice', (shell) => {
  const script = completion(shell, program);
  for (const word of [
    'show',
    'shout',
    'mount',
    'guest',
    'format',
    'no-relay',
    'over-sys',
    'quiet',
    'csv',
    'mdev',
  ])
    expect(script).toContain(word);
});

describe('the manual page', () => {
  const page = manualPage(program);

  it('has every command, with its options and examples, and no request where text is meant', () => {
    for (const part of [
      '.SH NAME\nit \\- the thing that does it\n',
      '.SS it show <thing> [options]',
      '.B \\-x, \\-\\-over\\-sys',
      "it show host \\-\\-at '2026\\-11\\-17 09:14'",
      '.B IT_SERVER',
    ])
      expect(page).toContain(part);
  });
});
