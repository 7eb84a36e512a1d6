/** Handlers on a real log in memory, and a clock that stands still until it is moved. */

import { type EventLog, openMemoryLog, type RecordedFact } from '@apledger/event-log';
import { type Command, streamOf } from '@apledger/events';
import { CommandHandler, type Receipt, type Submission } from './index.ts';
import { A, B, create, HOST, register } from './testing/commands.ts';

export * from './testing/commands.ts';

/** A command of the operator for the host. */
export const operator = (command: Command, more: Partial<Submission> = {}): Submission => ({
  host: HOST,
  command,
  actor: 'operator',
  ...more,
});

/** A clock that stands still until it is moved. */
export class Clock {
  now = Date.parse('2026-03-01T09:00:00.000Z');
  readonly read = (): Date => new Date(this.now);
}

export interface Scene {
  readonly log: EventLog;
  readonly handler: CommandHandler;
  readonly clock: Clock;
  submit(command: Command, more?: Partial<Submission>): Promise<Receipt>;
  /** A second handler on the same log, as another process would have. */
  another(): CommandHandler;
  recorded(): Promise<RecordedFact[]>;
}

/** A registered host with two empty mdevs; `commands` are carried out on it. */
export async function scene(...commands: readonly Command[]): Promise<Scene> {
  const log = openMemoryLog();
  const clock = new Clock();
  const handler = new CommandHandler(log, { now: clock.read });
  for (const command of [register(), create(A), create(B), ...commands])
    await handler.submit(operator(command));
  return {
    log,
    handler,
    clock,
    submit: (command, more) => handler.submit(operator(command, more)),
    another: () => new CommandHandler(log, { now: clock.read }),
    recorded: () => all(log.readStream(streamOf(HOST))),
  };
}

/** Everything that comes, in order. */
export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}
