/** The manual page, in the man macros of roff, from the definitions of the commands. */
import type { Command, Options } from './command.ts';
import type { Program } from './program.ts';
import { optionUsage, positionalUsage, QUIET } from './spelling.ts';

/** `man apledger`: every command with its options and examples. */
export function manualPage(program: Program): string {
  const { name, summary, version, commands, groups = {}, shared = {}, environment = {} } = program;
  return [
    `.TH ${name.toUpperCase()} 1 "" "${name} ${version}"`,
    '.SH NAME',
    `${name} \\- ${text(lowerFirst(summary.replace(/\.$/, '')))}`,
    '.SH SYNOPSIS',
    `.B ${name}`,
    '.RI [ options ] " command " [ arguments ]',
    '.SH OPTIONS',
    ...optionLines({ ...shared, ...QUIET }),
    ...item('-h, --help', 'print what the command takes, with examples'),
    ...item('-V, --version', 'print the version'),
    '.SH COMMANDS',
    ...commands.flatMap((command) => commandLines(name, command)),
    '.SH GROUPS OF COMMANDS',
    ...Object.entries(groups).flatMap(([word, what]) => item(word, what)),
    '.SH ENVIRONMENT',
    ...Object.entries(environment).flatMap(([variable, what]) => item(variable, what)),
    '.SH FILES',
    ...item(
      `~/.config/${name}/config`,
      `variables of the environment, a line NAME=value for each; what the environment sets itself counts before them. $${name.toUpperCase()}_CONFIG names another file.`,
    ),
    '.SH EXIT STATUS',
    ...item('0', 'done'),
    ...item('1', 'something failed, or was found wrong'),
    ...item('2', 'it could not be carried out as asked'),
    '',
  ].join('\n');
}

function commandLines(program: string, { name, summary, positionals, options, examples = [] }: Command) {
  const usage = [...positionals.map(positionalUsage), '[options]'].join(' ');
  return [
    `.SS ${text(`${program} ${name} ${usage}`)}`,
    `${text(upperFirst(summary))}.`,
    ...positionals.flatMap((each) => item(positionalUsage(each), each.description)),
    ...optionLines(options),
    ...(examples.length === 0 ? [] : ['.PP', examples.length === 1 ? 'Example:' : 'Examples:']),
    ...(examples.length === 0 ? [] : ['.PP', '.nf', '.RS', ...examples.map(text), '.RE', '.fi']),
  ];
}

const optionLines = (options: Options): readonly string[] =>
  Object.entries(options).flatMap(([key, option]) => {
    const choices = option.type === 'string' && option.choices ? `: ${option.choices.join(', ')}` : '';
    return item(optionUsage(key, option), option.description + choices);
  });

const item = (term: string, what: string): readonly string[] => ['.TP', `.B ${text(term)}`, text(what)];

/** One line of text: nothing in it is a request or an escape, and a hyphen can be copied. */
const text = (plain: string): string =>
  plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/, '\\&');

const upperFirst = (words: string): string => words.slice(0, 1).toUpperCase() + words.slice(1);
const lowerFirst = (words: string): string => words.slice(0, 1).toLowerCase() + words.slice(1);
