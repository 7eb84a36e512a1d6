/** The contract that every log is held to, over the official client and real gRPC. */

import { describeEventLog } from '@apledger/event-log/contract';
import { vi } from 'vitest';
import { beginStore, UNDER_TEST } from './support.ts';

// The official client and the fake share this process, and spend a quarter of a millisecond on each of 100,000 facts.
vi.setConfig({ testTimeout: 240_000 });
console.log(`KurrentDB contract: running against ${UNDER_TEST}`);

describeEventLog(`the log in KurrentDB, against ${UNDER_TEST}`, {
  begin: beginStore,
  manyHandles: true,
  manyProcesses: true,
});
