/** The contract that every log is held to, over the official client and real gRPC. */

import { describeEventLog } from '@apledger/event-log/contract';
import { beginStore, UNDER_TEST } from './support.ts';

console.log(`KurrentDB contract: running against ${UNDER_TEST}`);

describeEventLog(`the log in KurrentDB, against ${UNDER_TEST}`, {
  begin: beginStore,
  manyHandles: true,
  manyProcesses: true,
});
