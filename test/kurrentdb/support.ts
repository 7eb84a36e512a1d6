/** What the tests of the KurrentDB log run against: the fake, or the real cluster that KURRENTDB_URL names. */

import { randomUUID } from 'node:crypto';
import { type KurrentOptions, openKurrentLog } from '@apledger/event-log';
import type { StoreUnderTest } from '@apledger/event-log/contract';
import { FakeKurrentDB } from '../fakes/kurrentdb/server.ts';

const real = process.env.KURRENTDB_URL;

/** Said in the name of the suite, so that nobody mistakes one for the other. */
export const UNDER_TEST =
  real === undefined ? 'THE FAKE, not a KurrentDB' : `a real KurrentDB (KURRENTDB_URL)`;

/** A store that nothing else writes to: a fake of its own, or streams under a prefix of their own. */
export async function beginStore(): Promise<StoreUnderTest> {
  const prefix = `test${randomUUID()}-`;
  if (real !== undefined) return { open: () => openKurrentLog({ connectionString: real, prefix }) };
  const fake = await new FakeKurrentDB().start();
  return {
    open: () => openFast({ connectionString: fake.connectionString(), prefix }),
    dispose: async () => fake.stop(),
  };
}

/** A log that loses patience soon. */
export function openFast(options: KurrentOptions) {
  return openKurrentLog({ patienceMs: 500, deadlineMs: 5_000, ...options });
}
