/** One fact by its place. */
import type { EventLog, RecordedFact } from './port.ts';

/** The fact of a stream at a revision; undefined when it has none there. Throws LogError. */
export async function factAt(
  log: Pick<EventLog, 'readStream'>,
  stream: string,
  revision: number,
): Promise<RecordedFact | undefined> {
  for await (const fact of log.readStream(stream, { from: revision, to: revision })) return fact;
  return undefined;
}

/** The fact of the log at a position; undefined when there is none. Throws LogError. */
export async function factAtPosition(
  log: Pick<EventLog, 'readAll'>,
  position: number,
): Promise<RecordedFact | undefined> {
  for await (const fact of log.readAll({ after: position - 1, upTo: position })) return fact;
  return undefined;
}
