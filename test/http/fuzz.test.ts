/**
 * Requests made from the OpenAPI document, right and wrong ones. Never a 500, nothing leaked, nothing changed by what
 * was not carried out; and what is answered is what the document promises.
 */
import { type EventLog, openMemoryLog } from '@apledger/event-log';
import { LogLedger } from '@apledger/ledger';
import { buildServer } from '@apledger/ledger-service';
import fc from 'fast-check';
import Schema from 'typebox/schema';
import { afterAll, expect, it } from 'vitest';
import { A, create, register } from '../ledger/support.ts';
import { sized } from '../support/long.ts';
import { document, type FuzzRequest, requests, whole } from './fuzz.ts';

const REQUESTS = sized(2500, 100_000);
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
  from: ['0', '4', '-1h'],
  to: ['9', '12'],
  time: ['2020-01-01T00:00:00Z', 'yesterday', '-2h', '2026-03-29 02:30 Europe/Berlin'],
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

/** What records something. */
const WRITES = new Set([
  'command',
  'bind-role',
  'unbind-role',
  'issue-token',
  'register-key',
  'revoke',
  'propose-change',
  'withdraw-change',
  'agent-hello',
  'agent-observe',
]);

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

/** Sends a request, and looks at everything that holds for any answer. */
async function check(request: FuzzRequest): Promise<Answer> {
  if (asked++ % REQUESTS_A_LOG === 0) {
    await end();
    service = await begin();
  }
  service ??= await begin();
  const before = await service.log.lastPosition();
  const answer = await send(service, request);
  const after = await service.log.lastPosition();
  const { status, type, text } = answer;
  expect(status).toBeLessThan(500);
  expect(service.reports).toEqual([]);
  if (status >= 400 && request.method !== 'HEAD') expect(type).toMatch(/^application\/problem\+json/);
  expect(text).not.toMatch(/node_modules|\.ts:\d|\\n {4}at /);
  const mayChange =
    (request.operationId === 'command' && status === 422) ||
    (status === 200 && WRITES.has(request.operationId));
  if (!mayChange) expect(after).toBe(before);
  expect(isPromised(request, answer)).toBe(true);
  return answer;
}

const agentBody = (more: object): string => JSON.stringify({ agent: A, epoch: 1, ...more });

/** Of each operation a request that is carried out, where there is one on a log as here, and one that is refused: path and query, and the body of a POST. */
const CERTAIN: Readonly<Record<string, { readonly right?: Asked; readonly wrong: Asked }>> = {
  hosts: { right: ['/hosts'], wrong: ['/hosts?limit=many'] },
  host: { right: ['/hosts/lpar1'], wrong: ['/hosts/nowhere'] },
  mdev: { right: [`/hosts/lpar1/mdevs/${A}`], wrong: ['/hosts/lpar1/mdevs/none'] },
  guest: { right: ['/hosts/lpar1/guests/web'], wrong: ['/hosts/lpar1/guests/nobody'] },
  diff: { right: ['/hosts/lpar1/diff?from=0'], wrong: ['/hosts/lpar1/diff'] },
  command: {
    right: ['/hosts/lpar1/commands', '{"type":"ScanBus"}'],
    wrong: ['/hosts/lpar1/commands', '{"type":"ScanBus"'],
  },
  'what-if': {
    right: ['/hosts/lpar1/what-if', '{"steps":["scan","guest stop web"]}'],
    wrong: ['/hosts/lpar1/what-if', '{"steps":["dance"]}'],
  },
  custody: {
    right: ['/hosts/lpar1/custody?apqn=05.0004&limit=1'],
    wrong: ['/hosts/lpar1/custody?apqn=05.0004&limit=-1'],
  },
  'guest-history': {
    right: ['/hosts/lpar1/guests/web/history'],
    wrong: ['/hosts/nowhere/guests/web/history'],
  },
  exposures: { right: ['/hosts/lpar1/exposures'], wrong: ['/hosts/nowhere/exposures'] },
  chain: { right: ['/hosts/lpar1/chain'], wrong: ['/hosts/nowhere/chain'] },
  report: { right: ['/report'], wrong: ['/report?format=poem'] },
  'host-report': { right: ['/hosts/lpar1/report?format=csv'], wrong: ['/hosts/nowhere/report'] },
  events: { right: ['/events?after=1&limit=3'], wrong: ['/events?after=-1'] },
  stream: { right: ['/events/stream?after=0'], wrong: ['/events/stream?after=never'] },
  verify: {
    right: ['/verify', `{"heads":[{"host":"lpar1","revision":0,"hash":"${'0'.repeat(64)}"}]}`],
    wrong: ['/verify', '{"heads":[]}'],
  },
  recompute: { right: ['/recompute', '{}'], wrong: ['/recompute', '{"heads":[{}]}'] },
  rebuild: { right: ['/rebuild', '{}'], wrong: ['/rebuild', '[]'] },
  guests: { right: ['/hosts/lpar1/guests'], wrong: ['/hosts/nowhere/guests'] },
  evidence: { right: ['/evidence'], wrong: ['/evidence?of=x'] },
  proof: { wrong: ['/proof?position=none'] },
  'who-am-i': { right: ['/access/me'], wrong: ['/access/me?as=root'] },
  'who-can': { right: ['/access/who-can?verb=command&host=lpar1'], wrong: ['/access/who-can?verb=rule'] },
  bindings: { right: ['/access/bindings'], wrong: ['/access/bindings?of=x'] },
  'bind-role': {
    right: ['/access/bindings', '{"subject":"apledger#x","role":"viewer","hosts":"*"}'],
    wrong: ['/access/bindings', '{"subject":"apledger#x","role":"root","hosts":"*"}'],
  },
  'unbind-role': {
    right: ['/access/unbind', '{"subject":"apledger#x","role":"viewer","hosts":"*"}'],
    wrong: ['/access/unbind', '{"subject":"apledger#nobody","role":"viewer","hosts":"*"}'],
  },
  credentials: { right: ['/access/credentials'], wrong: ['/access/credentials?of=x'] },
  'issue-token': {
    right: ['/access/tokens', '{"program":"x","until":"1h"}'],
    wrong: ['/access/tokens', '{"until":"1h"}'],
  },
  'register-key': {
    right: [
      '/access/keys',
      '{"program":"x","publicKey":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","until":"1h"}',
    ],
    wrong: [
      '/access/keys',
      '{"program":"x","publicKey":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","until":"never"}',
    ],
  },
  revoke: { wrong: ['/access/credentials/aaaaaaaa/revoke', '{}'] },
  'break-glass': { wrong: ['/access/break-glass', '{"hosts":"*","reason":"x"}'] },
  glasses: { right: ['/access/break-glass'], wrong: ['/access/break-glass?of=x'] },
  'review-break-glass': { wrong: ['/access/break-glass/aaaaaaaa/review', '{"finding":"x"}'] },
  'propose-change': {
    right: ['/hosts/lpar1/changes', '{"commands":[{"type":"ScanBus"}],"reason":"x"}'],
    wrong: ['/hosts/lpar1/changes', '{"commands":[],"reason":"x"}'],
  },
  changes: { right: ['/changes'], wrong: ['/changes?status=lost'] },
  change: { wrong: ['/changes/none'] },
  'approve-change': {
    wrong: ['/changes/none/approve', `{"work":"${'0'.repeat(64)}","effect":"${'0'.repeat(64)}"}`],
  },
  'refuse-change': { wrong: ['/changes/none/refuse', '{"reason":"x"}'] },
  'withdraw-change': { wrong: ['/changes/none/withdraw', '{"reason":"x"}'] },
  mdevs: { right: ['/hosts/lpar1/mdevs'], wrong: ['/hosts/nowhere/mdevs'] },
  queues: { right: ['/hosts/lpar1/queues?adapter=5'], wrong: ['/hosts/lpar1/queues?adapter=256'] },
  event: { right: ['/events/3'], wrong: ['/events/0'] },
  'start-change': { wrong: ['/changes/none/start', `{"planHash":"${'0'.repeat(64)}"}`] },
  'confirm-change': { wrong: ['/changes/none/confirm', '{}'] },
  'resume-change': { wrong: ['/changes/none/resume', '{"how":"back","reason":"x"}'] },
  plan: {
    right: ['/hosts/lpar1/plan', '{"procedure":{"procedure":"drain","adapter":5}}'],
    wrong: ['/hosts/lpar1/plan', '{"desired":"05.0004"}'],
  },
  'desired-schema': { right: ['/schemas/desired-host'], wrong: ['/schemas/desired-host?of=x'] },
  'rehearse-upgrade': {
    right: ['/hosts/lpar1/upgrade?driver=7.3'],
    wrong: ['/hosts/lpar1/upgrade?driver=8.0'],
  },
  'agent-hello': {
    wrong: ['/hosts/lpar1/agent/hello', agentBody({ boot: 'b', kernel: '6.12', detected: [], missing: [] })],
  },
  'agent-observe': { wrong: ['/hosts/lpar1/agent/commits', agentBody({ commits: [] })] },
  'agent-commands': { wrong: [`/hosts/lpar1/agent/commands?agent=${A}&epoch=1`] },
};
type Asked = readonly [url: string, body?: string];

const ask = (operationId: string, [url, body]: Asked): Promise<Answer> => {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  return check({ operationId, method: body === undefined ? 'GET' : 'POST', url, headers, body });
};

it.each(
  Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  ),
)('%s is carried out when it is asked rightly, and refused when not', async (operationId) => {
  const { right, wrong } = CERTAIN[operationId] ?? expect.fail('no request is known for it');
  if (right !== undefined) expect((await ask(operationId, right)).status).toBe(200);
  const { status } = await ask(operationId, wrong);
  expect(Math.floor(status / 100)).toBe(4);
});

it(`${REQUESTS} requests of a fuzzer find no 500, no leak, no change and no broken promise`, async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(requests(names), async (request) => {
      const { status } = await check(request);
      const key = `${request.operationId} ${status}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }),
    { numRuns: REQUESTS, endOnFailure: true },
  );
  if (process.env.APLEDGER_LONG === '1') console.log(Object.fromEntries([...seen].sort()));
}, 3_600_000);
