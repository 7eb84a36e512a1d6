/** `apledger agent`: the command line of the agent. */
import { command, Failure } from '@apledger/command-line';

const root = (dir: string) =>
  ({ type: 'string', value: 'dir', description: `read this instead of ${dir}`, default: dir }) as const;

export const agentCommand = command({
  name: 'agent',
  summary: 'watch this host and carry out its commands: what happens here is sent to a ledger',
  options: {
    host: { type: 'string', value: 'name', description: 'name of this host in the ledger', required: true },
    ledger: { type: 'string', value: 'url', description: 'the ledger service', required: true },
    sysfs: root('/sys'),
    proc: root('/proc'),
    etc: root('/etc'),
    dev: root('/dev'),
    run: root('/run'),
  },
  examples: ['apledger agent --host zlp1 --ledger https://ledger.example:8642'],
  run: async () => {
    throw new Failure(2, 'agent: nothing is carried out yet');
  },
});
