/** What the log has of a command already, and the form in which facts enter it. */
import {
  type EventLog,
  LogError,
  markOf,
  type NewFact,
  type RecordedFact,
  unsettled,
} from '@apledger/event-log';
import { type Fact, factVersion, pack, parseFact } from '@apledger/events';
import { CommandIdUsed } from './command-id-used.ts';

/** Checked when written, as it will be when read: a fact that nobody can read must not enter the log. Throws InvalidFact. */
export function newFact(fact: Fact, occurredAt: string): NewFact {
  const version = factVersion(fact.type);
  const { type, data } = parseFact(fact.type, version, fact.data);
  return { type, version, occurredAt, data, packed: pack(fact) };
}

/**
 * What was recorded under the id of a command, or of an observation. Throws CommandIdUsed when that is another one, or on another
 * stream.
 */
export async function recordedUnder(
  log: EventLog,
  commandId: string,
  stream: string,
  command: { readonly type: string },
): Promise<readonly RecordedFact[]> {
  const recorded = await log.readCommand(stream, commandId);
  const [first] = recorded;
  if (first !== undefined) {
    // Commands of earlier versions left no mark.
    if (first.command !== undefined && first.command.digest !== markOf(command).digest)
      throw new CommandIdUsed(commandId, first);
    return recorded;
  }
  const elsewhere = await log.commandElsewhere(stream, commandId);
  const [other] = elsewhere === undefined ? [] : await log.readCommand(elsewhere, commandId);
  if (other !== undefined) throw new CommandIdUsed(commandId, other);
  return [];
}

/** The facts of a command that was appended before: who cannot read them now must not hear that there are none. */
export async function factsKept(
  log: EventLog,
  commandId: string,
  stream: string,
  command: { readonly type: string },
): Promise<readonly RecordedFact[]> {
  try {
    return await recordedUnder(log, commandId, stream, command);
  } catch (error) {
    throw error instanceof LogError ? unsettled(error) : error;
  }
}
