/** What the tests of the KurrentDB log run against: the fake, or the real cluster that KURRENTDB_URL names. */

import { randomUUID } from 'node:crypto';
import { type EventLog, type KurrentOptions, openKurrentLog } from '@apledger/event-log';
import type { StoreUnderTest } from '@apledger/event-log/contract';
import { FakeKurrentDB } from '../fakes/kurrentdb/server.ts';

const real = process.env.KURRENTDB_URL;

/** As infra/kurrentdb/compose.yaml sets it: by default a server takes a mebibyte, which is less than a fact may have. */
const MAX_APPEND_SIZE = 15 * 1024 * 1024;

/** Said in the name of the suite, so that nobody mistakes one for the other. */
export const UNDER_TEST =
  real === undefined ? 'THE FAKE, not a KurrentDB' : `a real KurrentDB (KURRENTDB_URL)`;

/** A store that nothing else writes to: a fake of its own, or streams under a prefix of their own. */
export async function beginStore(): Promise<StoreUnderTest> {
  const fake =
    real === undefined ? await new FakeKurrentDB({ maxAppendSize: MAX_APPEND_SIZE }).start() : undefined;
  const options = {
    connectionString: real ?? fake?.connectionString() ?? '',
    prefix: `test${randomUUID()}-`,
  };
  return {
    open: () => openKurrentLog(options),
    dispose: async () => fake?.stop(),
    recipe: { opener: 'openKurrentLog', options },
  };
}

/** A log that loses patience soon. */
export function openFast(options: KurrentOptions): Promise<EventLog> {
  return openKurrentLog({ patienceMs: 500, deadlineMs: 5_000, ...options });
}
