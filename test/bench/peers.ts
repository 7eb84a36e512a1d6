/**
 * Emmett, the peer that is measured beside us. It is no dependency of this project: it compiles a native add-on. So it is installed when
 * a bench asks for it, outside of the project's own packages, and where that fails the benches go on without it.
 *
 * It is used as its documentation says, with the best settings that it has: one connection that stays open (its default opens one for
 * each call, and is a third as fast), WAL, and the same `synchronous` as everybody else.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { errorText } from '@apledger/text';
import { progress } from './measure.ts';

const HOME = resolve(import.meta.dirname, '../../.cache/bench-peers');
/** async-retry and uuid are what Emmett imports but leaves to its user to install. */
const PACKAGES = [
  '@event-driven-io/emmett@0.42.0',
  '@event-driven-io/emmett-sqlite@0.42.4',
  'sqlite3@^5.1.7',
  'async-retry@^1.3.3',
  'uuid@^10.0.0',
];
const MODULE = `${HOME}/node_modules/@event-driven-io/emmett-sqlite/dist/index.js`;
const ADD_ON = `${HOME}/node_modules/sqlite3/build/Release/node_sqlite3.node`;
const INSTALL_TIMEOUT_MS = 10 * 60 * 1000;

/** An event as Emmett takes it and gives it back. */
export interface EmmettEvent {
  readonly type: string;
  readonly data: unknown;
}

/** The part of Emmett's connection that is used here. */
interface EmmettConnection {
  command(sql: string): Promise<unknown>;
  close(): void;
}

/** The part of Emmett's event store that is used here. */
export interface EmmettStore {
  appendToStream(
    stream: string,
    events: readonly EmmettEvent[],
    options: { readonly expectedStreamVersion: bigint },
  ): Promise<unknown>;
  aggregateStream<State>(
    stream: string,
    options: {
      readonly evolve: (state: State, event: EmmettEvent) => State;
      readonly initialState: () => State;
    },
  ): Promise<{ readonly state: State; readonly currentStreamVersion: bigint }>;
  readonly schema: { migrate(): Promise<void> };
}

/** The part of the package that is used here. */
export interface Emmett {
  sqliteConnection(options: { readonly fileName: string }): EmmettConnection;
  getSQLiteEventStore(options: {
    readonly fileName: string;
    readonly schema: { readonly autoMigration: 'None' };
    readonly connectionOptions: { readonly singleton: true; readonly connection: EmmettConnection };
  }): EmmettStore;
}

/** Opens Emmett's store in a file, with its tables made. */
export async function openEmmett(
  { sqliteConnection, getSQLiteEventStore }: Emmett,
  fileName: string,
  synchronous: 'FULL' | 'OFF',
): Promise<{ readonly store: EmmettStore; readonly close: () => void }> {
  const connection = sqliteConnection({ fileName }); // puts the file into WAL mode
  await connection.command(`PRAGMA synchronous = ${synchronous}`);
  const store = getSQLiteEventStore({
    fileName,
    schema: { autoMigration: 'None' },
    connectionOptions: { singleton: true, connection },
  });
  await store.schema.migrate();
  return { store, close: () => connection.close() };
}

/** Emmett, where it was installed before; for processes that measure it. */
export const importEmmett = async (): Promise<Emmett> => (await import(pathToFileURL(MODULE).href)) as Emmett;

/** Emmett, installed first if need be; or the reason why it cannot be had. */
export async function loadEmmett(): Promise<Emmett | { readonly reason: string }> {
  try {
    if (!existsSync(ADD_ON)) await install();
    return await importEmmett();
  } catch (error) {
    const reason = reasonOf(error);
    progress(`going on without Emmett: ${reason}`);
    return { reason };
  }
}

async function install(): Promise<void> {
  progress(`installing Emmett into ${HOME} and compiling its add-on: a minute or two`);
  mkdirSync(HOME, { recursive: true });
  const flags = ['--prefix', HOME, '--no-save', '--legacy-peer-deps', '--no-audit', '--no-fund'];
  await promisify(execFile)('npm', ['install', ...flags, ...PACKAGES], { timeout: INSTALL_TIMEOUT_MS });
  // npm may have been told to run no scripts of packages, and then succeeds without an add-on.
  if (!existsSync(ADD_ON)) throw new Error('npm did not build the add-on of sqlite3');
}

/** The line of npm's output that says most, else the error's own first line. */
function reasonOf(error: unknown): string {
  const text = errorText(error);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /^npm (?:ERR!|error) (?!code)/.test(line)) ?? lines[0] ?? text).slice(0, 200);
}
