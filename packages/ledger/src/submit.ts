/** One command for one host as it comes from outside, carried out once, answered by its receipt. */
import { Problem, type ProblemDetails, type Receipt } from '@apledger/api';
import { CommandIdUsed, newCommandId, type Submission } from '@apledger/command-handler';
import { LogError, WrongExpectedRevision } from '@apledger/event-log';
import { type Command, parseCommand } from '@apledger/events';
import type { Caller } from './access/caller.ts';
import { leaveFor } from './access/permit.ts';
import { unknownHost } from './answers/hosts.ts';
import type { LogLedger } from './log-ledger.ts';
import { asProblem } from './problem.ts';
import { withinTime } from './within-time.ts';

/** The command is whatever JSON was sent; who gives it is what the transport has found out. */
type Order = Omit<Submission, 'command' | 'actor' | 'auth' | 'admit'> & {
  readonly command: unknown;
  readonly caller?: Caller | undefined;
};

/**
 * Carries the command out. Throws Problem for what is no command, and for what cannot be carried out as asked; `kept` tells
 * of a command that was not answered whether it may have been recorded all the same. `waitMs`: how long the asker waits.
 */
export async function submit(ledger: LogLedger, order: Order, waitMs?: number): Promise<Receipt> {
  const { caller, claimed, command: given, ...rest } = order;
  const { host } = rest;
  const command = commandOf(given, host);
  const leave = await leaveFor(ledger, { host, command, claimed }, caller);
  const id = order.commandId === undefined ? { commandId: newCommandId(), isNewId: true } : {};
  const submission = { ...rest, ...id, command, ...leave };
  const answer = carriedOut(ledger, submission).catch(async (error: unknown) => {
    if (caller !== undefined && error instanceof Problem && error.code === 'needs-approval')
      await ledger.access.denied(caller, 'command', host, command.type, error.message);
    throw error;
  });
  const receipt = await (waitMs === undefined
    ? answer
    : withinTime(answer, waitMs, () => noAnswer(submission, waitMs)));
  // It had no stream to be refused in: for a service that is a request for something that does not exist.
  if (receipt.revision < 0 && command.type !== 'RegisterHost') throw unknownHost(host);
  return ledger.settled(receipt, waitMs);
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

function noAnswer({ commandId }: Submission, waitMs: number): Problem {
  const text = `The log did not answer within ${waitMs / 1000} s. It is not known whether the command is recorded: repeat it with the same command id, ${commandId}.`;
  return new Problem(503, 'log-unreachable', text, unknown(commandId));
}

const unknown = (commandId: string | undefined): ProblemDetails => ({
  kept: 'unknown',
  ...(commandId === undefined ? {} : { commandId }),
});

async function carriedOut(ledger: LogLedger, submission: Submission): Promise<Receipt> {
  try {
    return await ledger.record(submission);
  } catch (error) {
    if (error instanceof CommandIdUsed) throw new Problem(422, 'command-id-used', error.message, {}, error);
    if (error instanceof LogError) {
      const { status, code, message } = asProblem(error);
      const { commandId } = submission;
      const text = error.mayBeKept ? `${message}, ${commandId}` : message;
      throw new Problem(status, code, text, error.mayBeKept ? unknown(commandId) : { kept: 'no' }, error);
    }
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
