/** The JetStream stream that the relay fills: what it must be like, and what is in it. */
import { BrokerError, type Link } from '@apledger/nats';
import { errorText } from '@apledger/text';
import {
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { FactMessage } from '../cloud-event.ts';
import { PUBLISHED_SUBJECTS } from '../subjects.ts';
import type { StoredMessage } from './place.ts';

/** Within this time the broker itself drops a message that it has already. */
const DUPLICATE_WINDOW_MS = 120_000;

/** Messages that are fetched at once, and how long a question to the broker may take. */
const AT_ONCE = 1000;
const REQUEST_MS = 5000;
/** After so much silence of a consumer that has more to bring, reading is given up; the relay begins again. */
const SILENCE_MS = 10_000;

/** The name is in use, the subjects are another stream's, no cluster for replicas: server/errors.json of nats-server. */
const IN_THE_WAY: ReadonlySet<number> = new Set([10058, 10060, 10065, 10074]);

export interface StreamOptions {
  readonly stream: string;
  /** On how many servers of a cluster a stream that has to be created is kept: 1, or 3 to survive the loss of one. */
  readonly replicas: number;
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
    const reason = errorText(error);
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
 * The messages behind `after` up to where the stream ended when `info` was asked for, many at a time. Throws BrokerError `unreachable` when
 * the connection is lost on the way, or the server brings nothing more, as a replica that lags does.
 */
export async function* messagesBehind(
  link: Link,
  { config, state }: StreamInfo,
  after: number,
): AsyncGenerator<JsMsg, void, undefined> {
  if (state.messages === 0 || after >= state.last_seq) return;
  const consumer = await jetstream(link.nc, { timeout: REQUEST_MS }).consumers.get(config.name, {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: after + 1,
  });
  const waiting = await consumer.info();
  if (waiting.num_pending === 0) return;
  const messages = await consumer.consume({ max_messages: AT_ONCE });
  const stop = (): void => messages.stop();
  link.events.once('lost', stop);
  let silence = setTimeout(stop, SILENCE_MS);
  try {
    for await (const message of messages) {
      clearTimeout(silence);
      if (message.seq <= state.last_seq) yield message;
      if (message.seq >= state.last_seq || message.info.pending === 0) return;
      silence = setTimeout(stop, SILENCE_MS);
    }
    throw link.broken ?? new BrokerError('unreachable', 'the stream could not be read to its end');
  } finally {
    clearTimeout(silence);
    link.events.off('lost', stop);
    stop();
  }
}

/** The fact that a message claims to be. Facts and letters about them carry the same three headers. */
export function claimOf({ headers }: JsMsg): StoredMessage['claim'] {
  const position = Number(headers?.get('ce-position'));
  const id = headers?.get('ce-id') ?? '';
  const hash = headers?.get('ce-hash') ?? '';
  return Number.isSafeInteger(position) && position > 0 && id !== '' && hash !== ''
    ? { position, id, hash }
    : undefined;
}

/** Whether a message is this one in all that the relay makes: subject, body, and every header of it. */
export function isSame(message: JsMsg, wanted: FactMessage): boolean {
  if (message.subject !== wanted.subject || message.string() !== wanted.body) return false;
  return Object.entries(wanted.headers).every(([name, value]) => message.headers?.get(name) === value);
}
