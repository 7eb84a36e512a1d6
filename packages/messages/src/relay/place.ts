/**
 * How far the relay has got, by what it knows itself: the place that it noted when the broker acknowledged it, and behind that the messages
 * that are, whole and in the log's order, what it would publish next. What a message claims of itself decides nothing: anyone who may publish
 * on the facts' subjects can claim the newest fact's id, hash and position.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type EventLog, factAtPosition, makePrivateDirectory, type RecordedFact } from '@apledger/event-log';
import { BrokerError } from '@apledger/nats';
import type { StreamInfo } from '@nats-io/jetstream';
import { STREAM_NAME } from '../subjects.ts';

/** The fact at `position` is the message `sequence`, and all facts before it are in messages before it. */
export interface Place {
  readonly position: number;
  readonly sequence: number;
}

/** A place, bound to the stream and to the log that it is of. */
interface NotedPlace extends Place {
  /** When the stream was created, as the broker says: one that was deleted and made again has another time. */
  readonly created: string;
  /** The log's, of the fact at the position. */
  readonly hash: string;
}

/** Where a relay notes its place. */
export interface PlaceNote {
  /** Undefined when there is none, or none that can be read. */
  read(): NotedPlace | undefined;
  /** Never fails: without the note the next relay reads the stream from its start. */
  write(place: NotedPlace): void;
}

/** For as long as the process lives. */
export function noteInMemory(): PlaceNote {
  let noted: NotedPlace | undefined;
  return {
    read: () => noted,
    write: (place) => {
      noted = place;
    },
  };
}

/** Name of the file in a data directory; streams have no dots or slashes in their names. */
export const noteName = (stream: string = STREAM_NAME): string => `relay-${stream}.json`;

/** In a file that only its owner may read and write. */
export function noteInFile(path: string): PlaceNote {
  return {
    read() {
      try {
        const { position, sequence, created, hash } = JSON.parse(readFileSync(path, 'utf8'));
        const isPlace = [position, sequence].every((n) => Number.isSafeInteger(n) && n >= 0);
        return isPlace && typeof created === 'string' && typeof hash === 'string'
          ? { position, sequence, created, hash }
          : undefined;
      } catch {
        return undefined;
      }
    },
    write(place) {
      try {
        makePrivateDirectory(dirname(path));
        writeFileSync(`${path}.new`, JSON.stringify(place), { mode: 0o600 });
        renameSync(`${path}.new`, path);
      } catch {
        // a directory that cannot be written: the place is found again by reading the stream
      }
    },
  };
}

/** A message of the stream, as far as it is compared. */
export interface StoredMessage {
  readonly sequence: number;
  /** Whether it is the message of this fact, in every byte that the relay makes. */
  readonly isOf: (fact: RecordedFact) => Promise<boolean>;
  /** The fact that it claims to be. */
  readonly claim: { readonly id: string; readonly hash: string; readonly position: number } | undefined;
}

/**
 * The place that was noted, when it is of this stream and this log. Throws BrokerError `other-log` when the log does not have what was
 * published from it: that is known by the relay itself, and no claim.
 */
export async function trustedPlace(
  note: PlaceNote,
  { created, state }: StreamInfo,
  log: EventLog,
): Promise<Place | undefined> {
  const noted = note.read();
  if (noted === undefined || noted.created !== created || noted.sequence > state.last_seq) return undefined;
  const { position, sequence, hash } = noted;
  if (position === 0) return { position, sequence };
  if ((await factAtPosition(log, position))?.hash === hash) return { position, sequence };
  throw new BrokerError(
    'other-log',
    `the fact at position ${position} that was published is not in this log: it is another log, or it was replaced by an older copy. Name another stream, or bring back the log`,
  );
}

/**
 * Goes through the messages behind the place, and moves it on with every one that is the fact that comes next. Throws BrokerError
 * `other-log` for a stream without a place that holds facts of which none is the log's.
 */
export async function followed(
  log: EventLog,
  place: Place | undefined,
  messages: AsyncIterable<StoredMessage>,
  stream: string,
): Promise<Place> {
  let { position, sequence } = place ?? { position: 0, sequence: 0 };
  let strange: StoredMessage['claim'];
  let facts = log.readAll({ after: position })[Symbol.asyncIterator]();
  let next = await facts.next();
  let isFirst = place === undefined;
  for await (const message of messages) {
    if (isFirst && message.sequence > 1) {
      // The broker has dropped the oldest messages: what it has begins with this fact.
      const begin = await positionIn(log, message.claim);
      if (begin === undefined) continue;
      facts = log.readAll({ after: begin - 1 })[Symbol.asyncIterator]();
      next = await facts.next();
    }
    isFirst = false;
    if (next.done !== true && (await message.isOf(next.value))) {
      ({ position } = next.value);
      ({ sequence } = message);
      next = await facts.next();
    } else strange ??= message.claim;
  }
  if (place !== undefined || position > 0 || strange === undefined) return { position, sequence };
  throw new BrokerError(
    'other-log',
    `stream ${stream} has fact ${strange.id} at position ${strange.position}, and none of this log: the stream is of another log, or the log was replaced by an older copy. Name another stream, or bring back the log`,
  );
}

async function positionIn(log: EventLog, claim: StoredMessage['claim']): Promise<number | undefined> {
  if (claim === undefined) return undefined;
  const fact = await factAtPosition(log, claim.position);
  return fact?.id === claim.id && fact.hash === claim.hash ? claim.position : undefined;
}
