/** GET /report, /hosts/{host}/report: an audit report in the format that is asked for. */
import { Readable } from 'node:stream';
import { GuestName, HostName } from '@apledger/events';
import { type AuditReport, auditCsv, auditHtml, auditJson, auditMarkdown } from '@apledger/projections';
import Type from 'typebox';
import { AuditBody, audit } from '../application/custody.ts';
import { hostNameOf } from '../application/input.ts';
import { MomentText } from '../application/moment.ts';
import { checker } from '../application/operation.ts';
import { fromQuery, pathParameters, queryParameter, type Route } from './route.ts';

const FORMATS: Readonly<
  Record<string, { readonly type: string; readonly write: (report: AuditReport) => Iterable<string> }>
> = {
  md: { type: 'text/markdown', write: auditMarkdown },
  csv: { type: 'text/csv', write: auditCsv },
  json: { type: 'application/json', write: auditJson },
  html: { type: 'text/html', write: auditHtml },
};
/** The page brings its own style, and nothing else may run or load. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

const Request = Type.Object(
  {
    format: Type.Optional(Type.Enum(Object.keys(FORMATS), { description: 'default md' })),
    host: Type.Optional(HostName),
    guest: Type.Optional(GuestName),
    from: Type.Optional(MomentText),
    to: Type.Optional(MomentText),
  },
  { additionalProperties: false },
);
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
    ],
    responses: {
      200: {
        description: 'The report, and the heads that it rests on',
        content: Object.fromEntries(
          Object.values(FORMATS).map(({ type }) => [
            type,
            { schema: type.endsWith('json') ? AuditBody : Type.String() },
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
    const report = await audit(ledger, scope);
    const { type, write } = FORMATS[format] ?? { type: 'text/plain', write: auditMarkdown };
    if (type === 'text/html') void reply.header('content-security-policy', PAGE_POLICY);
    void reply.header('content-type', `${type}; charset=utf-8`).header('cache-control', 'no-store');
    return reply.send(Readable.from(write(report)));
  },
});

export const reports: readonly Route[] = [
  reportAt('/report', 'report', 'An audit report of all hosts, one host, or a guest.'),
  reportAt('/hosts/{host}/report', 'host-report', 'An audit report of one host.'),
];
