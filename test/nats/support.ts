/** What the tests of faults share: servers and logs that end with their test. */

import { type EventLog, type LogErrorCode, openJetStreamLog } from '@apledger/event-log';
import { expect } from 'vitest';
import { atEndOfTest } from '../support/file.ts';
import { type NatsServer, type NatsServerOptions, natsProgram, startNats } from '../support/nats.ts';

export const program = natsProgram();
export const isMissing = 'missing' in program;
/** For titles: which server it is, or why there is none. */
export const version = 'missing' in program ? program.missing : `nats-server ${program.version}`;

/** What a LogError of a code looks like, whose message matches. */
export const refusal = (code: LogErrorCode, words: string | RegExp) => ({
  name: 'LogError',
  code,
  message: expect.stringMatching(words),
  remedy: expect.stringMatching(/\w/),
});

/** A server of the running test. */
export async function serve(options: Partial<NatsServerOptions> = {}): Promise<NatsServer> {
  const server = await startNats({ program, ...options });
  atEndOfTest(() => server.dispose());
  return server;
}

/** A log of the running test. */
export async function open(options: Parameters<typeof openJetStreamLog>[0]): Promise<EventLog> {
  const log = await openJetStreamLog(options);
  atEndOfTest(() => log.close());
  return log;
}
