/**
 * Real NATS servers for tests: processes on loopback, each with its own ports, folder and configuration.
 *
 * Servers are ready when they say so in their own log; nothing here waits for a time to pass.
 */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from '@nats-io/transport-node';

/** Which server: of the machine's own distribution, or of a newer suite of Debian. */
export type NatsVersion = 'own' | 'trixie' | 'sid';

/** A server program, or the reason why there is none here: for the title of the tests that are then skipped. */
export type NatsProgram = { readonly path: string; readonly version: string } | { readonly missing: string };

const ROOT = join(import.meta.dirname, '../..');
/** What a client may publish in one message: above it, servers of any version begin to warn. */
const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;
/** Bounds a wait that should take seconds, so that a server that hangs fails its test with its log. */
const READY_TIMEOUT_MS = 120_000;
const PROBE_MS = 250;
/** Below those that systems give to outgoing connections: between the look and the use, none of these takes it. */
const FIRST_PORT = 12_000;
const PORTS = 20_000;

/** The server program of a version; `NATS_SERVER` names one to take instead of the own. */
export function natsProgram(version: NatsVersion = 'own'): NatsProgram {
  try {
    const given = version === 'own' ? process.env.NATS_SERVER : undefined;
    const path = given ?? fetched(version);
    const said = execFileSync(path, ['--version'], { encoding: 'utf8' });
    return { path, version: said.replace(/^.*v(?=\d)/s, '').trim() };
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split('\n').at(-1) : error;
    return { missing: `no nats-server (${version}): ${reason}` };
  }
}

function fetched(version: NatsVersion): string {
  const args = [join(ROOT, 'infra/debian.mjs'), 'nats-server', ...(version === 'own' ? [] : [version])];
  const place = execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return join(place.trim(), 'usr/sbin/nats-server');
}

/** The newest server that can be had here. */
export function newestNats(): NatsProgram {
  const found = (['sid', 'trixie'] as const).map((version) => natsProgram(version));
  return found.find((program) => 'path' in program) ?? { missing: 'no nats-server newer than the own' };
}

/** One server process, which can be killed and started again over the same folder and ports. */
export interface NatsServer {
  /** `nats://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly running: boolean;
  /** Starts it, and resolves when it takes clients. */
  start(): Promise<void>;
  /** Kills it (`kill -9` unless told), and resolves when it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops it from being scheduled, as a machine that hangs; `SIGCONT` ends that. */
  signal(signal: NodeJS.Signals): void;
  /** Resolves when a line of its log, of all it ever wrote or will write, matches. */
  logged(pattern: RegExp): Promise<string>;
  /** Kills it and removes its folder. */
  dispose(): Promise<void>;
}

export interface NatsServerOptions {
  readonly program: NatsProgram;
  /** Text added to its configuration. */
  readonly configuration?: string;
  /** Holds the store; a fresh temporary folder when it is not given. */
  readonly folder?: string;
  readonly maxFileStoreBytes?: number;
  /** True unless told otherwise. */
  readonly jetStream?: boolean;
}

let portsTaken = randomInt(PORTS);

/** Ports that nobody listens on now, each given once. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = FIRST_PORT + (portsTaken++ % PORTS);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const listener = createServer().listen(port, '127.0.0.1');
  try {
    await once(listener, 'listening');
  } catch {
    return false;
  }
  await new Promise((done) => listener.close(done));
  return true;
}

/** Starts one server with JetStream. */
export async function startNats(options: NatsServerOptions): Promise<NatsServer> {
  const [port = 0] = await freePorts(1);
  const text = (folder: string): string => configuration(folder, port, options);
  const server = new Server(programPath(options.program), port, { folder: options.folder, text });
  await server.start();
  return server;
}

/** Starts a server over a configuration file as it lies there, in an environment; `port` is where it then listens. */
export async function startNatsFile(
  program: NatsProgram,
  port: number,
  file: string,
  environment: (folder: string) => Readonly<Record<string, string>>,
): Promise<NatsServer> {
  const server = new Server(programPath(program), port, { file, environment });
  await server.start();
  return server;
}

/** Three servers (or so many) that form a JetStream cluster; resolves when they have elected a leader. */
export async function startNatsCluster(
  program: NatsProgram,
  size = 3,
  more = '',
): Promise<readonly NatsServer[]> {
  const ports = await freePorts(size * 2);
  const routes = ports.slice(size).map((port) => `nats://127.0.0.1:${port}`);
  const servers = ports.slice(0, size).map((port, n) => {
    const cluster = `cluster { name: test, listen: "127.0.0.1:${ports[size + n]}", routes: [${routes.join(', ')}] }`;
    const text = `server_name: n${n}\n${cluster}\n${more}`;
    const whole = (folder: string): string => configuration(folder, port, { program, configuration: text });
    return new Server(programPath(program), port, { text: whole });
  });
  try {
    await Promise.all(servers.map((server) => server.start()));
    await Promise.any(servers.map((server) => server.logged(/metadata leader/)));
    await answering(servers);
    return servers;
  } catch (error) {
    await Promise.all(servers.map((server) => server.dispose()));
    throw error;
  }
}

/** Resolves when JetStream answers: the first question after an election may get lost. */
async function answering(servers: readonly NatsServer[]): Promise<void> {
  const nc = await connect({ servers: servers.map((server) => server.url) });
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const answer = await nc.request('$JS.API.INFO', '', { timeout: PROBE_MS }).catch(() => undefined);
    if (answer !== undefined && !answer.string().includes('"error"')) break;
    if (performance.now() > deadline) throw new Error('the cluster does not answer');
  }
  await nc.close();
}

function programPath(program: NatsProgram): string {
  if ('missing' in program) throw new Error(program.missing);
  return program.path;
}

function configuration(folder: string, port: number, options: NatsServerOptions): string {
  const store = options.maxFileStoreBytes;
  const limit = store === undefined ? '' : `, max_file_store: ${store}`;
  return [
    `listen: "127.0.0.1:${port}"`,
    `max_payload: ${MAX_PAYLOAD_BYTES}`,
    options.jetStream === false ? '' : `jetstream { store_dir: "${folder}"${limit} }`,
    options.configuration ?? '',
  ].join('\n');
}

/** Linux kills the server when the process of the tests dies, however that happens; elsewhere `exit` has to do. */
const DIE_WITH_US = (() => {
  const command = ['setpriv', '--pdeathsig', 'KILL', '--'];
  return spawnSync('setpriv', [...command.slice(1), 'true']).status === 0 ? command : [];
})();
const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** What a server is started over: a text that is written to a file, or a file as it is and an environment. */
type Launch =
  | { readonly folder?: string | undefined; readonly text: (folder: string) => string }
  | {
      readonly folder?: string;
      readonly file: string;
      readonly environment: (folder: string) => Readonly<Record<string, string>>;
    };

class Server implements NatsServer {
  readonly port: number;
  readonly folder: string;
  readonly #program: string;
  readonly #made: string[] = [];
  readonly #file: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #lines: string[] = [];
  readonly #watchers = new Set<(line: string) => void>();
  #child: ChildProcess | undefined;
  #gone: Promise<unknown> = Promise.resolve();

  constructor(program: string, port: number, launch: Launch) {
    this.#program = program;
    this.port = port;
    this.folder = launch.folder ?? this.#make('apledger-nats-');
    this.#environment = 'environment' in launch ? launch.environment(this.folder) : {};
    this.#file = 'file' in launch ? launch.file : join(this.#make('apledger-nats-conf-'), 'nats.conf');
    if ('text' in launch) writeFileSync(this.#file, launch.text(this.folder));
  }

  #make(prefix: string): string {
    const folder = mkdtempSync(join(tmpdir(), prefix));
    this.#made.push(folder);
    return folder;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  async start(): Promise<void> {
    const before = this.#lines.length;
    const env = { ...process.env, ...this.#environment };
    const [program = '', ...args] = [...DIE_WITH_US, this.#program, '--config', this.#file];
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
    });
    this.#child = child;
    living.add(child);
    this.#gone = once(child, 'close').then(() => {
      living.delete(child);
      if (this.#child === child) this.#child = undefined;
      this.#tell('the server has ended');
    });
    createInterface({ input: child.stderr }).on('line', (line) => this.#tell(line));
    const line = await this.#await(/Server is ready|the server has ended/, before);
    if (!line.includes('ready')) throw new Error(`nats-server did not start:\n${this.#tail()}`);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child?.kill(signal);
    await this.#gone;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  logged(pattern: RegExp): Promise<string> {
    return this.#await(pattern, 0);
  }

  async dispose(): Promise<void> {
    await this.kill();
    for (const folder of this.#made) rmSync(folder, { recursive: true, force: true });
  }

  #tell(line: string): void {
    this.#lines.push(line);
    for (const watcher of this.#watchers) watcher(line);
  }

  #tail(): string {
    return this.#lines.slice(-20).join('\n');
  }

  #await(pattern: RegExp, from: number): Promise<string> {
    const found = this.#lines.slice(from).find((line) => pattern.test(line));
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        end();
      };
      const watcher = (line: string): void => {
        if (pattern.test(line)) settle(() => resolve(line));
      };
      const late = (): void => reject(new Error(`nats-server never said ${pattern}:\n${this.#tail()}`));
      const timer = setTimeout(() => settle(late), READY_TIMEOUT_MS);
      this.#watchers.add(watcher);
    });
  }
}
