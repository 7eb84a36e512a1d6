/** Processes of the service over HTTP, and clients that are no good. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Problem, type Receipt, type RecordedFact } from '@apledger/api';
import { Api, followFacts, type Submission } from '@apledger/client';
import type { Command } from '@apledger/events';
import { type LedgerProcess, startProcess } from '../ledger/support.ts';

export interface HttpService {
  readonly process: LedgerProcess;
  /** `http://127.0.0.1:PORT` */
  readonly server: string;
  readonly port: number;
  readonly api: Api;
}

/** Starts `node services/ledger/src/main.ts ARGS…`; resolves when it answers. */
export const startService = (...args: string[]): Promise<HttpService> => serviceOf(startProcess(...args));

/** The service that a process is; resolves when it answers. */
export async function serviceOf(process: LedgerProcess): Promise<HttpService> {
  const line = await process.said(/ready .*at http:/);
  const server = /at (http:\/\/\S+)\//.exec(line)?.[1] ?? '';
  return { process, server, port: Number(new URL(server).port), api: new Api(server) };
}

/** Gives a command as a client should: when no answer comes, again with the same id, to the process that is there then. */
export async function insist(
  apis: () => readonly Api[],
  host: string,
  command: Command,
  commandId: string = crypto.randomUUID(),
) {
  for (let attempt = 0; ; attempt++) {
    const among = apis();
    const api = among[attempt % among.length];
    if (api === undefined) throw new Error('nobody is there');
    try {
      return await give(api, host, command, { commandId });
    } catch (error) {
      const isGone = error instanceof Error && error.name === 'Unreachable';
      const isBusy = error instanceof Error && 'status' in error && error.status === 503;
      if (!isGone && !isBusy) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** One command; throws also for what is refused. */
export async function give(
  api: Api,
  host: string,
  command: Command,
  more: Pick<Submission, 'commandId' | 'expected'> = {},
): Promise<Receipt> {
  const receipt = await api.submit({ host, command, ...more });
  if (receipt.refusal !== undefined) throw new Problem(422, 'refused', receipt.refusal.explanation);
  return receipt;
}

/** The facts that a stream brings, until the signal or as many as wanted. */
export async function follow(
  server: string,
  options: { readonly after: number; readonly count: number; readonly signal?: AbortSignal },
): Promise<RecordedFact[]> {
  const end = new AbortController();
  const signal = AbortSignal.any([end.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const facts: RecordedFact[] = [];
  for await (const delivery of followFacts({ server, after: options.after, signal })) {
    if ('fact' in delivery) facts.push(delivery.fact);
    if (facts.length >= options.count) end.abort();
  }
  return facts;
}

/** Sends bytes as they are; resolves with everything that came back until the connection ended, here if `leaves`. */
export async function raw(port: number, text: string | Buffer, leaves = false): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    received += chunk;
  });
  socket.on('error', () => {}); // a reset ends it as well
  socket.write(text, () => {
    if (leaves) socket.destroy();
  });
  await once(socket, 'close');
  return received;
}
