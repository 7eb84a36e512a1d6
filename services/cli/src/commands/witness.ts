/** `apledger witness`: cosigns the checkpoints of logs that others keep (c2sp.org/tlog-witness). */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { command, Failure, line, type Output } from '@apledger/command-line';
import { verifierText } from '@apledger/evidence';
import { openKey, Witness } from '@apledger/sealer';
import { errorText } from '@apledger/text';
import { readPolicyText } from '../evidence/kept.ts';

interface WitnessOptions {
  readonly policy: string;
  readonly directory: string;
  readonly name?: string;
  readonly signWith?: string;
  readonly host: string;
  readonly port: string;
}

/** A checkpoint with 64 signatures and 63 lines of proof is smaller. */
const MAX_BODY_BYTES = 256 * 1024;
const PATH = '/add-checkpoint';

/** Serves until the signal. */
async function witness(options: WitnessOptions, output: Output, signal: AbortSignal): Promise<number> {
  const { directory, name, signWith, host } = options;
  const { policy } = await readPolicyText(options.policy);
  if (policy.logs.length === 0)
    throw new Failure(
      2,
      `--policy ${options.policy}: it names no log; write "log VKEY" for each that is to be cosigned.`,
    );
  const { key } = await openKey({ directory, kind: 'witness', name, signWith });
  const witness = new Witness({ logs: policy.logs, key, stateFile: join(directory, 'witness.sqlite') });
  const { createServer } = await import('node:http'); // which no other command needs
  const server = createServer((request, response) => void serve(witness, request, response, output));
  try {
    const listening = once(server, 'listening');
    server.listen({ host, port: portOf(options.port) });
    await listening.catch((error: Error) => {
      throw new Failure(2, `--port ${options.port}: ${error.message}`);
    });
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : options.port;
    output.out(line(`apledger witness: public key ${verifierText(key.verifier)}`));
    output.out(
      line(`apledger witness: ready at http://${host.includes(':') ? `[${host}]` : host}:${port}${PATH}`),
    );
    if (!signal.aborted) await once(signal, 'abort');
    return 0;
  } finally {
    server.close();
    server.closeAllConnections();
    witness.close();
  }
}

async function serve(
  it: Witness,
  request: IncomingMessage,
  response: ServerResponse,
  output: Output,
): Promise<void> {
  const answer = (status: number, type: string, body: string): void => {
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  };
  const refuse = (status: number, body: string): void =>
    answer(status, 'text/plain; charset=utf-8', `${body}\n`);
  try {
    if (new URL(request.url ?? '/', 'http://witness').pathname !== PATH)
      return refuse(404, `there is only POST ${PATH}`);
    if (request.method !== 'POST') return refuse(405, `there is only POST ${PATH}`);
    const body = await bodyOf(request);
    if (body === undefined) return refuse(413, `more than ${MAX_BODY_BYTES} bytes`);
    const { status, type, body: text } = await it.addCheckpoint(body);
    answer(status, type, text);
  } catch (error) {
    output.err(line(`apledger witness: ${errorText(error)}`));
    if (!response.headersSent) refuse(500, 'the witness failed, and has cosigned nothing');
  }
}

/** Undefined when it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new Failure(2, `--port ${text}: not a port. Write a number from 0 to 65535; 0 takes any free one.`);
}

export const witnessCommand = command({
  name: 'witness',
  summary: 'cosign the checkpoints of logs, as long as each continues the last one (docs/evidence.md)',
  options: {
    policy: {
      type: 'string',
      value: 'file',
      required: true,
      description: 'keys of the logs: lines "log VKEY", c2sp.org/tlog-policy',
    },
    directory: {
      type: 'string',
      value: 'dir',
      default: 'apledger-witness',
      description: "the witness's key and memory",
    },
    name: { type: 'string', value: 'name', description: 'name of the witness, when its key is made' },
    signWith: {
      type: 'string',
      value: 'how',
      description: 'a key that is elsewhere: agent, agent:SOCKET or command:PROGRAM',
    },
    host: { type: 'string', value: 'address', default: '127.0.0.1', description: 'address to listen on' },
    port: { type: 'string', value: 'n', default: '8643', description: 'port to listen on, 0 = any free one' },
  },
  examples: ['apledger witness --policy logs.policy --name witness.example/audit'],
  run: (options, { output, signal }) => witness(options, output, signal),
});
