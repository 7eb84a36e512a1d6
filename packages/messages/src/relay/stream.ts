/** The JetStream stream that the relay fills: what it must be like, and how far it has got. */
import type { EventLog } from '@apledger/event-log';
import { BrokerError } from '@apledger/nats';
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StoredMsg,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { PUBLISHED_SUBJECTS } from '../subjects.ts';

/** Within this time the broker itself drops a message that it has already. */
const DUPLICATE_WINDOW_MS = 120_000;

/** The name is in use, the subjects are another stream's, no cluster for replicas: server/errors.json of nats-server. */
const IN_THE_WAY: ReadonlySet<number> = new Set([10058, 10060, 10065, 10074]);

export interface StreamOptions {
  readonly stream: string;
  /** On how many servers of a cluster a stream that has to be created is kept: 1, or 3 to survive the loss of one. */
  readonly replicas: number;
}

/** How far the facts of the log have got: the fact at `position`, of everything up to `sequence`. */
export interface Checkpoint {
  /** Sequence number of the last message in the stream, 0 when it never had one. */
  readonly sequence: number;
  /** Position in the log of the last fact in the stream, 0 when it has none. */
  readonly position: number;
}

/** The stream, created if it is missing. Throws BrokerError `other-configuration` when it could lose or mix up facts. */
export async function openStream(manager: JetStreamManager, options: StreamOptions): Promise<StreamInfo> {
  const found = await infoOf(manager, options.stream);
  if (found === undefined) return create(manager, options);
  if (isOfOlder(found.config)) return widen(manager, found.config);
  const problems = problemsOf(found.config);
  if (problems.length === 0) return found;
  throw new BrokerError(
    'other-configuration',
    `stream ${options.stream} exists with another configuration: ${problems.join('; ')}. Change it, or name another stream`,
  );
}

/** The subjects of a stream that an older relay made, when there were facts of hosts only. */
const OLDER_SUBJECTS = PUBLISHED_SUBJECTS.filter((subject) => !subject.startsWith('apledger.v1.ledger.'));

const isOfOlder = ({ subjects }: StreamConfig): boolean =>
  subjects.length === OLDER_SUBJECTS.length && OLDER_SUBJECTS.every((subject) => subjects.includes(subject));

async function widen(manager: JetStreamManager, { name }: StreamConfig): Promise<StreamInfo> {
  try {
    return await manager.streams.update(name, { subjects: [...PUBLISHED_SUBJECTS] });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BrokerError(
      'other-configuration',
      `stream ${name} was made by an older relay, and may not be changed by this user (${reason}). Let an operator widen it: nats stream edit ${name} ${PUBLISHED_SUBJECTS.map((subject) => `--subjects '${subject}'`).join(' ')}`,
      { cause: error },
    );
  }
}

async function create(manager: JetStreamManager, options: StreamOptions): Promise<StreamInfo> {
  try {
    return await manager.streams.add(configuration(options));
  } catch (error) {
    if (!(error instanceof JetStreamApiError && IN_THE_WAY.has(error.code))) throw error;
    const message = `stream ${options.stream} cannot be created: ${error.message}. See which streams there are: nats stream ls`;
    throw new BrokerError('other-configuration', message, { cause: error });
  }
}

async function infoOf(manager: JetStreamManager, stream: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(stream);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
      return undefined;
    throw error;
  }
}

const configuration = ({ stream, replicas }: StreamOptions): Partial<StreamConfig> & { name: string } => ({
  name: stream,
  description: 'facts of apledger, one message each, in the order of the log',
  subjects: [...PUBLISHED_SUBJECTS],
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  num_replicas: replicas,
  duplicate_window: nanos(DUPLICATE_WINDOW_MS),
});

/** What is wrong with a stream; how large it may get, where it lies and how often is the operator's business. */
function problemsOf(config: StreamConfig): readonly string[] {
  const problems = PUBLISHED_SUBJECTS.filter(
    (subject) => !config.subjects.some((each) => covers(each, subject)),
  ).map((subject) => `it does not capture ${subject}`);
  if (config.storage !== StorageType.File) problems.push('it is kept in memory, not in files');
  if (config.retention !== RetentionPolicy.Limits)
    problems.push(`its retention is ${config.retention}, not limits`);
  // Without its last message nobody knows where the relay has got to.
  if (config.max_age > 0) problems.push('it drops messages by their age (max_age)');
  if (config.max_msgs_per_subject > 0)
    problems.push('it limits the messages of a subject (max_msgs_per_subject)');
  if (config.no_ack) problems.push('it acknowledges nothing (no_ack)');
  return problems;
}

/** Whether `wide`, which may end in `>`, captures all of `narrow`. */
const covers = (wide: string, narrow: string): boolean =>
  wide === narrow || (wide.endsWith('>') && narrow.startsWith(wide.slice(0, -1)));

/**
 * Where to go on: after the fact whose message is the last one of ours. So the stream is its own checkpoint, which can neither be lost
 * without the facts nor be ahead of them. Throws BrokerError `other-log` when the log does not have that fact.
 */
export async function checkpointOf(
  manager: JetStreamManager,
  { config, state }: StreamInfo,
  log: EventLog,
): Promise<Checkpoint> {
  const sequence = state.last_seq;
  const first = state.messages === 0 ? sequence + 1 : state.first_seq;
  for (let at = sequence; at >= first; at--) {
    const message = await manager.streams.getMessage(config.name, { seq: at });
    const place = message === null ? undefined : placeOf(message);
    if (place === undefined) continue; // deleted, or somebody else's
    await checkInLog(log, place, config.name);
    return { sequence, position: place.position };
  }
  return { sequence, position: 0 };
}

interface StoredFact {
  readonly position: number;
  readonly id: string;
  readonly hash: string;
}

/** Facts and letters about them carry the same three headers. */
function placeOf({ header }: StoredMsg): StoredFact | undefined {
  const position = Number(header.get('ce-position'));
  const id = header.get('ce-id');
  const hash = header.get('ce-hash');
  return Number.isSafeInteger(position) && position > 0 && id !== '' && hash !== ''
    ? { position, id, hash }
    : undefined;
}

async function checkInLog(log: EventLog, place: StoredFact, stream: string): Promise<void> {
  for await (const fact of log.readAll({ after: place.position - 1, upTo: place.position }))
    if (fact.id === place.id && fact.hash === place.hash) return;
  throw new BrokerError(
    'other-log',
    `stream ${stream} ends with fact ${place.id} at position ${place.position}, which this log does not have: the stream is of another log, or the log was replaced by an older copy. Name another stream, or bring back the log`,
  );
}
