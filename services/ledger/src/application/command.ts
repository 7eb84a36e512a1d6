/** One command for one host, carried out once, answered by its receipt. */
import type { Receipt, Submission } from '@apledger/command-handler';
import { WrongExpectedRevision } from '@apledger/event-log';
import { type Command, Conflict, commandSchemas, Errno, HostName, parseCommand } from '@apledger/events';
import Type, { type Static } from 'typebox';
import { unknownHost } from './hosts.ts';
import type { Ledger } from './ledger.ts';
import type { Immutable } from './operation.ts';
import { Problem } from './problem.ts';

export const CommandBody = Type.Unsafe<Command>(Type.Union(Object.values(commandSchemas)));

export const FactBody = Type.Object({
  type: Type.String({ description: 'urn:apledger:facts, docs/schemas/facts.json' }),
  data: Type.Unknown(),
});

export const refusalFields = {
  errno: Errno,
  explanation: Type.String(),
  conflicts: Type.Array(Conflict),
  remedy: Type.String(),
};

/** What came of a command. All of it is durable. */
export const ReceiptBody = Type.Object({
  host: HostName,
  commandId: Type.String({ format: 'uuid' }),
  revision: Type.Integer({ description: "of the host's last fact when the command was done" }),
  isDuplicate: Type.Boolean({ description: 'it had been carried out before, and nothing was done now' }),
  isBlocked: Type.Boolean({ description: 'the writer would sleep until the guest closes the mdev' }),
  facts: Type.Union([Type.Array(FactBody), Type.Null()], {
    description: 'in order; null when they do not fit into one message',
  }),
  refusal: Type.Optional(
    Type.Object(refusalFields, { description: 'the command was refused, and the refusal is recorded' }),
  ),
});
export type ReceiptBody = Immutable<Static<typeof ReceiptBody>>;

/** A submission as it comes from outside: the command is whatever JSON was sent. */
export type Request = Omit<Submission, 'command'> & { readonly command: unknown };

/** Carries the command out. Throws Problem for what is no command, and for what cannot be carried out as asked. */
export async function submit(ledger: Ledger, request: Request): Promise<ReceiptBody> {
  const { host } = request;
  const command = commandOf(request.command, host);
  const receipt = await carriedOut(ledger, { ...request, command });
  // It had no stream to be refused in: for a service that is a request for something that does not exist.
  if (receipt.revision < 0 && command.type !== 'RegisterHost') throw unknownHost(host);
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

function commandOf(value: unknown, host: string): Command {
  const parsed = parseCommand(value);
  const problems = 'problems' in parsed ? parsed.problems : wrongHost(parsed.command, host);
  if ('command' in parsed && problems.length === 0) return parsed.command;
  throw new Problem(400, 'invalid-command', 'The body is not a command.', { problems: [...problems] });
}

/** Subject and path are what permissions go by: the body must not say otherwise. */
const wrongHost = (command: Command, host: string): readonly string[] =>
  command.type === 'RegisterHost' && command.host !== host
    ? [`host: must be ${host}, the host that the request is sent to`]
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
