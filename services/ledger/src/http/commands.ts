/** POST /hosts/{host}/commands: one command, under the conditions that HTTP's own headers state. */
import type { IncomingHttpHeaders } from 'node:http';
import { CommandBody, ProblemBody, Receipt, RefusalBody } from '@apledger/api';
import { HostName } from '@apledger/events';
import { badHeader, hostNameOf, noteOf, submit, uuidOf } from '@apledger/ledger';
import Type, { type TSchema } from 'typebox';
import { type Parameter, pathParameters, waitParameter } from './description.ts';
import { sendProblem } from './problem.ts';
import { bodyOf, waitMsOf } from './request.ts';
import type { Route } from './route.ts';

const header = (name: string, description: string, schema: TSchema = Type.String()): Parameter => ({
  name,
  in: 'header',
  description,
  schema,
});
const NOTE = Type.String({ minLength: 1, maxLength: 256 });

export const commands: Route = {
  method: 'POST',
  path: '/hosts/{host}/commands',
  description: {
    operationId: 'command',
    summary: 'Carries out a command for a host, once.',
    description:
      'Ask again with the same Idempotency-Key when no answer came: what was done is not done again. A refused command is recorded, and answered by 422.',
    parameters: [
      ...pathParameters('/hosts/{host}/commands', { host: HostName }),
      header(
        'Idempotency-Key',
        'id of the command, a UUID; the ledger makes one when there is none',
        Type.String({ format: 'uuid' }),
      ),
      header('If-Match', 'the ETag of the host that you decided on: nothing happens when it is elsewhere'),
      header('If-None-Match', '*: nothing happens when there is such a host', Type.Literal('*')),
      header(
        'Apledger-Actor',
        'who asks, for the log; where access is controlled it is recorded as a claim; percent-encoded beyond ASCII',
        NOTE,
      ),
      waitParameter,
      header('Apledger-Correlation', 'what the command belongs to; percent-encoded beyond ASCII', NOTE),
    ],
    body: CommandBody,
    responses: {
      200: {
        description: 'Done, and durable',
        content: { 'application/json': { schema: Receipt } },
        headers: { ETag: { description: "the host's revision, in quotes", schema: Type.String() } },
      },
      422: {
        description:
          'Refused: the command was refused by the rules of the driver, and the refusal is recorded. Any other code: it could not be taken, and changed nothing',
        content: { 'application/problem+json': { schema: Type.Union([RefusalBody, ProblemBody]) } },
      },
    },
  },
  handle: async ({ ledger }, request, reply) => {
    const { headers } = request;
    const host = hostNameOf((request.params as { readonly host: string }).host);
    const commandId = commandIdOf(headers);
    const expected = expectedOf(headers);
    const correlation = noteIn(headers, 'apledger-correlation');
    const claimed = noteIn(headers, 'apledger-actor');
    const order = {
      host,
      command: bodyOf(request),
      caller: request.caller,
      ...(claimed === undefined ? {} : { claimed }),
      ...(commandId === undefined ? {} : { commandId }),
      ...(correlation === undefined ? {} : { correlation }),
      ...(expected === undefined ? {} : { expected }),
    };
    const receipt = await submit(ledger, order, waitMsOf(request));
    void reply.header('etag', `"${receipt.revision}"`);
    if (receipt.refusal === undefined) return receipt;
    const { refusal, isBlocked: _, ...rest } = receipt;
    const detail = `${refusal.explanation} ${refusal.remedy}`.trim();
    return sendProblem(reply, 422, 'refused', detail, { ...refusal, ...rest });
  },
};

/** The draft of the header makes its value a string in quotes; a bare UUID is taken too. */
function commandIdOf({ 'idempotency-key': given }: IncomingHttpHeaders): string | undefined {
  if (given === undefined) return undefined;
  return uuidOf('idempotency-key', String(given).replace(/^"(.*)"$/, '$1'));
}

function expectedOf(headers: IncomingHttpHeaders): number | 'none' | undefined {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (noneMatch !== undefined) {
    if (noneMatch.trim() !== '*' || match !== undefined)
      throw badHeader('if-none-match', 'must be *, and alone: the host is not there yet');
    return 'none';
  }
  if (match === undefined) return undefined;
  const revision = /^"(\d{1,10})"$/.exec(match.trim())?.[1];
  if (revision === undefined) throw badHeader('if-match', 'must be one ETag of a host, a revision in quotes');
  return Number(revision);
}

/** HTTP's header fields hold ASCII: what is beyond comes percent-encoded. */
function noteIn(headers: IncomingHttpHeaders, name: string): string | undefined {
  const text = headers[name];
  if (text === undefined) return undefined;
  try {
    return noteOf(name, decodeURIComponent(String(text)));
  } catch (error) {
    if (error instanceof URIError) throw badHeader(name, 'is not percent-encoded UTF-8; write % as %25');
    throw error;
  }
}
