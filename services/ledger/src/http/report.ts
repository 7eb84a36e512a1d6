/** GET /report, /hosts/{host}/report: an audit report in the format that is asked for. */
import { Readable } from 'node:stream';
import { AuditReport, operations, type ReportFormat } from '@apledger/api';
import { HostName } from '@apledger/events';
import { checker, hostNameOf, permitted, reportPieces } from '@apledger/ledger';
import Type from 'typebox';
import { pathParameters, queryParameter, waitParameter } from './description.ts';
import { fromQuery } from './request.ts';
import { type Route, readFor } from './route.ts';

const MEDIA_TYPES: Readonly<Record<ReportFormat, string>> = {
  md: 'text/markdown',
  csv: 'text/csv',
  json: 'application/json',
  html: 'text/html',
};
/** The page brings its own style, and nothing else may run or load. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

const { request: Request, summary } = operations.report;
const check = checker(Request);

/** The same at two addresses: of everything, and of one host. */
const reportAt = (path: string, operationId: string, summary: string): Route => ({
  method: 'GET',
  path,
  description: {
    operationId,
    summary,
    parameters: [
      ...pathParameters(path, { host: HostName }),
      ...Object.keys(Request.properties)
        .filter((name) => !path.includes(`{${name}}`))
        .map((name) => queryParameter(Request, name)),
      waitParameter,
    ],
    responses: {
      200: {
        description: 'The report, and the heads that it rests on',
        content: Object.fromEntries(
          Object.values(MEDIA_TYPES).map((type) => [
            type,
            { schema: type.endsWith('json') ? AuditReport : Type.String() },
          ]),
        ),
      },
    },
  },
  handle: async (service, request, reply) => {
    const { host: inPath } = request.params as { readonly host?: string };
    const given = fromQuery(Request, request);
    const named = inPath === undefined ? {} : { host: hostNameOf(inPath) };
    const { format = 'md', ...scope } = check({ ...given, ...named });
    await permitted(service.ledger, operations.report, scope, request.caller);
    const body = await readFor(service, request, reply, (ledger) => {
      const pieces: AsyncIterable<Uint8Array | string> =
        ledger.elsewhere?.report(scope, format) ?? reportPieces(ledger, scope, format);
      return begun(pieces);
    });
    const type = MEDIA_TYPES[format];
    if (type === 'text/html') void reply.header('content-security-policy', PAGE_POLICY);
    const name = scope.host === undefined ? 'apledger-report' : `apledger-report-${scope.host}`;
    void reply
      .header('content-type', `${type}; charset=utf-8`)
      .header('content-disposition', `inline; filename="${name}.${format}"`)
      .header('cache-control', 'no-store');
    return reply.send(Readable.from(body, { objectMode: false }));
  },
});

/** The same pieces, once there is a first one: what cannot be answered is said by the status. */
async function begun<T>(pieces: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = pieces[Symbol.asyncIterator]();
  const first = await iterator.next();
  return (async function* () {
    try {
      for (let step = first; step.done !== true; step = await iterator.next()) yield step.value;
    } finally {
      await iterator.return?.();
    }
  })();
}

export const reports: readonly Route[] = [
  reportAt('/report', 'report', summary),
  reportAt('/hosts/{host}/report', 'host-report', 'An audit report of one host.'),
];
