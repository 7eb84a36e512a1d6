/** What holds on every listener before a route is asked: the bounds of a request, and the answers to what is none. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ProblemCode } from '@apledger/api';
import { SECURITY_HEADERS } from './guard.ts';
import { PROBLEM_JSON, problemBody } from './problem.ts';

const MAX_HEADER_BYTES = 16 * 1024;
/** Until a request is there as a whole. */
export const REQUEST_MS = 30_000;
/** How often Node looks for connections that have taken longer, at most; its default is as long again. */
const CHECK_MS = 1000;

/** Options of Node's servers. */
export const wireOptions = (requestMs: number) => ({
  maxHeaderSize: MAX_HEADER_BYTES,
  requestTimeout: requestMs,
  headersTimeout: requestMs,
  connectionsCheckingInterval: Math.min(CHECK_MS, requestMs),
  // Node would refuse it without a word; the guard says why.
  requireHostHeader: false,
});

/** Node would answer it with a status alone. */
export function refuseExpectation(
  { headers: { expect = '' } }: IncomingMessage,
  response: ServerResponse,
): void {
  const detail = `The service does not do what ${JSON.stringify(expect.slice(0, 80))} expects; it knows 100-continue only.`;
  response
    .writeHead(417, { ...SECURITY_HEADERS, 'content-type': PROBLEM_JSON, 'cache-control': 'no-store' })
    .end(JSON.stringify(problemBody(417, 'invalid-header', detail)));
}

/** What is no request at all has no reply object: the answer is written by hand. */
export function refuseRaw(
  error: Error & { readonly code?: string },
  socket: Socket,
  requestMs: number,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, phrase, code, detail] = rawProblem(error.code, requestMs);
  const body = JSON.stringify(problemBody(status, code, detail));
  socket.end(
    `HTTP/1.1 ${status} ${phrase}\r\ncontent-type: ${PROBLEM_JSON}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function rawProblem(
  code: string | undefined,
  requestMs: number,
): readonly [status: number, phrase: string, code: ProblemCode, detail: string] {
  if (code === 'HPE_HEADER_OVERFLOW')
    return [
      431,
      'Request Header Fields Too Large',
      'headers-too-large',
      `Address and headers may have ${MAX_HEADER_BYTES} bytes together.`,
    ];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return [408, 'Request Timeout', 'too-slow', `A request has to be there within ${requestMs / 1000} s.`];
  return [400, 'Bad Request', 'not-http', 'What came is no request of HTTP/1.1.'];
}
