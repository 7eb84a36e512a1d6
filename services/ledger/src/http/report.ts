/** GET /report, /hosts/{host}/report: an audit report in the format that is asked for. */
import { Readable } from 'node:stream';
import { AuditReport, operations, type ReportFormat } from '@apledger/api';
import { HostName } from '@apledger/events';
import { type AnsweredOperation, checker, hostNameOf, writeReport } from '@apledger/ledger';
import Type from 'typebox';
import { fromQuery, pathParameters, queryParameter, type Route } from './route.ts';

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
const reportAt = (operation: AnsweredOperation, path: string, operationId: string, summary: string): Route => ({
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
  handle: async ({ ledger }, request, reply) => {
    const { host: inPath } = request.params as { readonly host?: string };
    const given = fromQuery(Request, request);
    const named = inPath === undefined ? {} : { host: hostNameOf(inPath) };
    const { format = 'md', ...scope } = check({ ...given, ...named });
    const limits = { host: '', maxReplyBytes: Number.POSITIVE_INFINITY, caller: request.caller };
    const report = (await operation.answer(ledger, scope, limits)) as AuditReport;
    const type = MEDIA_TYPES[format];
    if (type === 'text/html') void reply.header('content-security-policy', PAGE_POLICY);
    void reply.header('content-type', `${type}; charset=utf-8`).header('cache-control', 'no-store');
    return reply.send(Readable.from(writeReport(report, format)));
  },
});

export const reportsOf = (operation: AnsweredOperation): readonly Route[] => [
  reportAt(operation, '/report', 'report', summary),
  reportAt(operation, '/hosts/{host}/report', 'host-report', 'An audit report of one host.'),
];
