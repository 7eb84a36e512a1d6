/** What an endpoint is: a subject, the schemas that its metadata publishes, and the function that answers. */
import type { TSchema } from 'typebox';
import { CommandBody, ReceiptBody, submit } from '../application/command.ts';
import { jsonOf } from '../application/input.ts';
import type { Ledger } from '../application/ledger.ts';
import type { Operation } from '../application/operation.ts';
import { ProblemBody } from '../application/problem.ts';
import { actorOf } from './actor.ts';
import {
  type Call,
  CORRELATION,
  checkHeaders,
  commandIdOf,
  expectedOf,
  hostOfSubject,
  noteIn,
} from './call.ts';

export type Group = 'command' | 'query';

export interface Endpoint {
  readonly group: Group;
  readonly name: string;
  /** Below the group's subject; `*` stands for a host's name. */
  readonly subject: string;
  /** For `$SRV.INFO`: what it does, and JSON Schemas of request, reply and error reply. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The reply's body. Throws what `asProblem` makes an error reply of. */
  answer(ledger: Ledger, call: Call): Promise<unknown>;
  /** The same reply without what made it too large for one message. */
  shortened?(reply: unknown): unknown;
}

const metadataOf = (does: string, request: TSchema, reply: TSchema): Record<string, string> => ({
  description: does,
  request_schema: JSON.stringify(request),
  reply_schema: JSON.stringify(reply),
  error_schema: JSON.stringify(ProblemBody),
});

/** An operation at a subject; where that ends with `*`, it is about the host named there. An empty body is `{}`. */
export const query = (subject: string, { name, does, request, reply, answer }: Operation): Endpoint => ({
  group: 'query',
  name,
  subject,
  metadata: metadataOf(does, request, reply),
  answer: async (ledger, call) => {
    const host = subject.endsWith('*') ? hostOfSubject(call) : '';
    checkHeaders(call);
    return answer(ledger, jsonOf(call.body, {}), { host, maxReplyBytes: call.maxReplyBytes });
  },
});

const does =
  'Carries out a command for the host that the subject names. Headers: apledger-command-id (or Nats-Msg-Id), apledger-actor, apledger-correlation, apledger-expected-revision.';

export const command: Endpoint = {
  group: 'command',
  name: 'command',
  subject: '*',
  metadata: metadataOf(does, CommandBody, ReceiptBody),
  answer: async (ledger, call) => {
    const host = hostOfSubject(call);
    checkHeaders(call);
    const commandId = commandIdOf(call);
    const expected = expectedOf(call);
    const correlation = noteIn(call, CORRELATION);
    return submit(ledger, {
      host,
      command: jsonOf(call.body),
      actor: actorOf(call, ledger.trustsRequestInfo),
      ...(commandId === undefined ? {} : { commandId }),
      ...(correlation === undefined ? {} : { correlation }),
      ...(expected === undefined ? {} : { expected }),
    });
  },
  shortened: (reply) => ({ ...(reply as ReceiptBody), facts: null }),
};
