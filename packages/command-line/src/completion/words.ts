/** The words of a program, for whichever shell completes them. */
import type { Command, Option, Options } from '../command.ts';
import type { Program } from '../program.ts';
import { longForm, QUIET } from '../spelling.ts';

/** What can follow: one of these words, a file, a directory, or a text that no shell can know. */
export type Follows = { readonly words: readonly string[] } | 'file' | 'directory' | 'text';

interface OptionWords {
  /** `--json`, and `-x` where there is a short form. */
  readonly forms: readonly string[];
  readonly description: string;
  /** Undefined for an option without a value. */
  readonly value: Follows | undefined;
}

export interface CommandWords {
  /** '' for the program itself, `lab` for a group, `lab mount`. */
  readonly path: string;
  readonly description: string;
  /** The next word of a command: `mount` after `lab`. */
  readonly next: readonly { readonly word: string; readonly description: string }[];
  readonly options: readonly OptionWords[];
  /** What the positionals are. */
  readonly positionals: Follows;
}

/** The program itself, its groups and its commands. */
export function wordsOf(program: Program): readonly CommandWords[] {
  const { summary, commands, groups = {}, shared = {} } = program;
  const own = { ...QUIET, ...shared };
  const help = { forms: ['--help', '-h'], description: 'print what it takes', value: undefined };
  const version = { forms: ['--version', '-V'], description: 'print the version', value: undefined };
  const single = commands.filter(({ name }) => !name.includes(' '));
  return [
    {
      path: '',
      description: summary,
      next: [
        ...single.map(({ name, summary: description }) => ({ word: name, description })),
        ...Object.entries(groups).map(([word, description]) => ({ word, description })),
      ],
      options: [...optionWords(own), help, version],
      positionals: 'text',
    },
    ...Object.entries(groups).map(([group, description]) => ({
      path: group,
      description,
      next: commands
        .filter(({ name }) => name.startsWith(`${group} `))
        .map(({ name, summary: of }) => ({ word: name.slice(group.length + 1), description: of })),
      options: [help],
      positionals: 'text' as const,
    })),
    ...commands.map((command) => ({
      path: command.name,
      description: command.summary,
      next: [],
      options: [...optionWords({ ...command.options, ...QUIET }), help],
      positionals: positionalWords(command),
    })),
  ];
}

const optionWords = (options: Options): readonly OptionWords[] =>
  Object.entries(options).map(([key, option]) => ({
    forms: [longForm(key, option), ...(option.short === undefined ? [] : [`-${option.short}`])],
    description: option.description,
    value: option.type === 'boolean' ? undefined : valueWords(option),
  }));

function valueWords(option: Option & { readonly type: 'string' }): Follows {
  if (option.choices !== undefined) return { words: option.choices };
  if (option.value === 'dir') return 'directory';
  return option.value === 'file' ? 'file' : 'text';
}

/** Choices of any positional, else files where one is a file. */
function positionalWords({ positionals }: Command): Follows {
  const words = positionals.flatMap(({ choices = [] }) => choices);
  if (words.length > 0) return { words };
  return positionals.some(({ name }) => name === 'file') ? 'file' : 'text';
}

/** In single quotes for a POSIX shell. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
