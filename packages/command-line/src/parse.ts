/** From an argument vector to a command that runs: the one argument parser. */
import { visibleLines } from '@apledger/text';
import { Argument, CommanderError, Command as Parser, Option as ParserOption } from 'commander';
import type { Command, Context, Option, Options, Positional } from './command.ts';
import { Failure } from './failure.ts';
import type { Output } from './output.ts';

/** Commands under one name. */
export interface Program {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly Command[];
  /** What the first word of commands like `lab mount` is about. */
  readonly groups?: Readonly<Record<string, string>>;
  /** Options of some commands that may also stand before the command. */
  readonly shared?: Options;
}

type Run = Omit<Context, 'afterDashes'>;

/** Runs the command that the arguments name. Resolves with its exit status: 2 for arguments that it does not take. Throws what it throws. */
export async function runProgram(program: Program, args: readonly string[], run: Run): Promise<number> {
  const { name, summary, commands, groups = {}, shared = {} } = program;
  const [own, afterDashes] = splitAtDashes(commands, args);
  let status = 0;
  const root = outermost(new Parser(name).description(summary), run.output).showHelpAfterError(
    `(${name} --help shows all commands)`,
  );
  for (const option of optionsOf(shared)) root.addOption(option);
  const inGroups = new Map<string, Parser>();
  for (const command of commands) {
    const [word = '', rest] = command.name.split(' ');
    const parent = rest === undefined ? root : (inGroups.get(word) ?? root.command(word));
    if (rest !== undefined) inGroups.set(word, parent.description(groups[word] ?? ''));
    const made = parent.command(rest ?? word).copyInheritedSettings(root);
    described(made, command).action(async () => {
      const given = sharedValues(program, command, root.opts());
      status = await command.run({ ...valuesOf(made, command), ...given }, { ...run, afterDashes });
    });
  }
  return parsed(root, own, () => status);
}

/** The same for a program that is one command. */
export async function runCommand(command: Command, args: readonly string[], run: Run): Promise<number> {
  let status = 0;
  const root = described(outermost(new Parser(command.name), run.output), command).showHelpAfterError();
  root.action(async () => {
    status = await command.run(valuesOf(root, command), { ...run, afterDashes: [] });
  });
  return parsed(root, args, () => status);
}

const outermost = (parser: Parser, output: Output): Parser =>
  parser.exitOverride().configureOutput({
    writeOut: (text) => output.out(text),
    writeErr: (text) => output.err(visibleLines(text)),
  });

async function parsed(parser: Parser, args: readonly string[], status: () => number): Promise<number> {
  try {
    await parser.parseAsync(args, { from: 'user' });
    return status();
  } catch (error) {
    // The parser has printed its own message; asking for help is no failure.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

function described(parser: Parser, { summary, options, positionals, examples }: Command): Parser {
  parser.description(summary);
  for (const positional of positionals) parser.addArgument(argumentOf(positional));
  for (const option of optionsOf(options)) parser.addOption(option);
  if (examples !== undefined)
    parser.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}\n`).join('')}`);
  return parser;
}

function argumentOf({ name, description, optional, many }: Positional): Argument {
  const word = many ? `${name}...` : name;
  return new Argument(optional ? `[${word}]` : `<${word}>`, description);
}

/** `overSys` as it is written: `over-sys`. */
const written = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const optionsOf = (options: Options): readonly ParserOption[] =>
  Object.entries(options).map(([key, option]) => optionOf(key, option));

function optionOf(key: string, option: Option): ParserOption {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  if (option.type === 'boolean') {
    const made = new ParserOption(
      `${short}--${option.default ? 'no-' : ''}${written(key)}`,
      option.description,
    );
    return option.conflicts === undefined ? made : made.conflicts(option.conflicts);
  }
  const made = new ParserOption(`${short}--${written(key)} <${option.value}>`, option.description);
  if (option.choices !== undefined) made.choices(option.choices);
  if (option.default !== undefined) made.default(option.default);
  return made.makeOptionMandatory(option.required === true);
}

function valuesOf(parser: Parser, { options, positionals }: Command): object {
  const flags = Object.entries(options).filter(([, { type }]) => type === 'boolean');
  return {
    ...Object.fromEntries(flags.map(([key]) => [key, false])),
    ...parser.opts(),
    ...Object.fromEntries(positionals.map(({ name }, i) => [name, parser.processedArgs[i]])),
  };
}

/** Shared options that were given; each has to be one of the command's own. Throws Failure. */
function sharedValues({ commands }: Program, { name, options }: Command, given: object): object {
  for (const key of Object.keys(given)) {
    if (key in options) continue;
    const takers = commands.filter((each) => key in each.options).map((each) => each.name);
    throw new Failure(2, `${name.split(' ').at(-1)} is not for --${written(key)}; ${takers.join(', ')} are.`);
  }
  return given;
}

/** What follows `--` is not ours to read where a command takes another one. */
function splitAtDashes(
  commands: readonly Command[],
  args: readonly string[],
): [own: readonly string[], afterDashes: readonly string[]] {
  const takes = commands.some(({ takesCommand, name }) => takesCommand && name.split(' ')[0] === args[0]);
  const at = takes ? args.indexOf('--') : -1;
  return at < 0 ? [args, []] : [args.slice(0, at), args.slice(at + 1)];
}
