/** Where in the stream to begin: found by bisection, as its messages are in the order of their positions and times of recording. */

import type { JetStreamManager, StoredMsg, StreamInfo } from '@nats-io/jetstream';
import { subjectFilter } from '../subjects.ts';

/**
 * - `new`: facts that are published from now on. `start`: all that the stream has.
 * - `position`: facts behind this position of the log. `time`: facts that the log recorded then or later.
 */
export type From = 'new' | 'start' | { readonly position: number } | { readonly time: Date };

/** Sequence number of the first message to read. */
export async function startSequence(
  manager: JetStreamManager,
  info: StreamInfo,
  from: From,
): Promise<number> {
  const end = info.state.last_seq + 1;
  if (from === 'new') return end;
  if (from === 'start') return Math.max(info.state.first_seq, 1);
  const isBefore = beforeOf(from);
  let low = Math.max(info.state.first_seq, 1);
  let high = end;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = await factAt(manager, info.config.name, middle, high);
    if (found === undefined || !isBefore(found)) high = middle;
    else low = found.seq + 1;
  }
  return low;
}

function beforeOf(
  from: { readonly position: number } | { readonly time: Date },
): (message: StoredMsg) => boolean {
  if ('position' in from) return ({ header }) => Number(header.get('ce-position')) <= from.position;
  const time = from.time.toISOString(); // one format, so the order of the texts is the order of the times
  return ({ header }) => header.get('ce-recordedtime') < time;
}

/** The first message in `from..below-1` that has a place in the log. */
async function factAt(
  manager: JetStreamManager,
  stream: string,
  from: number,
  below: number,
): Promise<StoredMsg | undefined> {
  for (let at = from; at < below; ) {
    // The server has had both fields together since 2.9; the client's types know them from its direct API only.
    const query = { seq: at, next_by_subj: subjectFilter({}) };
    const message = await manager.streams.getMessage(stream, query);
    if (message === null || message.seq >= below) return undefined;
    if (/^\d+$/.test(message.header.get('ce-position'))) return message;
    at = message.seq + 1;
  }
  return undefined;
}
