/** Load over HTTP: processes that serve, requests over kept connections, and readers of streams. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request as open } from 'node:http';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface Served {
  readonly port: number;
  readonly pid: number;
  end(): Promise<void>;
}

/** Starts a program of ours; resolves when it says its address on stdout. */
export async function served(script: string, ...args: string[]): Promise<Served> {
  const flags = ['--disable-warning=ExperimentalWarning', script, ...args];
  const child: ChildProcess = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
    if (child.stdout === null) throw new Error('no output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /at http:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
  });
  return {
    port,
    pid: child.pid ?? 0,
    async end() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Loaded {
  readonly perSecond: number;
  /** Of each request, in milliseconds. */
  readonly latencies: readonly number[];
}

/** So many requests over so many connections, each sent when the one before it on its connection is answered. */
export async function load(
  port: number,
  { count, connections }: { readonly count: number; readonly connections: number },
  ask: (n: number) => Ask,
): Promise<Loaded> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  let next = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (next < count) {
        const at = performance.now();
        await once200(agent, port, ask(next++));
        latencies.push(performance.now() - at);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  return { perSecond: count / seconds, latencies };
}

function once200(
  agent: Agent,
  port: number,
  { method = 'GET', path, body, headers: more = {} }: Ask,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...more };
    const request = open({ agent, host: '127.0.0.1', port, method, path, headers }, (response) => {
      response.on('data', () => {});
      response.on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${method} ${path}: ${response.statusCode}`));
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** One reader of a stream; it looks at the end of what comes, and parses nothing. */
export class StreamReader {
  readonly #socket: Socket;
  #tail = '';
  #wanted = '';
  #arrived: (() => void) | undefined;

  constructor(port: number, path: string) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setEncoding('latin1').on('data', (chunk: string) => this.#take(chunk));
    this.#socket.on('error', () => {});
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  }

  /** Resolves when the text has come. */
  saw(text: string): Promise<void> {
    this.#wanted = text;
    return new Promise((resolve) => {
      this.#arrived = resolve;
      this.#take('');
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#tail = (this.#tail + chunk).slice(-2000);
    if (this.#wanted === '' || !this.#tail.includes(this.#wanted)) return;
    this.#wanted = '';
    this.#arrived?.();
  }
}
