/** What is asked of a service that serves tiles and checkpoints, and what its answers mean. */
import { createServer, type Server } from 'node:http';
import { Failure } from '@apledger/command-line';
import { openMemoryLog } from '@apledger/event-log';
import { LogLedger } from '@apledger/ledger';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EvidenceSource, sourceOf } from './source.ts';

const TILE = { level: 0, index: 0, width: 1 };
let server: Server;
let source: EvidenceSource;
let shown: (string | undefined)[] = [];
let answer = { status: 200, body: 'text' };

beforeEach(async () => {
  shown = [];
  process.env.APLEDGER_TOKEN = 'secret';
  server = createServer(({ headers }, response) => {
    shown.push(headers.authorization);
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  source = sourceOf({ server: `http://127.0.0.1:${port}/` }, new LogLedger({ log: openMemoryLog() }));
});

afterEach(() => {
  delete process.env.APLEDGER_TOKEN;
  server.close();
  server.closeAllConnections();
});

test('the token is shown as to the API', async () => {
  answer = { status: 200, body: 'text' };
  expect(await source.text('checkpoint')).toBe('text');
  expect(String(await source.readTile(TILE))).toBe('text');
  expect(shown).toEqual(['Bearer secret', 'Bearer secret']);
});

test('404 alone means that it is not there', async () => {
  answer = { status: 404, body: '' };
  expect(await source.text('checkpoint')).toBeUndefined();
  expect(await source.readTile(TILE)).toBeUndefined();
});

test.each([
  [
    401,
    '{"code":"no-identity","detail":"Sign in."}',
    /tlog\/checkpoint: answered 401: Sign in\..*APLEDGER_TOKEN/,
  ],
  [
    403,
    '{"code":"forbidden","detail":"You may not."}',
    /tlog\/checkpoint: answered 403: You may not\..*may read/,
  ],
  [502, '<html>', /tlog\/checkpoint: answered 502; see whether the service is well/],
])('%i is an error that says what to do', async (status, body, told) => {
  answer = { status, body };
  const refused = source.text('checkpoint');
  await expect(refused).rejects.toBeInstanceOf(Failure);
  await expect(refused).rejects.toThrow(told);
  await expect(source.readTile(TILE)).rejects.toThrow(/tlog\/tile\/0\/000\.p\/1: answered/);
});

test('nobody there is an error too', async () => {
  server.close();
  server.closeAllConnections();
  await expect(source.text('policy')).rejects.toThrow(
    /tlog\/policy: ECONNREFUSED; is the service running there\?/,
  );
});
