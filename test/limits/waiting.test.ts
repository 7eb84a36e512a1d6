/** Appends that wait are bounded: one more is refused at once, and takes nothing from those before it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Appended,
  type EventLog,
  openJetStreamLog,
  openKurrentLog,
  openSqliteLog,
  WrongExpectedRevision,
} from '@apledger/event-log';
import { commit } from '@apledger/event-log/contract/support';
import { describe, expect, it } from 'vitest';
import { FakeKurrentDB } from '../fakes/kurrentdb/server.ts';
import { natsProgram, startNats } from '../support/nats.ts';

const MAX_WAITING = 65_536;
const program = natsProgram();

/**
 * Appends in one turn as many as may wait, and one more. Those that wait are of writers who are wrong about the end of
 * the stream: the log answers them all from one look at it.
 */
async function overload(log: EventLog): Promise<void> {
  const wrong = commit('host-a', 7);
  const append = async (commandId: string): Promise<Appended> => log.append({ ...wrong, commandId });
  const ids = Array.from(
    { length: MAX_WAITING },
    (_, n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  );
  const waiting = Promise.allSettled(ids.map(append));
  await expect(append(wrong.commandId)).rejects.toMatchObject({ name: 'LogError', code: 'overloaded' });
  const answers = await waiting;
  expect(
    answers.every((each) => each.status === 'rejected' && each.reason instanceof WrongExpectedRevision),
  ).toBe(true);
  await log.append(commit('host-a', 'none'));
  await log.close();
}

describe('65,536 appends wait, and one more is refused', () => {
  it('by the log in SQLite', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'apledger-waiting-'));
    await overload(await openSqliteLog({ directory }));
    rmSync(directory, { recursive: true });
  });

  it.skipIf('missing' in program)('by the log in JetStream', async () => {
    const server = await startNats({ program });
    await overload(await openJetStreamLog({ servers: server.url }));
    await server.dispose();
  });

  it('by the log in KurrentDB', async () => {
    const fake = await new FakeKurrentDB().start();
    await overload(await openKurrentLog({ connectionString: fake.connectionString() }));
    await fake.stop();
  });
});
