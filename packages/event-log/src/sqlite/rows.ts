/** One row of `commits` as facts. What is read is checked as strictly as what is written: nothing is skipped. */

import type { SQLOutputValue } from 'node:sqlite';
import { uuidOf } from '../as-text.ts';
import { parseEnvelopes } from '../envelopes.ts';
import { LogError } from '../errors.ts';
import type { RecordedFact } from '../port.ts';
import type { Envelope } from '../seal.ts';

export const HASH_BYTES = 32;

/** Where a commit lies; `position` and `revision` are those of its last fact. */
export interface CommitPlace {
  readonly position: number;
  readonly stream: number;
  readonly revision: number;
  readonly count: number;
}

export type Row = Readonly<Record<string, SQLOutputValue>>;

const COMMAND_BYTES = 16;
/** The place columns of a row. Throws LogError `corrupted`. */
export function placeOf(row: Row, path: string): CommitPlace {
  const { position, stream, revision, count } = row;
  if (typeof position !== 'number' || typeof stream !== 'number')
    throw broken(path, row, 'no position or stream');
  if (typeof revision !== 'number' || typeof count !== 'number')
    throw broken(path, row, 'no revision or count');
  if (count < 1 || count > position || count > revision + 1)
    throw broken(path, row, `${count} facts cannot be`);
  return { position, stream, revision, count };
}

/** The facts of a row of `commits`, oldest first. Throws LogError `corrupted`, naming the row's positions. */
export function factsOf(row: Row, streamName: string, path: string): readonly RecordedFact[] {
  const place = placeOf(row, path);
  const { hashes, command, body } = row;
  if (!(hashes instanceof Uint8Array) || hashes.length !== place.count * HASH_BYTES) {
    throw broken(path, row, 'the hashes are not those of its facts');
  }
  if (!(command instanceof Uint8Array) || command.length !== COMMAND_BYTES)
    throw broken(path, row, 'no command');
  const cause = uuidOf(command);
  const firstRevision = place.revision - place.count + 1;
  const frame = { stream: streamName, firstRevision, count: place.count, cause };
  const envelopes = parseEnvelopes(typeof body === 'string' ? body : '', frame);
  if (typeof envelopes === 'string') throw broken(path, row, envelopes);
  const hex = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.length).toString('hex');
  return envelopes.map((envelope, index) => {
    const fact = envelope as Envelope & { position: number; hash: string };
    fact.position = place.position - place.count + 1 + index;
    fact.hash = hex.slice(index * 2 * HASH_BYTES, (index + 1) * 2 * HASH_BYTES);
    return fact;
  });
}

/** The error for a row that cannot have been written so; it names the run of positions that is lost. */
export function broken(path: string, row: Row, reason: string): LogError {
  const last = typeof row.position === 'number' ? row.position : 0;
  const count = typeof row.count === 'number' ? row.count : 1;
  const position = count >= 1 && count <= last ? last - count + 1 : last;
  return new LogError('corrupted', path, `the commit at position ${position}: ${reason}`, {
    position,
    lastPosition: last,
  });
}
