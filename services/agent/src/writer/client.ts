/** The agent's side of the writer: a connection to its socket, or a process that is started for each write. */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WriteAnswer, WriteRequest, Writer } from './protocol.ts';
import { answerOf } from './serve.ts';

/** The writer answers that much later than its write times out: it waits for the lock, too. */
const GRACE_MS = 60_000;

/** `path` is that of a socket unit with Accept=yes. */
export const socketWriter = (path: string): Writer => ({
  write: (request) =>
    new Promise((resolve) => {
      const socket = connect({ path, allowHalfOpen: true });
      socket.once('error', (error) => resolve({ outcome: 'not-begun', reason: `${path}: ${error.message}` }));
      socket.once('connect', () => {
        socket.removeAllListeners('error');
        void exchange(socket, request).then(resolve);
      });
    }),
});

/** `words` are the program and its arguments. */
export const processWriter = ([program = '', ...args]: readonly string[]): Writer => ({
  write: (request) =>
    new Promise((resolve) => {
      const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
      child.once('error', (error) =>
        resolve({ outcome: 'not-begun', reason: `${program}: ${error.message}` }),
      );
      child.once(
        'spawn',
        () => void exchange({ reads: child.stdout, writes: child.stdin }, request).then(resolve),
      );
    }),
});

type Ends = Duplex | { readonly reads: NodeJS.ReadableStream; readonly writes: NodeJS.WritableStream };

/** From here on the request may have been carried out, whatever happens. */
function exchange(ends: Ends, request: WriteRequest): Promise<WriteAnswer> {
  const { reads, writes } = 'reads' in ends ? ends : { reads: ends, writes: ends };
  return new Promise((resolve) => {
    let said = '';
    const end = (reason: string): void => {
      clearTimeout(timer);
      resolve(answerOf(said) ?? { outcome: 'unknown', reason });
    };
    const timer = setTimeout(
      () => end(`the writer gave no answer within ${request.timeoutMs + GRACE_MS} ms`),
      request.timeoutMs + GRACE_MS,
    );
    reads.setEncoding('utf8');
    reads.on('data', (data: string) => {
      said += data;
    });
    reads.on('error', (error: Error) => end(`the writer's connection failed: ${error.message}`));
    reads.on('end', () => end('the writer ended without an answer'));
    writes.on('error', () => undefined);
    writes.end(JSON.stringify(request));
  });
}
