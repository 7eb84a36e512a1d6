/** Commands under one name, as data. */
import type { Command, Options } from './command.ts';

export interface Program {
  readonly name: string;
  readonly summary: string;
  readonly version: string;
  readonly commands: readonly Command[];
  /** What the first word of commands like `lab mount` is about. */
  readonly groups?: Readonly<Record<string, string>>;
  /** Options of some commands that may also stand before the command. */
  readonly shared?: Options;
  /** Variables of the environment that it reads, each with what it says. */
  readonly environment?: Readonly<Record<string, string>>;
}
