/** The HTTP transport over a log in memory; requests are handed to it without a socket. */

import { type EventLog, openMemoryLog } from '@apledger/event-log';
import { LogLedger } from '@apledger/ledger';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { accessConfiguration } from '../access/configuration.ts';
import { openEdge } from '../access/edge.ts';
import { API } from './openapi.ts';
import { buildServer } from './server.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly type: string;
  readonly text: string;
  /** The body as JSON. */
  readonly body: Record<string, unknown>;
}

export interface Scene {
  readonly server: FastifyInstance;
  readonly log: EventLog;
  readonly ledger: LogLedger;
  /** What the service told its operator. */
  readonly reports: readonly string[];
  /** Tells the ledger's clock. */
  now: Date;
  /** A request as `curl` would make it; a path that does not begin with // is below /api/v1. */
  send(options: InjectOptions & { readonly url: string }): Promise<Answer>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export interface SceneOptions {
  readonly console?: string;
  /** The text of an access configuration: then access is controlled. */
  readonly access?: string;
  readonly log?: EventLog;
  readonly requestMs?: number;
}

export async function scene(options: SceneOptions = {}): Promise<Scene> {
  const { console = '/nowhere', access, log = openMemoryLog(), requestMs } = options;
  const reports: string[] = [];
  let now = new Date('2026-03-01T09:00:00.000Z');
  const report = (line: string) => reports.push(line);
  const ledger = new LogLedger({ log, isControlled: access !== undefined, report, now: () => now });
  const edge =
    access === undefined
      ? {}
      : { edge: await openEdge(ledger, accessConfiguration(access, 'access.yaml'), report) };
  const server = await buildServer({
    ...{ ledger, console, report, ...edge },
    ...(requestMs !== undefined && { requestMs }),
  });
  const made: Scene = {
    server,
    log,
    ledger,
    reports,
    get now() {
      return now;
    },
    set now(time) {
      now = time;
    },
    async send({ url, headers, ...rest }) {
      const answer = await server.inject({
        ...rest,
        url: url.startsWith('//') ? url.slice(1) : `${API}${url}`,
        headers: { host: 'localhost:8642', ...headers },
      });
      const { statusCode, headers: given, payload } = answer;
      const type = String(given['content-type'] ?? '').split(';')[0] ?? '';
      const body = type.endsWith('json') && payload !== '' ? JSON.parse(payload) : {};
      return { status: statusCode, headers: given, type, text: payload, body };
    },
    get: (url, headers = {}) => made.send({ method: 'GET', url, headers }),
    post: (url, body, headers = {}) =>
      made.send({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json', ...headers },
        payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      }),
  };
  return made;
}
