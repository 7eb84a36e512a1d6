/** What an endpoint is: a subject, the schemas that its metadata publishes, and the function that answers. */
import { CommandBody, ProblemMessage, Receipt, subjectOf } from '@apledger/api';
import { type AnsweredOperation, isOnTheLog, jsonOf, type LogLedger, submit } from '@apledger/ledger';
import type { TSchema } from 'typebox';
import { actorOf } from './actor.ts';
import {
  ACTOR,
  type Call,
  CORRELATION,
  checkHeaders,
  commandIdOf,
  expectedOf,
  hostOfSubject,
  noteIn,
  waitMsOf,
} from './call.ts';

export type Group = 'command' | 'propose' | 'query';

export interface Endpoint {
  readonly group: Group;
  readonly name: string;
  /** Below the group's subject; `*` stands for a host's name. */
  readonly subject: string;
  /** For `$SRV.INFO`: what it does, and JSON Schemas of request, reply and error reply. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The reply's body. Throws what `asProblem` makes an error reply of. */
  answer(ledger: LogLedger, call: Call): Promise<unknown>;
  /** The same reply without what made it too large for one message. */
  shortened?(reply: unknown): unknown;
}

const metadataOf = (summary: string, request: TSchema, reply: TSchema): Record<string, string> => ({
  description: summary,
  request_schema: JSON.stringify(request),
  reply_schema: JSON.stringify(reply),
  error_schema: JSON.stringify(ProblemMessage),
});

/** The endpoint of an operation; none for one that changes something. An empty body is `{}`. */
export function query(operation: AnsweredOperation): readonly Endpoint[] {
  const { name, summary, scope, request, reply, answer } = operation;
  const subject = subjectOf(operation);
  if (subject === undefined) return [];
  return [
    {
      group: 'query',
      name,
      subject,
      metadata: metadataOf(summary, request, reply),
      answer: async (ledger, call) => {
        const host = scope === 'host' ? hostOfSubject(call) : '';
        checkHeaders(call);
        const { maxReplyBytes, caller, onMemory } = call;
        const work = (known: LogLedger) =>
          answer(known, jsonOf(call.body, {}), { host, maxReplyBytes, caller });
        return isOnTheLog(name) ? work(ledger) : ledger.read(work, { waitMs: waitMsOf(call), onMemory });
      },
    },
  ];
}

/** Proposing a change for the host that the subject names. It writes, so it is no query; and nothing is done yet, so it is no command. */
export function propose({ name, summary, request, reply, answer }: AnsweredOperation): Endpoint {
  return {
    group: 'propose',
    name,
    subject: '*',
    metadata: metadataOf(summary, request, reply),
    answer: async (ledger, call) => {
      checkHeaders(call);
      const { maxReplyBytes, caller } = call;
      return answer(ledger, jsonOf(call.body), { host: hostOfSubject(call), maxReplyBytes, caller });
    },
  };
}

const summary =
  'Carries out a command for the host that the subject names. Headers: apledger-command-id (or Nats-Msg-Id), apledger-actor, apledger-correlation, apledger-expected-revision.';

export const command: Endpoint = {
  group: 'command',
  name: 'command',
  subject: '*',
  metadata: metadataOf(summary, CommandBody, Receipt),
  answer: async (ledger, call) => {
    const host = hostOfSubject(call);
    checkHeaders(call);
    const commandId = commandIdOf(call);
    const expected = expectedOf(call);
    const correlation = noteIn(call, CORRELATION);
    const claimed = call.caller === undefined ? actorOf(call) : noteIn(call, ACTOR);
    const order = {
      host,
      command: jsonOf(call.body),
      caller: call.caller,
      ...(claimed === undefined ? {} : { claimed }),
      ...(commandId === undefined ? {} : { commandId }),
      ...(correlation === undefined ? {} : { correlation }),
      ...(expected === undefined ? {} : { expected }),
    };
    return submit(ledger, order, waitMsOf(call));
  },
  shortened: (reply) => ({ ...(reply as Receipt), facts: null }),
};
