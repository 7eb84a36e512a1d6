/** A file of variables that count where the environment does not set them: `NAME=value` lines, as systemd's EnvironmentFile. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { Failure, type Program } from '@apledger/command-line';
import { errorText } from '@apledger/text';

/**
 * Reads the file into the environment: $APLEDGER_CONFIG for a program `apledger`, else `apledger/config` below
 * $XDG_CONFIG_HOME or ~/.config, where it may be missing. Throws Failure(2) for a file that cannot be read, for a line that sets
 * nothing, and for a variable that the program does not know: each would be a setting that nobody sees.
 */
export function readConfiguration({ name, environment = {} }: Program, env: NodeJS.ProcessEnv): void {
  const variable = `${name.toUpperCase()}_CONFIG`;
  const path = env[variable];
  if (path === '') return;
  const text = path === undefined ? textIfThere(usualPath(name, env)) : textOf(`$${variable}, ${path}`, path);
  const wrong = firstWrongLine(text);
  if (wrong !== undefined)
    throw new Failure(
      2,
      `${path ?? usualPath(name, env)}: line ${wrong} is not NAME=value. Lines that say nothing begin with #.`,
    );
  for (const [key, value] of Object.entries(parseEnv(text))) {
    if (!(key in environment))
      throw new Failure(
        2,
        `${path ?? usualPath(name, env)}: ${key} is not a variable of ${name}; there are ${Object.keys(environment).join(', ')}.`,
      );
    env[key] ??= value;
  }
}

/** A quoted value, which may have several lines. */
const QUOTED = /^([^#=\n]*=[^\S\n]*)(["'`]).*?\2/gms;

/** The number of the first line that `parseEnv` would pass over in silence. */
function firstWrongLine(text: string): number | undefined {
  const lines = text.replaceAll(QUOTED, (quoted) => quoted.replaceAll(/(?<=\n).*/g, '#')).split(/\r?\n/);
  const index = lines.findIndex((line) => !/^\s*(?:#|$)|=/.test(line));
  return index < 0 ? undefined : index + 1;
}

const usualPath = (name: string, env: NodeJS.ProcessEnv): string =>
  join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), name, 'config');

/** A directory that this user may not look into is not his: as under `sudo -u`, which keeps the other one's HOME. */
const textIfThere = (path: string): string => (existsSync(path) ? textOf(path, path) : '');

function textOf(what: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure(2, `${what}: ${errorText(error)}`, error);
  }
}
