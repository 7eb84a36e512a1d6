/** `command.<host>`: one command for one host, carried out once, answered by its receipt. */
import type { Receipt, Submission } from '@apledger/command-handler';
import { WrongExpectedRevision } from '@apledger/event-log';
import { type Command, Conflict, commandSchemas, Errno, HostName, parseCommand } from '@apledger/events';
import Type, { type Static } from 'typebox';
import { actorOf } from '../actor.ts';
import {
  type Call,
  CORRELATION,
  checkHeaders,
  commandIdOf,
  expectedOf,
  hostOfSubject,
  jsonOf,
  noteOf,
} from '../call.ts';
import { type Endpoint, type Immutable, metadataOf } from '../endpoint.ts';
import type { Ledger } from '../ledger.ts';
import { Problem } from '../problem.ts';
import { unknownHost } from './hosts.ts';

const FactBody = Type.Object({
  type: Type.String({ description: 'urn:apledger:facts, docs/schemas/facts.json' }),
  data: Type.Unknown(),
});

/** What came of a command. All of it is durable. */
const ReceiptBody = Type.Object({
  host: HostName,
  commandId: Type.String({ format: 'uuid' }),
  revision: Type.Integer({ description: "of the host's last fact when the command was done" }),
  isDuplicate: Type.Boolean({ description: 'it had been carried out before, and nothing was done now' }),
  isBlocked: Type.Boolean({ description: 'the writer would sleep until the guest closes the mdev' }),
  facts: Type.Union([Type.Array(FactBody), Type.Null()], {
    description: 'in order; none when nothing changed; null when they do not fit into one message',
  }),
  refusal: Type.Optional(
    Type.Object(
      {
        errno: Errno,
        explanation: Type.String(),
        conflicts: Type.Array(Conflict),
        remedy: Type.String(),
      },
      { description: 'the command was refused, and the refusal is recorded' },
    ),
  ),
});
type ReceiptBody = Immutable<Static<typeof ReceiptBody>>;

const does =
  'Carries out a command for the host that the subject names. Headers: apledger-command-id (or Nats-Msg-Id), apledger-actor, apledger-correlation, apledger-expected-revision.';

export const command: Endpoint = {
  group: 'command',
  name: 'command',
  subject: '*',
  metadata: metadataOf(does, Type.Union(Object.values(commandSchemas)), ReceiptBody),
  answer: submit,
  shortened: (reply) => ({ ...(reply as ReceiptBody), facts: null }),
};

async function submit(ledger: Ledger, call: Call): Promise<ReceiptBody> {
  const submission = submissionOf(ledger, call);
  const { host } = submission;
  const receipt = await carriedOut(ledger, submission);
  // It had no stream to be refused in: for a service that is a request for something that does not exist.
  if (receipt.revision < 0 && submission.command.type !== 'RegisterHost') throw unknownHost(host);
  const { commandId, revision, isDuplicate, isBlocked, facts, refusal } = receipt;
  return {
    host,
    commandId,
    revision,
    isDuplicate,
    isBlocked,
    facts,
    ...(refusal === undefined ? {} : { refusal }),
  };
}

function submissionOf(ledger: Ledger, call: Call): Submission {
  const host = hostOfSubject(call);
  checkHeaders(call);
  const commandId = commandIdOf(call);
  const expected = expectedOf(call);
  const correlation = noteOf(call, CORRELATION);
  return {
    host,
    command: commandOf(call, host),
    actor: actorOf(call, ledger.trustsRequestInfo),
    ...(commandId === undefined ? {} : { commandId }),
    ...(correlation === undefined ? {} : { correlation }),
    ...(expected === undefined ? {} : { expected }),
  };
}

function commandOf(call: Call, host: string): Command {
  const parsed = parseCommand(jsonOf(call));
  const problems = 'problems' in parsed ? parsed.problems : wrongHost(parsed.command, host);
  if ('command' in parsed && problems.length === 0) return parsed.command;
  throw new Problem(400, 'invalid-command', 'The body is not a command.', { problems: [...problems] });
}

/** The subject is what the broker's permissions go by: the body must not say otherwise. */
const wrongHost = (command: Command, host: string): readonly string[] =>
  command.type === 'RegisterHost' && command.host !== host
    ? [`host: must be ${host}, the host that the subject names`]
    : [];

async function carriedOut(ledger: Ledger, submission: Submission): Promise<Receipt> {
  try {
    return await ledger.handler.submit(submission);
  } catch (error) {
    if (!(error instanceof WrongExpectedRevision)) throw error;
    const { expected, actual } = error;
    if (submission.expected === undefined || expected === 'any')
      throw new Problem(
        503,
        'overloaded',
        `So many others write to host ${submission.host} that this command lost every race; give it again with the same id.`,
        {},
        error,
      );
    throw new Problem(
      409,
      'wrong-revision',
      `Host ${submission.host} is at revision ${actual}, not ${expected}; look at what has happened, and decide again.`,
      { expected, actual },
      error,
    );
  }
}
