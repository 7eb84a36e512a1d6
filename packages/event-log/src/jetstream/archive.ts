/**
 * The JetStream stream that holds a log: made so that nothing in it ever goes away by itself or by mistake.
 *
 * Old servers silently accept options that they do not know, so what counts is the configuration that they echo.
 */

import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { LogError } from '../errors.ts';
import type { Broker } from './broker.ts';
import type { Names } from './names.ts';

/** So long the server itself recognizes a message that is sent again; after it, the adapter does (writer.ts). */
const DUPLICATE_WINDOW_MS = 120_000;

type Config = Readonly<Record<string, unknown>>;

/** What a log needs of its stream. `-1` and `0` mean: no limit. */
function needs(names: Names): Partial<StreamConfig> {
  return {
    subjects: [names.all],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New, // a full stream refuses; it never drops what is old
    max_msgs: -1,
    max_msgs_per_subject: -1,
    max_age: 0,
    max_msg_size: -1,
    deny_delete: true,
    deny_purge: true,
  };
}

/** Finds the stream, or makes it. Throws LogError: `other-configuration`, `denied`, `unreachable`, … */
export async function openArchive(broker: Broker, names: Names, replicas?: number): Promise<void> {
  const info = (await find(broker, names)) ?? (await create(broker, names, replicas ?? 1));
  const differences = differencesOf(info, {
    ...needs(names),
    ...(replicas === undefined ? {} : { num_replicas: replicas }),
  });
  for (const borrowed of ['mirror', 'sources']) if (borrowed in info) differences.push(`it has ${borrowed}`);
  if (info.sealed === true) differences.push('it is sealed');
  if (differences.length === 0) return;
  const reason = `the stream ${names.archive} is not kept as a log must be: ${differences.join('; ')}`;
  throw new LogError('other-configuration', broker.path, reason);
}

async function find(broker: Broker, names: Names): Promise<Config | undefined> {
  return broker.ask(async (manager) => {
    try {
      return { ...(await manager.streams.info(names.archive)).config };
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
        return undefined;
      throw error;
    }
  });
}

async function create(broker: Broker, names: Names, replicas: number): Promise<Config> {
  const config = {
    ...needs(names),
    name: names.archive,
    num_replicas: replicas,
    max_bytes: -1,
    max_consumers: -1,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
  };
  return broker.ask(async (manager) => ({ ...(await manager.streams.add(config)).config }));
}

function differencesOf(found: Config, needed: Config): string[] {
  return Object.entries(needed)
    .filter(([key, value]) => JSON.stringify(found[key] ?? false) !== JSON.stringify(value))
    .map(
      ([key, value]) =>
        `${key} is ${JSON.stringify(found[key] ?? false)}, needed is ${JSON.stringify(value)}`,
    );
}
