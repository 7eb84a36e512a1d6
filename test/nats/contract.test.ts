import { openJetStreamLog } from '@apledger/event-log';
import { describeEventLog, describeRivalHandles } from '@apledger/event-log/contract';
import { afterAll, beforeAll, describe } from 'vitest';
import {
  type NatsProgram,
  type NatsServer,
  natsProgram,
  newestNats,
  startNats,
  startNatsCluster,
} from '../support/nats.ts';

/** Runs the contract on servers that all of its tests share; each test has a log of its own name on them. */
function describeOn(
  title: string,
  program: NatsProgram,
  replicas: 1 | 3,
  contract: typeof describeEventLog = describeEventLog,
): void {
  const isMissing = 'missing' in program;
  const version = isMissing ? program.missing : `nats-server ${program.version}`;
  describe.skipIf(isMissing)(`${title}, ${version}`, () => {
    let servers: readonly NatsServer[] = [];
    let logs = 0;
    beforeAll(async () => {
      servers = replicas === 3 ? await startNatsCluster(program) : [await startNats({ program })];
    });
    afterAll(() => Promise.all(servers.map((server) => server.dispose())));

    contract('the log in JetStream', {
      begin: async () => {
        logs += 1;
        const name = `test-${logs}`;
        const addresses = servers.map((server) => server.url);
        const options = { servers: addresses, name, replicas };
        return { open: () => openJetStreamLog(options), recipe: { opener: 'openJetStreamLog', options } };
      },
      manyHandles: true,
      manyProcesses: true,
    });
  });
}

describeOn('one server', natsProgram(), 1);
describeOn('a cluster of three', natsProgram(), 3);
describeOn('one server', newestNats(), 1);
describeOn('a cluster of three', newestNats(), 3, describeRivalHandles);
