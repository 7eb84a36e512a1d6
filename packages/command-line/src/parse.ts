/** From an argument vector to a command that runs: the one argument parser. */
import { visibleLines } from '@apledger/text';
import { Argument, CommanderError, Command as Parser, Option as ParserOption } from 'commander';
import type { Command, Option, Options, Positional } from './command.ts';
import { Failure } from './failure.ts';
import { type Streams, withOutput } from './output.ts';
import type { Program } from './program.ts';
import { optionUsage, positionalUsage, QUIET, written } from './spelling.ts';

/** Where a program prints, and what interrupts it. */
export interface Run {
  readonly output: Streams;
  readonly signal: AbortSignal;
}

/** Runs the command that the arguments name. Resolves with its exit status: 2 for arguments that it does not take. Throws what it throws. */
export async function runProgram(program: Program, args: readonly string[], run: Run): Promise<number> {
  const { name, summary, version, commands, groups = {}, shared = {} } = program;
  const [own, afterDashes] = splitAtDashes(commands, args);
  let status = 0;
  const root = outermost(new Parser(name).description(summary), run.output, version);
  for (const option of optionsOf({ ...shared, ...QUIET })) root.addOption(option);
  const inGroups = new Map<string, Parser>();
  for (const command of commands) {
    const [word = '', rest] = command.name.split(' ');
    const parent = rest === undefined ? root : (inGroups.get(word) ?? root.command(word));
    if (rest !== undefined) inGroups.set(word, parent.description(groups[word] ?? ''));
    const made = parent.command(rest ?? word).copyInheritedSettings(root);
    const path = `${name} ${command.name}`;
    described(made, command, path).action(async () => {
      const { quiet: isQuietBefore, ...before } = root.opts();
      const values = { ...valuesOf(made, command), ...sharedValues(program, command, before) };
      const isQuiet = isQuietBefore === true || made.opts().quiet === true;
      status = await withOutput(run.output, isQuiet, (output) =>
        command.run(withEnvironment(command, values), { ...run, output, afterDashes }),
      );
    });
  }
  const named = commands.filter((command) => command.name.split(' ').every((word) => own.includes(word)));
  return parsed(root, dashedLast(named, own), () => status);
}

/** The same for a program that is one command. */
export async function runCommand(
  command: Command,
  args: readonly string[],
  run: Run,
  version: string,
): Promise<number> {
  let status = 0;
  const root = described(outermost(new Parser(command.name), run.output, version), command, command.name);
  root.action(async () => {
    status = await withOutput(run.output, root.opts().quiet === true, (output) =>
      command.run(valuesOf(root, command), { ...run, output, afterDashes: [] }),
    );
  });
  return parsed(root, dashedLast([command], args), () => status);
}

const outermost = (parser: Parser, output: Streams, version: string): Parser =>
  parser
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.out(text),
      writeErr: (text) => output.err(visibleLines(text)),
    })
    .version(`${parser.name()} ${version}`, '-V, --version', 'print the version')
    .showHelpAfterError(`(${parser.name()} --help shows all commands)`);

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

function described(
  parser: Parser,
  { summary, options, positionals, examples }: Command,
  path: string,
): Parser {
  parser.description(summary).showHelpAfterError(`(${path} --help shows what it takes)`);
  for (const positional of positionals) parser.addArgument(argumentOf(positional));
  for (const option of optionsOf({ ...options, ...QUIET })) parser.addOption(option);
  if (examples !== undefined)
    parser.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}\n`).join('')}`);
  return parser;
}

const argumentOf = (positional: Positional): Argument =>
  new Argument(positionalUsage(positional), positional.description);

const optionsOf = (options: Options): readonly ParserOption[] =>
  Object.entries(options).map(([key, option]) => optionOf(key, option));

function optionOf(key: string, option: Option): ParserOption {
  const made = new ParserOption(optionUsage(key, option), option.description);
  if (option.type === 'boolean')
    return option.conflicts === undefined ? made : made.conflicts(option.conflicts);
  if (option.choices !== undefined) made.choices(option.choices);
  if (option.default !== undefined) made.default(option.default);
  return made.makeOptionMandatory(option.required === true);
}

function valuesOf(parser: Parser, { options, positionals }: Command): object {
  const flags = Object.entries(options).filter(([, { type }]) => type === 'boolean');
  const { quiet: _, ...given } = parser.opts();
  return {
    ...Object.fromEntries(flags.map(([key]) => [key, false])),
    ...given,
    ...Object.fromEntries(positionals.map(({ name }, i) => [name, parser.processedArgs[i]])),
  };
}

/** Options that were not given, and that a variable of the environment gives. */
function withEnvironment({ options }: Command, values: Readonly<Record<string, unknown>>): object {
  const found = Object.entries(options).flatMap(([key, option]) => {
    if (option.type !== 'string' || option.env === undefined || values[key] !== undefined) return [];
    const { name, unless } = option.env;
    const text = process.env[name];
    const isSetAside = unless.some((other) => values[other] !== undefined);
    return text === undefined || text === '' || isSetAside ? [] : [[key, text]];
  });
  return { ...values, ...Object.fromEntries(found) };
}

/** Shared options that were given; each has to be one of the command's own. Throws Failure. */
function sharedValues({ name: program }: Program, { name, options }: Command, given: object): object {
  for (const key of Object.keys(given)) {
    if (key in options) continue;
    throw new Failure(
      2,
      `${name} does not take --${written(key)}; ${program} ${name} --help shows what it takes.`,
    );
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

/** Positionals that look like options go behind a `--`, where nothing is an option. */
function dashedLast(commands: readonly Command[], args: readonly string[]): readonly string[] {
  const patterns = commands.flatMap(({ positionals }) => positionals.flatMap(({ dashed }) => dashed ?? []));
  const at = args.findIndex((arg) => patterns.some((pattern) => pattern.test(arg)));
  return at < 0 || args.includes('--') ? args : [...args.toSpliced(at, 1), '--', ...args.slice(at, at + 1)];
}
