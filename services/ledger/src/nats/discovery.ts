/** Discovery within what a message of the broker holds: one answer tells of all endpoints, and its size is nobody's choice who asks. */
import { SERVICE_ROOT } from '@apledger/messages';
import { BrokerError } from '@apledger/nats';
import { errorText } from '@apledger/text';
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { type Endpoint, TOO_LONG } from './endpoint.ts';

/** What an answer holds beside its endpoints. */
const FRAME_BYTES = 1024;
/** Of one endpoint in `$SRV.STATS`, with a kind of error or two. */
const STATS_BYTES = 320;

type Metadata = Readonly<Record<string, string>>;
type Described = Pick<Endpoint, 'group' | 'name' | 'subject' | 'metadata'>;

/**
 * The metadata of each endpoint, so that all fit into one message: the longest schemas are left out first, and the descriptions stay.
 * Throws BrokerError when not even these fit.
 */
export function metadataWithin(
  endpoints: readonly Described[],
  maxPayload: number,
  place: string,
): readonly Metadata[] {
  const room = maxPayload - FRAME_BYTES;
  const lengths = endpoints.flatMap(({ metadata }) => schemasIn(metadata).map(([, text]) => text.length));
  const limits = [...new Set([Number.POSITIVE_INFINITY, ...lengths, 0])].sort((a, b) => b - a);
  const least = Math.max(sizeOf(endpoints, 0), endpoints.length * STATS_BYTES);
  const limit = limits.find((each) => sizeOf(endpoints, each) <= room);
  if (limit === undefined || least > room)
    throw new BrokerError(
      'refused',
      `a message of this broker holds ${maxPayload} bytes (max_payload), and the answers to discovery take ${least + FRAME_BYTES}`,
      { place, remedy: 'raise max_payload in the configuration of the broker; its own default is 1 MB' },
    );
  return endpoints.map(({ metadata }) => shortened(metadata, limit));
}

const schemasIn = (metadata: Metadata): [name: string, text: string][] =>
  Object.entries(metadata).filter(([name]) => name.endsWith('_schema'));

/** Without the schemas that are longer than the limit; 0: without a word of why. */
function shortened(metadata: Metadata, limit: number): Metadata {
  const short = schemasIn(metadata).map(([name, text]) => [name, text.length <= limit ? text : TOO_LONG]);
  const { description = '' } = metadata;
  return limit === 0 ? { description } : { description, ...Object.fromEntries(short) };
}

const sizeOf = (endpoints: readonly Described[], limit: number): number =>
  Buffer.byteLength(
    JSON.stringify(
      endpoints.map(({ group, name, subject, metadata }) => ({
        name,
        subject: `${SERVICE_ROOT}.${group}.${subject}`,
        metadata: shortened(metadata, limit),
        queue_group: 'q',
      })),
    ),
  );

/**
 * The connection for the library, which answers discovery by itself: what cannot be sent, since the broker has come to take less, would end
 * the process. Who asks is told so, and so is the operator.
 */
export function forDiscovery(connection: NatsConnection, report: (line: string) => void): NatsConnection {
  const subscribe: NatsConnection['subscribe'] = (subject, options = {}) => {
    const { callback } = options;
    if (callback === undefined || !subject.startsWith('$SRV.')) return connection.subscribe(subject, options);
    return connection.subscribe(subject, {
      ...options,
      callback: (error, message) => callback(error, error ? message : surelyAnswered(message, report)),
    });
  };
  return withMethods(connection, { subscribe });
}

const surelyAnswered = (message: Msg, report: (line: string) => void): Msg =>
  withMethods(message, {
    respond: (data, options) => {
      try {
        return message.respond(data, options);
      } catch (error) {
        const reason = errorText(error);
        report(`${message.subject}: the answer could not be sent: ${reason}`);
        const notice = headers();
        notice.set('Nats-Service-Error', `reply-too-large: ${reason}`);
        notice.set('Nats-Service-Error-Code', '413');
        return message.respond('', { headers: notice });
      }
    },
  });

/** The object, some of whose methods are others. */
function withMethods<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      const member: unknown = Reflect.get(Object.hasOwn(methods, name) ? methods : target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
