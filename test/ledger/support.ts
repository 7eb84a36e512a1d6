/** Processes of the ledger service on a real broker, and clients that ask them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { register as registerSmall } from '@apledger/command-handler/testing';
import type { Command } from '@apledger/events';
import { type ServiceStats, Svcm } from '@nats-io/services';
import { errors, headers, type NatsConnection, RequestError } from '@nats-io/transport-node';
import { processesOfFile } from '../support/file.ts';

export { A, create } from '@apledger/command-handler/testing';

const MAIN = new URL('../../services/ledger/bin/ledger.mjs', import.meta.url).pathname;
/** An answer that takes longer counts as lost; who insists asks again sooner. */
export const ANSWER_MS = 60_000;
export const RETRY_MS = 1500;

/** A small host whose queues are all its own. */
export const register = (host: string): Command => registerSmall(host, '7.3', null);

const processes = processesOfFile('SIGKILL');

/** One process of the service. */
export interface LedgerProcess {
  readonly pid: number;
  /** Everything that it has printed so far. */
  readonly output: () => string;
  /** Resolves with the first line, printed or yet to come, that matches; rejects when it ends without. */
  said(pattern: RegExp): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves with its exit status, null when a signal ended it. */
  ended(): Promise<number | null>;
}

/** Starts `node services/ledger/bin/ledger.mjs ARGS…` on any free port, without a relay. */
export const startProcess = (...args: string[]): LedgerProcess => startWithRelay('--no-relay', ...args);

/** The same, and with `--nats` it publishes the facts. */
export const startWithRelay = (...args: string[]): LedgerProcess => startIn({}, ...args);

/** The same, with variables of the environment. */
export function startIn(variables: Readonly<Record<string, string>>, ...args: string[]): LedgerProcess {
  const flags = ['--disable-warning=ExperimentalWarning', MAIN, '--port', '0'];
  const child = spawn(process.execPath, [...flags, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...variables },
  });
  processes(child);
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      tell();
    });
  let hasEnded = false;
  const closed = once(child, 'close').then(() => {
    hasEnded = true;
    tell();
    return child.exitCode;
  });
  return {
    pid: child.pid ?? 0,
    output: () => lines.join('\n'),
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find((line) => pattern.test(line));
          if (found === undefined && !hasEnded) return;
          listeners.delete(look);
          if (found !== undefined) resolve(found);
          else reject(new Error(`it ended without saying ${pattern}:\n${lines.join('\n')}`));
        };
        listeners.add(look);
        look();
      }),
    signal: (signal) => child.kill(signal),
    ended: () => closed,
  };
}

/** What an instance says once it takes requests. */
export const READY = /ready (as|at)/;

/** Starts an instance of the service; resolves when it takes requests. */
export async function startLedger(...args: string[]): Promise<LedgerProcess> {
  const instance = startProcess(...args);
  await instance.said(READY);
  return instance;
}

export type Reply = Record<string, unknown>;
export type Answer = { readonly reply: Reply } | { readonly status: number; readonly error: Reply };

/** Sends one request; text and bytes as they are, anything else as JSON. Rejects when there is no answer. */
export async function ask(
  nc: NatsConnection,
  subject: string,
  body: unknown = '',
  given: Readonly<Record<string, string>> = {},
  timeout = ANSWER_MS,
): Promise<Answer> {
  const fields = headers();
  for (const [name, value] of Object.entries(given)) fields.set(name, value);
  const data = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const message = await nc.request(`apledger.v1.svc.${subject}`, data, {
    timeout,
    ...(Object.keys(given).length > 0 ? { headers: fields } : {}),
  });
  const status = message.headers?.get('Nats-Service-Error-Code') ?? '';
  const reply = message.json<Reply>();
  return status === '' ? { reply } : { status: Number(status), error: reply };
}

/** Gives a command as a client should: when no answer comes, again with the same id, and then the answer may be that it is known. */
export async function insist(
  nc: NatsConnection,
  host: string,
  command: Command,
  commandId: string = crypto.randomUUID(),
  retryMs = RETRY_MS,
): Promise<Reply> {
  for (;;) {
    try {
      const given = { 'apledger-command-id': commandId };
      const answer = await ask(nc, `command.${host}`, command, given, retryMs);
      if ('reply' in answer) return answer.reply;
      if (answer.status !== 503) throw new Error(JSON.stringify(answer.error));
    } catch (error) {
      if (!isSilence(error)) throw error;
    }
  }
}

/** Nobody was there, or nobody answered in time. */
const isSilence = (error: unknown): boolean =>
  error instanceof errors.TimeoutError || (error instanceof RequestError && error.isNoResponders());

/** The library's client for discovery; its package names an older copy of the connection's type. */
export const discovery = (nc: NatsConnection) =>
  new Svcm(nc as unknown as ConstructorParameters<typeof Svcm>[0]).client();

/** Everything that comes, in order. */
export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** The statistics of every instance, and those of one endpoint in each. */
export async function statsOf(nc: NatsConnection): Promise<readonly ServiceStats[]> {
  return all(await discovery(nc).stats('apledger'));
}

export const endpointStats = (stats: ServiceStats, name: string) =>
  stats.endpoints?.find((endpoint) => endpoint.name === name);

/** Holds the write lock of a SQLite log, as another writer would; the returned function lets go. */
export function holdWriteLock(directory: string): () => void {
  const db = new DatabaseSync(join(directory, 'log.sqlite'));
  db.exec('BEGIN EXCLUSIVE');
  return () => db.close();
}
