/**
 * The messages as an AsyncAPI 3 document, for anyone who writes a client in another language: one channel for each type of fact, its
 * address the subject with its free tokens as parameters, its message the CloudEvents headers and the schema of the data.
 */
import { type FactType, factSchemas, factVersion } from '@apledger/events';
import type { TSchema } from 'typebox/type';
import { messageHeaders } from './cloud-event.ts';
import { notPublishedLetter, unreadableLetter } from './dead-letters.ts';
import { type EntityKind, isAboutCommand, PUBLISHED_SUBJECTS, STREAM_NAME } from './subjects.ts';

const ref = (path: string): object => ({ $ref: `#/${path}` });

const parameters = {
  host: { description: 'Name of a host' },
  card: { description: 'APID of an adapter, two hex digits' },
  queue: { description: 'APQN of a queue, 05-0047' },
  kind: { description: 'What it is about', enum: ['bus', 'card', 'queue', 'mdev'] },
  id: { description: 'Which one of the kind, - when there is one only' },
  subscription: { description: 'Name of a subscription, encoded like guests; - for one without a name' },
  mdev: { description: 'UUID of a mediated device, lower case' },
  guest: {
    description:
      'Name of the guest that has the mdev open, encoded as in a URL and its dots as %2E; - when nobody has, or it is not known',
  },
};

/** Which facts are about a card, one queue or an mdev follows from their fields, as in `entityOf`. */
function kindOf(type: FactType): EntityKind {
  const { properties } = factSchemas[type];
  if ('mdev' in properties) return 'mdev';
  if ('adapter' in properties) return 'card';
  return 'queue' in properties || 'queues' in properties ? 'queue' : 'bus';
}

/** The tokens between host and type, by what the fact is about. A type that may be about several kinds has them all as parameters. */
function tokensOf(type: FactType): string {
  if (isAboutCommand(type)) return '{kind}.{id}.{guest}';
  if (type === 'OnlineChanged') return '{kind}.{id}.-';
  const kind = kindOf(type);
  if (kind === 'mdev') return 'mdev.{mdev}.{guest}';
  if (kind === 'card') return 'card.{card}.-';
  if (kind === 'bus') return 'bus.-.-';
  return 'queue' in factSchemas[type].properties ? 'queue.{queue}.-' : 'queue.-.-';
}

function channel(type: FactType): object {
  const address = `apledger.v1.host.{host}.${tokensOf(type)}.${type}`;
  const names = [...address.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  return {
    address,
    description: `${type} facts, in the order of the log`,
    servers: [ref('servers/broker')],
    parameters: Object.fromEntries(names.map((name) => [name, ref(`components/parameters/${name}`)])),
    messages: { [type]: ref(`components/messages/${type}`) },
  };
}

const operation = (name: string, summary: string): object => ({
  action: 'send',
  channel: ref(`channels/${name}`),
  summary,
  messages: [ref(`channels/${name}/messages/${name}`)],
});

function message(type: FactType): object {
  const schema: TSchema & { readonly description?: string } = factSchemas[type];
  return {
    name: type,
    title: `${type}, version ${factVersion(type)}`,
    ...(schema.description === undefined ? {} : { summary: schema.description }),
    contentType: 'application/json',
    headers: ref('components/schemas/headers'),
    payload: ref(`components/schemas/${type}`),
    correlationId: { location: '$message.header#/ce-correlationid' },
  };
}

/** Letters about what could not be published or read. */
const letters = {
  FactNotPublished: {
    address: 'apledger.v1.dead.fact.{host}',
    summary: 'The relay could not publish a fact, and says why; the log has it',
    schema: notPublishedLetter,
  },
  MessageUnreadable: {
    address: 'apledger.v1.dead.message.{subscription}',
    summary: 'A subscriber could not read a message, and says why; the stream has it',
    schema: unreadableLetter,
  },
} as const;
type Letter = keyof typeof letters;

function letterChannel(name: Letter): object {
  const { address, summary } = letters[name];
  const parameter = name === 'FactNotPublished' ? 'host' : 'subscription';
  return {
    address,
    description: summary,
    servers: [ref('servers/broker')],
    parameters: { [parameter]: ref(`components/parameters/${parameter}`) },
    messages: { [name]: ref(`components/messages/${name}`) },
  };
}

const letterMessage = (name: Letter): object => ({
  name,
  title: name,
  summary: letters[name].summary,
  contentType: 'application/json',
  payload: ref(`components/schemas/${name}`),
});

const each = <K extends string>(names: readonly K[], make: (name: K) => object): object =>
  Object.fromEntries(names.map((name) => [name, make(name)]));

/** The AsyncAPI 3 document of everything that is published. */
export function asyncApiDocument(): object {
  const types = Object.keys(factSchemas) as FactType[];
  const dead = Object.keys(letters) as Letter[];
  const operationName = (name: string) => `publish${name}`;
  return {
    asyncapi: '3.0.0',
    id: 'urn:apledger:messages',
    info: {
      title: 'apledger: what happens to crypto adapters, as messages',
      version: '1.0.0',
      description: `Every fact of the log is one CloudEvent in the JetStream stream ${STREAM_NAME} (${PUBLISHED_SUBJECTS.join(', ')}), in the order of the log. See docs/messages.md.`,
      license: { name: 'Apache-2.0' },
      tags: [{ name: 'nats' }, { name: 'cloudevents' }],
    },
    defaultContentType: 'application/json',
    servers: {
      broker: { host: 'localhost:4222', protocol: 'nats', description: 'NATS with JetStream, 2.9 or newer' },
    },
    channels: { ...each(types, channel), ...each(dead, letterChannel) },
    operations: Object.fromEntries([
      ...types.map((type) => [operationName(type), operation(type, `Publish a ${type} fact`)]),
      ...dead.map((name) => [operationName(name), operation(name, letters[name].summary)]),
    ]),
    components: {
      parameters,
      messages: { ...each(types, message), ...each(dead, letterMessage) },
      schemas: {
        headers: messageHeaders,
        ...each(types, (type) => factSchemas[type]),
        ...each(dead, (name) => letters[name].schema),
      },
    },
  };
}
