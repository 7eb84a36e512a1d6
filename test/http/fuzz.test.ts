/**
 * Requests made from the OpenAPI document, right and wrong ones. Never a 500, nothing leaked, nothing changed by what
 * was not carried out; and what is answered is what the document promises.
 *
 *     FUZZ_REQUESTS=100000 npx vitest run test/http/fuzz.test.ts
 */
import { type EventLog, openMemoryLog } from '@apledger/event-log';
import { LogLedger } from '@apledger/ledger';
import { buildServer } from '@apledger/ledger-service';
import fc from 'fast-check';
import Schema from 'typebox/schema';
import { afterAll, expect, it } from 'vitest';
import { A, create, register } from '../ledger/support.ts';
import { document, type FuzzRequest, requests, whole } from './fuzz.ts';

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 4000);
/** After so many the log begins anew: questions about all of it would take longer and longer. */
const REQUESTS_A_LOG = 1000;
const B = 'bbbbbbbb-0000-4000-8000-000000000002';

const names = {
  host: ['lpar1', 'lpar2'],
  mdev: [A, B],
  guest: ['web', 'db'],
  apqn: ['05.0004'],
  text: ['5', '0x4', '6', '300', A, B, '-5', '0', '1', '05.0004', 'vfio_ap'],
  position: ['0', '3', '20'],
  after: ['0', '5', 'lpar1'],
  from: ['0', '4'],
  to: ['9', '12'],
  time: ['2020-01-01T00:00:00Z'],
  types: ['MdevCreated', 'CommandRejected'],
  'If-Match': ['"17"', '"18"', '"0"'],
  steps: ['scan', 'guest stop web', 'echo 5 > /sys/bus/ap/apmask'],
};

interface Service {
  readonly log: EventLog;
  readonly server: Awaited<ReturnType<typeof buildServer>>;
  readonly url: string;
  readonly reports: string[];
}
let service: Service | undefined;
let asked = 0;

async function begin(): Promise<Service> {
  const log = openMemoryLog();
  const ledger = new LogLedger({ log });
  const reports: string[] = [];
  const server = await buildServer({ ledger, console: '/nowhere', report: (line) => reports.push(line) });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const submit = (host: string, command: Parameters<typeof ledger.handler.submit>[0]['command']) =>
    ledger.handler.submit({ host, command, actor: 'test' });
  for (const host of ['lpar1', 'lpar2']) {
    await submit(host, { ...register(host), boot: { apmask: '+0-255,-5,-6', aqmask: null } } as never);
    for (const mdev of [A, B]) await submit(host, create(mdev));
  }
  await submit('lpar1', { type: 'AssignAdapter', mdev: A, text: '5' });
  await submit('lpar1', { type: 'AssignDomain', mdev: A, text: '4' });
  await submit('lpar1', { type: 'StartGuest', mdev: A, guest: 'web' });
  return { log, server, url, reports };
}

async function end(): Promise<void> {
  await service?.server.close();
  await service?.log.close();
  service = undefined;
}
afterAll(end);

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

async function send({ server, url }: Service, request: FuzzRequest): Promise<Answer> {
  const { operationId, method, headers, body } = request;
  const path = `/api/v1${request.url}`;
  // The stream has no end: over a socket, which is closed when it has begun.
  if (operationId === 'stream') {
    const abort = new AbortController();
    const response = await fetch(url + path, { headers, signal: abort.signal });
    const isStream = response.status === 200;
    const text = isStream ? '' : await response.text();
    abort.abort();
    return { status: response.status, type: response.headers.get('content-type') ?? '', text };
  }
  const answer = await server.inject({
    method: method as 'GET',
    url: path,
    headers: { host: '127.0.0.1', ...headers },
    ...(body === undefined ? {} : { payload: body }),
  });
  return {
    status: answer.statusCode,
    type: String(answer.headers['content-type'] ?? ''),
    text: answer.payload,
  };
}

const validators = new Map<string, ReturnType<typeof Schema.Compile>>();

/** Whether the answer is what the document promises for this operation and status. */
function isPromised({ operationId, method }: FuzzRequest, { status, type, text }: Answer): boolean {
  if (text === '' || method === 'HEAD' || !/json/.test(type)) return true;
  const key = `${operationId} ${status}`;
  let validator = validators.get(key);
  if (validator === undefined) {
    const operation = Object.values(document.paths)
      .flatMap((methods) => Object.values(methods))
      .find((each) => each.operationId === operationId);
    const { content = {} } =
      operation?.responses[status] ?? operation?.responses[status < 500 ? '4XX' : '5XX'] ?? {};
    const schema = content[type.split(';')[0] ?? '']?.schema ?? (operationId === 'none' ? {} : { not: {} });
    validator = Schema.Compile(whole(schema as never) as never);
    validators.set(key, validator);
  }
  return validator.Check(JSON.parse(text));
}

it(`${REQUESTS} requests of a fuzzer find no 500, no leak, no change and no broken promise`, async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(requests(names), async (request) => {
      if (asked++ % REQUESTS_A_LOG === 0) {
        await end();
        service = await begin();
      }
      service ??= await begin();
      const before = await service.log.lastPosition();
      const answer = await send(service, request);
      const after = await service.log.lastPosition();
      const { status, type, text } = answer;
      seen.set(`${request.operationId} ${status}`, (seen.get(`${request.operationId} ${status}`) ?? 0) + 1);
      expect(status).toBeLessThan(500);
      expect(service.reports).toEqual([]);
      if (status >= 400 && request.method !== 'HEAD') expect(type).toMatch(/^application\/problem\+json/);
      expect(text).not.toMatch(/node_modules|\.ts:\d|\\n {4}at /);
      const mayChange = request.operationId === 'command' && (status === 200 || status === 422);
      if (!mayChange) expect(after).toBe(before);
      expect(isPromised(request, answer)).toBe(true);
    }),
    { numRuns: REQUESTS, endOnFailure: true },
  );
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  for (const { operationId } of operations) {
    // Every operation was asked rightly and wrongly, or the fuzzer looks at less than it says.
    expect([...seen.keys()], operationId).toContainEqual(`${operationId} 200`);
    expect(
      [...seen.keys()].some((key) => new RegExp(`^${operationId} 4`).test(key)),
      operationId,
    ).toBe(true);
  }
  if (REQUESTS > 4000) console.log(Object.fromEntries([...seen].sort()));
}, 3_600_000);
