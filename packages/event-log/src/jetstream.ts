/**
 * The log in NATS JetStream, for any number of machines: one server, or three that hold every commit (R3).
 *
 * A host's stream is a subject, a commit is one message on it, so a commit is atomic on every server, Debian's 2.9
 * included. Optimistic concurrency is the server's (writer.ts); one subject takes one append after the other, many
 * subjects take many at once. An append is acknowledged when the leader, or in R3 two of three servers, has it:
 * before the disk has synced it. On one server that compares with SQLite's NORMAL; what must survive a loss of power
 * needs R3.
 *
 * Costs: head, lastPosition 1 question. revisionAt of a position 1 for the present, else a binary search of about
 * log2(messages) questions; of a time, 2 questions more, and for each jump of a clock in the stream some searches. The first append of a process to a stream reads that stream (see writer.ts).
 *
 * Messages on the log's subjects that are no commits are passed over with a warning; commits that cannot be read
 * are LogError `corrupted`.
 */

import type { ServerOptions } from '@apledger/nats/address';
import type { EventLog } from './port.ts';

/** How to reach the servers, and which log they hold. */
export interface JetStreamLogOptions extends ServerOptions {
  /** How long an append or a reading waits for the servers, elections of a leader included; 20,000 by default. */
  readonly timeoutMs?: number;
  /** Name of the log, `apledger` by default: its JetStream stream is `<name>-log`, its subjects `<name>.log.>`. */
  readonly name?: string;
  /** Servers that hold each commit, when the log is new; one that exists must have as many, when it is given. */
  readonly replicas?: 1 | 3;
  /** The clock of this process. */
  readonly now?: () => Date;
}

/**
 * Opens the log, and makes it when it does not exist. Throws LogError: `unreachable`, `denied`,
 * `other-configuration`, `disk-full` or `io`. The client of NATS is loaded by the first call.
 */
export async function openJetStreamLog(options: JetStreamLogOptions): Promise<EventLog> {
  const { JetStreamLog } = await import('./jetstream/log.ts');
  return JetStreamLog.open(options);
}
