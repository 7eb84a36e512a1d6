import { describeEventLog } from './contract.ts';
import { openMemoryLog } from './memory.ts';

describeEventLog('the log in memory', {
  begin: async () => ({ open: async () => openMemoryLog() }),
  manyHandles: false,
  manyProcesses: false,
});
