/** The HTTP transport: the API, health, metrics and the console, on loopback. */

import { Problem, type ProblemCode } from '@apledger/api';
import { asProblem, type LogLedger, MAX_REQUEST_BYTES, tooLarge } from '@apledger/ledger';
import fastifyCompress from '@fastify/compress';
import fastifyRateLimit from '@fastify/rate-limit';
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import type { Edge } from '../access/edge.ts';
import { RelayStanding } from '../nats/relay-standing.ts';
import { serveConsole } from './console.ts';
import { asksForHealth, drain } from './drain.ts';
import { guard } from './guard.ts';
import { health } from './health.ts';
import { measure } from './metrics.ts';
import { API, openApiDocument } from './openapi.ts';
import { sendApplicationProblem, sendProblem } from './problem.ts';
import { checkSent } from './request.ts';
import type { Route, Service } from './route.ts';
import { routes } from './routes.ts';
import { withAccess, withoutAccess } from './sign-in.ts';
import { Streams } from './streams.ts';
import { serveTiles } from './tlog.ts';
import { secureOptions, type TlsFiles } from './tls.ts';
import { REQUEST_MS, refuseExpectation, refuseRaw, wireOptions } from './wire.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** A guest's name has up to 255 characters, each up to nine when percent-encoded. */
const MAX_PARAMETER = 2304;
/** Smaller answers are sent as fast as they are: compressing them would take longer than it saves. */
const COMPRESSED_BYTES = 8192;

export interface HttpOptions {
  readonly ledger: LogLedger;
  /** Directory of the console's built files. */
  readonly console: string;
  /** Told what an operator should know, a line each. */
  readonly report: (line: string) => void;
  readonly beatMs?: number;
  /** Until a request is there as a whole; 30 s by default. */
  readonly requestMs?: number;
  /** Who may do what; without it, anyone who reaches the service may do everything. */
  readonly edge?: Edge;
  readonly tls?: TlsFiles;
  /** What the relay of this process does, if it has one. */
  readonly relay?: RelayStanding;
}

/** A server that is ready to listen. Closing it answers what has come, and ends the streams. */
export async function buildServer({
  ledger,
  console,
  report,
  beatMs,
  requestMs = REQUEST_MS,
  edge,
  tls,
  relay = new RelayStanding(),
}: HttpOptions): Promise<FastifyInstance> {
  const watch = await ledger.watch();
  // Before any stream hears of it: what its reader may see is known by then.
  watch.tail.listen(({ fact }) => ledger.access.apply(fact));
  const streams = new Streams({
    log: ledger.log,
    watch,
    report,
    ...(beatMs === undefined ? {} : { beatMs }),
  });
  const wire = wireOptions(requestMs);
  const server = fastify({
    bodyLimit: MAX_REQUEST_BYTES,
    requestTimeout: requestMs,
    // How long closing may take is for the one who closes: hooks at the end are not cut off.
    pluginTimeout: 0,
    http: wire,
    routerOptions: { maxParamLength: MAX_PARAMETER },
    // Browsers open connections in advance, which Node does not count as idle. Nothing is lost: see drain.ts.
    forceCloseConnections: true,
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => refuseRaw(error, socket, requestMs),
    ...(tls !== undefined && { https: { ...wire, ...secureOptions(tls) } }),
    frameworkErrors: (_, request, reply) =>
      void sendProblem(
        reply,
        400,
        'invalid-request',
        `The address ${request.url.slice(0, 200)} is not valid.`,
      ),
  });
  // Before whatever serves something: it hooks into routes that come after it. The stream of facts is not one of its answers.
  await server.register(fastifyCompress, {
    encodings: ['gzip'],
    threshold: COMPRESSED_BYTES,
    globalDecompression: false,
  });
  server.addHook('preClose', async () => {
    streams.end();
    ledger.observed.release();
  });
  server.server.on('checkExpectation', refuseExpectation);
  const draining = drain(server);
  if (process.env.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined)
    (await import('./tracing.ts')).traceRequests(server);
  guard(server, { isTls: tls !== undefined, origin: edge?.configuration.origin });
  if (edge === undefined) withoutAccess(server);
  else await controlAccess(server, ledger, edge, tls !== undefined);
  measure(
    server,
    streams,
    watch,
    ledger,
    async (caller) => {
      if (ledger.isControlled) await ledger.access.permit(caller, 'read', null, 'metrics');
    },
    relay,
  );
  server.addHook('preParsing', refuseEncoded);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_: unknown, body: Buffer) => body,
  );
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const known = frameworkProblem(error, request);
    if (known !== undefined) return sendProblem(reply, ...known);
    const problem = asProblem(error);
    if (problem.status >= 500) {
      // The cause says more than the answer may: paths, and what the store reported.
      const { cause } = problem;
      const reason = cause instanceof Error ? cause.message : problem.message;
      report(`${request.method} ${request.routeOptions.url}: ${reason}`);
    }
    if (problem.code === 'internal') report(error.stack ?? String(error));
    return sendApplicationProblem(reply, problem);
  });
  health(server, watch, draining, relay);
  let document: string | undefined; // few ask for it, and it takes 20 ms
  server.get('/openapi.json', async (_, reply) => {
    document ??= JSON.stringify(openApiDocument(routes));
    return reply
      .header('content-type', 'application/json; charset=utf-8')
      .header('cache-control', 'no-cache')
      .send(document);
  });
  for (const [path, there] of Map.groupBy(routes, (route) => route.path))
    mount(server, { ledger, streams }, path, there);
  serveTiles(server, ledger);
  await serveConsole(server, console);
  return server;
}

async function controlAccess(
  server: FastifyInstance,
  ledger: LogLedger,
  edge: Edge,
  isTls: boolean,
): Promise<void> {
  const { requestsPerMinute, connections } = edge.configuration;
  await server.register(fastifyRateLimit, {
    max: requestsPerMinute,
    timeWindow: '1 minute',
    allowList: asksForHealth,
    errorResponseBuilder: (_, { after }) =>
      new Problem(
        429,
        'too-many-requests',
        `More than ${requestsPerMinute} requests a minute came from this address; come again in ${after}.`,
      ),
  });
  server.server.maxConnections = connections;
  const originOf = ({ headers }: FastifyRequest): string => `${isTls ? 'https' : 'http'}://${headers.host}`;
  await withAccess(server, { ledger, edge, originOf });
}

/** The routes of one path, and for every other method what would be right there. */
function mount(server: FastifyInstance, service: Service, path: string, there: readonly Route[]): void {
  const url = API + path.replaceAll(/\{(\w+)\}/g, ':$1');
  for (const { method, handle, isEndless = false, maxRequestBytes = MAX_REQUEST_BYTES } of there)
    server.route({
      method,
      url,
      bodyLimit: maxRequestBytes,
      exposeHeadRoute: method === 'GET' && !isEndless,
      handler: async (request, reply) => {
        checkSent(request);
        return handle(service, request, reply);
      },
    });
  const allowed = there.flatMap(({ method, isEndless }) =>
    method === 'GET' && isEndless !== true ? ['GET', 'HEAD'] : [method],
  );
  const allow = [...allowed, 'OPTIONS'].join(', ');
  server.route({
    method: 'OPTIONS',
    url,
    handler: async (_, reply) => reply.code(204).header('allow', allow).send(),
  });
  server.route({
    method: METHODS.filter((method) => !allowed.includes(method)),
    url,
    handler: async ({ method }, reply) =>
      sendProblem(
        reply.header('allow', allow),
        405,
        'method-not-allowed',
        `${method} is not for this address; there are ${allow}.`,
      ),
  });
}

type Wrong = readonly [status: number, code: ProblemCode, detail: string];

/** What was wrong before a route was asked. */
function frameworkProblem(
  { code, statusCode }: FastifyError,
  { raw, routeOptions: { bodyLimit } }: FastifyRequest,
): Wrong | undefined {
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return [413, 'request-too-large', tooLarge(`more than ${bodyLimit} bytes`, bodyLimit).message];
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return [415, 'unsupported-media-type', 'Send the body as JSON, with Content-Type: application/json.'];
  if (statusCode !== undefined && statusCode < 500 && code?.startsWith('FST_'))
    return [400, 'invalid-request', 'The request is not what HTTP asks for: its length, or its encoding.'];
  // The client went away in the middle of its body: nobody reads this.
  if (raw.destroyed && !raw.complete) return [400, 'not-http', 'The request has no end.'];
  return undefined;
}

/** What is encoded would be read as if it were not. */
async function refuseEncoded({ headers }: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { 'content-encoding': coding = 'identity' } = headers;
  if (/^identity$/i.test(coding.trim())) return;
  void reply.header('accept-encoding', 'identity');
  throw new Problem(
    415,
    'unsupported-media-type',
    `Send the body as it is, without Content-Encoding: ${coding.slice(0, 80)}.`,
  );
}
