/**
 * Command lines as data.
 *
 * A `Command` says what it is called, which options and positionals it takes, and examples; `runProgram` reads an argument
 * vector by these definitions and runs the one that it names. Help, the completion of three shells and the manual page are
 * made from the same definitions. A command ends with an exit status, or throws a `Failure` whose message is for a person.
 */
export {
  type Command,
  type Context,
  command,
  type Definition,
  type Option,
  type Options,
  type Positional,
  type Values,
} from './command.ts';
export { completion, SHELLS, type Shell } from './completion.ts';
export { Failure } from './failure.ts';
export { guardOutput } from './guard.ts';
export { manualPage } from './manual.ts';
export { errorLines, jsonLine, line, type Output, processOutput, type Streams } from './output.ts';
export { runCommand, runProgram } from './parse.ts';
export type { Program } from './program.ts';
