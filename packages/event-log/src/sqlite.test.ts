import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeEventLog } from './contract.ts';
import { openSqliteLog } from './sqlite.ts';

describeEventLog('the log in SQLite', {
  begin: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'apledger-log-'));
    const open = () => openSqliteLog({ directory, synchronous: 'NORMAL' });
    const recipe = { opener: 'openSqliteLog', options: { directory } } as const;
    return { open, recipe, dispose: () => rm(directory, { recursive: true }) };
  },
  manyHandles: true,
  manyProcesses: true,
});
