/** Options that many commands have. */
import { Failure, type Options } from '@apledger/command-line';

/** Where the log is that a command opens. */
export const logPlace = {
  data: {
    type: 'string',
    value: 'dir',
    description: 'data directory (default: $APLEDGER_DATA, else ./apledger-data)',
  },
  log: {
    type: 'string',
    value: 'url',
    description:
      'where the log is: sqlite:DIR, nats://HOST:PORT, kurrentdb://HOST:PORT, or @FILE that holds it (default: $APLEDGER_LOG)',
  },
} as const satisfies Options;

export const server = {
  server: {
    type: 'string',
    value: 'url',
    description:
      'ask a running service, http://127.0.0.1:8642, instead of a log here (default: $APLEDGER_SERVER, unless --data or --log is given)',
    env: { name: 'APLEDGER_SERVER', unless: ['data', 'log'] },
  },
} as const satisfies Options;

/** Where the ledger is that a command asks. May stand before the command as well. */
export const place = { ...logPlace, ...server } as const satisfies Options;

/** The same for a command that writes only where the command line itself says so: a variable that is set somewhere else is no order. */
export const writtenPlace = {
  data: {
    type: 'string',
    value: 'dir',
    description: 'append to the log there (default: a log in memory)',
  },
  log: { ...logPlace.log, description: 'append to the log at this URL' },
  server: {
    type: 'string',
    value: 'url',
    description: 'let a running service do it, http://127.0.0.1:8642',
  },
} as const satisfies Options;

export const json = {
  json: { type: 'boolean', description: 'print one JSON object a line' },
} as const satisfies Options;

export const host = {
  host: { type: 'string', value: 'name', description: 'only this host' },
} as const satisfies Options;

export const types = {
  type: {
    type: 'string',
    value: 'types',
    description: 'only facts of these types, separated by commas',
  },
} as const satisfies Options;

/** What `--limit` says: how many at most; undefined when it was not given. Throws Failure(2). */
export function limitOf(
  text: string | undefined,
  what: string,
  most = 999_999_999_999_999,
): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,14}$/.test(text) || Number(text) > most)
    throw new Failure(2, `--limit ${text}: write a number of ${what}, like 20.`);
  return Number(text);
}

/** The options that were given: those that were not are no properties, as requests want it. */
export const given = <T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
