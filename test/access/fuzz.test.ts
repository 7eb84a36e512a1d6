/**
 * Requests made from the OpenAPI document, with credentials that are none, have ended, or allow too little: nobody gets in, nothing is a
 * 500, and everything that was turned away is accounted for in the log.
 */
import { openMemoryLog } from '@apledger/event-log';
import { LogLedger } from '@apledger/ledger';
import { accessConfiguration, buildServer, openEdge } from '@apledger/ledger-service';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { requests } from '../http/fuzz.ts';
import { A, create, register } from '../ledger/support.ts';
import { sized } from '../support/long.ts';

const REQUESTS = sized(1500, 100_000);

it(`${REQUESTS} requests with random credentials: nobody gets in, and every denial is in the log`, async () => {
  const log = openMemoryLog();
  const owner = new LogLedger({ log });
  const ledger = new LogLedger({ log, isControlled: true });
  const reports: string[] = [];
  const edge = await openEdge(ledger, accessConfiguration('{}', 'access.yaml'), (line) => reports.push(line));
  const server = await buildServer({
    ledger,
    edge,
    console: '/nowhere',
    report: (line) => reports.push(line),
  });
  for (const host of ['prod1', 'test1']) {
    await owner.submit({ host, command: register(host), actor: 'test' });
    await owner.submit({ host, command: create(A), actor: 'test' });
  }
  const token = async (program: string) => owner.ask('issueToken', { program, until: '8h' });
  const nobody = await token('nobody');
  const revoked = await token('revoked');
  await owner.ask('bindRole', { subject: 'apledger#revoked', role: 'operator', hosts: '*' });
  await owner.ask('revoke', { id: revoked.token });
  await ledger.access.sync();

  const strangers = [
    '',
    'Bearer',
    'Bearer x',
    'Basic YWRtaW46YWRtaW4=',
    `Bearer apl_${'A'.repeat(43)}`,
    `Bearer ${revoked.secret}`,
    `Bearer ${revoked.secret.toUpperCase()}`,
    `Bearer ${nobody.secret.slice(0, -1)}`,
    `Bearer ${nobody.token}`,
    'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.',
  ];
  const credentials = fc.oneof(
    fc.constantFrom(...strangers),
    fc.base64String({ minLength: 43, maxLength: 60 }).map((text) => `Bearer apl_${text}`),
    fc.constant(`Bearer ${nobody.secret}`),
  );
  const names = { host: ['prod1', 'test1'], mdev: [A], guest: ['web'], steps: ['scan'] };
  const hosts = async () => (await log.heads()).filter(({ stream }) => stream.startsWith('host-'));
  const before = await hosts();
  let unauthenticated = 0;
  let denied = 0;
  // What anybody with a token may ask of himself, and a schema that the documents publish.
  const ownAffairs = new Set(['who-am-i', 'credentials', 'glasses', 'desired-schema', 'none']);
  await fc.assert(
    fc.asyncProperty(requests(names), credentials, async (request, authorization) => {
      const { operationId, method, url, headers, body } = request;
      const answer = await server.inject({
        method: method as 'GET',
        url: `/api/v1${url}`,
        headers: { host: '127.0.0.1', ...headers, authorization },
        ...(body === undefined ? {} : { payload: body }),
      });
      const { statusCode } = answer;
      expect(statusCode, `${method} ${url}: ${answer.payload}`).toBeLessThan(500);
      // With enough `..` in it, a path leads out of the API: to the page, which everybody gets.
      const isOfTheApi = new URL(`http://127.0.0.1/api/v1${url}`).pathname.startsWith('/api/');
      if (statusCode < 300 && isOfTheApi) {
        expect(authorization).toBe(`Bearer ${nobody.secret}`);
        expect(ownAffairs).toContain(operationId);
      }
      if (statusCode === 401) unauthenticated += 1;
      if (statusCode === 403) denied += 1;
    }),
    { numRuns: REQUESTS, endOnFailure: true },
  );
  await server.close();
  const facts = [];
  for await (const fact of log.readStream('access')) facts.push(fact);
  const counted = facts.flatMap(({ type, data }) =>
    type === 'AuthenticationFailed' ? [Number(data.count)] : [],
  );
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(unauthenticated);
  expect(facts.filter(({ type }) => type === 'AccessDenied')).toHaveLength(denied);
  expect(unauthenticated).toBeGreaterThan(REQUESTS / 4);
  expect(denied).toBeGreaterThan(0);
  expect(await hosts()).toEqual(before);
  expect(reports).toEqual([]);
}, 3_600_000);
