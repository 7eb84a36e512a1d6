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

/** What a broker can permit apart from the rest: commands; what changes; what agents do; questions, which change nothing. */
export const GROUPS = ['command', 'change', 'agent', 'query'] as const;
export type Group = (typeof GROUPS)[number];

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

/** One message answers for all endpoints (discovery.ts): the schema of every fact alone would take a quarter of it. */
const MAX_SCHEMA = 64_000;
/** In the place of a schema. */
export const TOO_LONG = JSON.stringify({
  $comment: 'too long for discovery; /openapi.json and docs/schemas have it',
});

function published(schema: TSchema): string {
  const text = JSON.stringify(schema);
  return text.length <= MAX_SCHEMA ? text : TOO_LONG;
}

const metadataOf = (summary: string, request: TSchema, reply: TSchema): Record<string, string> => ({
  description: summary,
  request_schema: published(request),
  reply_schema: published(reply),
  error_schema: JSON.stringify(ProblemMessage),
});

/** `change.approve` lies in the group of changes, `change`, the question, among the questions. */
function placeOf(subject: string): Pick<Endpoint, 'group' | 'subject'> {
  const [first, ...rest] = subject.split('.');
  const group = GROUPS.find((name) => name === first);
  return group === undefined || rest.length === 0
    ? { group: 'query', subject }
    : { group, subject: rest.join('.') };
}

/** The endpoint of an operation; none for one that NATS does not carry. An empty body is `{}`. */
export function endpointOf(operation: AnsweredOperation): readonly Endpoint[] {
  const { name, summary, scope, request, reply, maxRequestBytes, answer } = operation;
  const subject = subjectOf(operation);
  if (subject === undefined) return [];
  return [
    {
      ...placeOf(subject),
      name,
      metadata: metadataOf(summary, request, reply),
      answer: async (ledger, call) => {
        const host = scope === 'host' ? hostOfSubject(call) : '';
        checkHeaders(call);
        const { maxReplyBytes, caller, onMemory } = call;
        const work = (known: LogLedger) =>
          answer(known, jsonOf(call.body, {}, maxRequestBytes), { host, maxReplyBytes, caller });
        return isOnTheLog(name) ? work(ledger) : ledger.read(work, { waitMs: waitMsOf(call), onMemory });
      },
    },
  ];
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
