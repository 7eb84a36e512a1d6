/** A file of variables that count where the environment does not set them: `NAME=value` lines, as systemd's EnvironmentFile. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { Failure, type Program } from '@apledger/command-line';
import { errorText } from '@apledger/text';

/**
 * Reads the file into the environment: $APLEDGER_CONFIG for a program `apledger`, else `apledger/config` below
 * $XDG_CONFIG_HOME or ~/.config, where it may be missing. Throws Failure(2) for a file that cannot be read, and for a variable that the
 * program does not know: a misspelt name would be a setting that nobody sees.
 */
export function readConfiguration({ name, environment = {} }: Program, env: NodeJS.ProcessEnv): void {
  const variable = `${name.toUpperCase()}_CONFIG`;
  const path = env[variable];
  if (path === '') return;
  const text = path === undefined ? textIfThere(usualPath(name, env)) : textOf(`$${variable}, ${path}`, path);
  for (const [key, value] of Object.entries(parseEnv(text))) {
    if (!(key in environment))
      throw new Failure(
        2,
        `${path ?? usualPath(name, env)}: ${key} is not a variable of ${name}; there are ${Object.keys(environment).join(', ')}.`,
      );
    env[key] ??= value;
  }
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
