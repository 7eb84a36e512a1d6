/** The events of a log of commit 8057e45, in the fake of a KurrentDB. */
import { type EventLog, openKurrentLog } from '@apledger/event-log';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { FakeKurrentDB } from '../fakes/kurrentdb/server.ts';
import { Store } from '../fakes/kurrentdb/store.ts';
import { itGoesOn, itReadsAsBefore } from './as-before.ts';
import { answersOf, content } from './support.ts';

interface Dumped {
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: string;
  readonly metadata: string;
}

/** A database with the dumped events at the positions that they had. */
async function loaded(): Promise<Store> {
  const store = new Store();
  for (const line of content('kurrentdb.jsonl').toString().split('\n')) {
    const event: Dumped = JSON.parse(line);
    const { stream, revision, id, type, contentType } = event;
    const [data, metadata] = [Buffer.from(event.data), Buffer.from(event.metadata)];
    const expected = revision === 0 ? 'no_stream' : revision - 1;
    await store.append(stream, expected, [{ id, type, contentType, data, metadata }]);
  }
  return store;
}

describe('a KurrentDB log of 8057e45 (in THE FAKE, not a KurrentDB)', () => {
  const answers = answersOf('kurrentdb');
  const logs: EventLog[] = [];
  let fake: FakeKurrentDB;

  beforeAll(async () => {
    fake = new FakeKurrentDB({ store: await loaded() });
    await fake.start();
  });
  afterEach(async () => {
    for (const log of logs.splice(0)) await log.close();
  });
  afterAll(() => fake.stop());

  async function open(): Promise<EventLog> {
    const log = await openKurrentLog({ connectionString: fake.connectionString() });
    logs.push(log);
    return log;
  }

  itReadsAsBefore(answers, open);
  itGoesOn(answers, open, open);
});
