/** An id was given for a command that had been used for another one: nothing was done. */
import type { RecordedFact } from '@apledger/event-log';
import { hostOf } from '@apledger/events';

export class CommandIdUsed extends Error {
  override readonly name = 'CommandIdUsed';

  /** `first` is the first fact that the id's command left. */
  constructor(commandId: string, first: RecordedFact) {
    const { command, stream, type, position, occurredAt } = first;
    const what = command === undefined ? `a command that left ${type}` : command.type;
    super(
      `The command id ${commandId} was used for ${what} on host ${hostOf(stream) ?? stream} (position ${position}, ${occurredAt}). Nothing was done; give another command an id of its own.`,
    );
  }
}
