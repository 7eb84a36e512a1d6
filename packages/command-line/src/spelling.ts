/** How options and positionals are written on a command line: for the parser, completion and the manual. */
import type { Option, Options, Positional } from './command.ts';

/** Remarks and progress are left out; every command takes it. */
export const QUIET = {
  quiet: {
    type: 'boolean',
    short: 'q',
    description: 'no remarks and no progress; errors are still printed',
  },
} as const satisfies Options;

/** `overSys` as it is written: `over-sys`. */
export const written = (key: string): string =>
  key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `--over-sys`, or `--no-relay` for what is so unless it is given. */
export const longForm = (key: string, option: Option): string =>
  `--${option.type === 'boolean' && option.default ? 'no-' : ''}${written(key)}`;

/** `-x, --over-sys <dir>`, as help shows it. */
export function optionUsage(key: string, option: Option): string {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  const value = option.type === 'string' ? ` <${option.value}>` : '';
  return `${short}${longForm(key, option)}${value}`;
}

/** `<name>`, `[name]`, `<name...>`. */
export function positionalUsage({ name, optional, many }: Positional): string {
  const word = many ? `${name}...` : name;
  return optional ? `[${word}]` : `<${word}>`;
}
