/** The store directory of a nats-server 2.9.10 that holds a log of commit 8057e45, under the server of today. */
import { type EventLog, openJetStreamLog } from '@apledger/event-log';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { type NatsServer, natsProgram, startNats } from '../support/nats.ts';
import { itGoesOn, itReadsAsBefore } from './as-before.ts';
import { answersOf, unpacked } from './support.ts';

const program = natsProgram();
const version = 'missing' in program ? program.missing : `nats-server ${program.version}`;

describe.skipIf('missing' in program)(`a JetStream log of 8057e45 (${version})`, () => {
  const answers = answersOf('jetstream');
  const logs: EventLog[] = [];
  let server: NatsServer;

  beforeAll(async () => {
    server = await startNats({ program, folder: unpacked('jetstream') });
  });
  afterEach(async () => {
    for (const log of logs.splice(0)) await log.close();
  });
  afterAll(() => server.dispose());

  async function open(): Promise<EventLog> {
    const log = await openJetStreamLog({ servers: server.url });
    logs.push(log);
    return log;
  }

  itReadsAsBefore(answers, open);
  itGoesOn(answers, open, open);
});
