/** The second way to the ledger: NATS. */
import { natsLedger } from '@apledger/agent/nats-ledger';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, register, startLedger } from '../ledger/support.ts';
import { scratch } from '../support/file.ts';
import { type NatsServer, natsProgram, startNats } from '../support/nats.ts';

const program = natsProgram();
const AGENT = '11111111-1111-4111-8111-111111111111';
const AT = '2026-03-01T09:00:00.000Z';
const ID = '0198a7b1-0000-7000-8000-000000000001';

describe.skipIf('missing' in program)('an agent over NATS', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNats({ program });
  });
  afterAll(() => server.dispose());

  it('says hello, sends what it saw, hears of a command, and settles it', async () => {
    const service = await startLedger('--data', scratch(), '--nats', server.url);
    const nc = await connect({ servers: server.url });
    const ledger = natsLedger({ server: { servers: server.url }, host: 'lpar1' });
    const { signal } = new AbortController();
    const who = { agent: AGENT, epoch: 1 };
    const introduction = {
      boot: 'b',
      kernel: '7.3.0',
      detected: [],
      missing: [],
      register: register('lpar1'),
    };
    const hello = await ledger.hello({ agent: AGENT, epoch: 0, ...introduction } as never, signal);
    expect(hello).toMatchObject({ epoch: 1, lastSequence: 0 });
    const commanded = ask(
      nc,
      'command.lpar1',
      { type: 'CreateMdev', text: AGENT },
      { 'apledger-command-id': ID },
      120_000,
    );
    const { open } = await ledger.commands(who, hello.revision, signal);
    expect(open).toMatchObject([{ request: ID }]);
    const observed = {
      ...{ epoch: 1, sequence: 1, boot: 'b', notBefore: null, notAfter: AT, settled: true, wasAway: false },
      ...{ certainty: 'none' as const, evidence: [] },
    };
    const outcome = { request: ID, outcome: 'done' as const, explanation: 'Written.' };
    const facts = [
      { type: 'HostObserved', data: observed } as const,
      { type: 'CommandSettled', data: outcome } as const,
    ];
    const commit = { sequence: 1, occurredAt: AT, actor: 'unattributed', facts };
    expect(await ledger.observe(who, [commit], signal)).toMatchObject({ lastSequence: 1 });
    expect(await commanded).toMatchObject({ reply: { settlement: { outcome: 'done' } } });
    await expect(ledger.observe({ ...who, epoch: 2 }, [commit], signal)).rejects.toThrow(
      /is watched by agent/,
    );
    const types: string[] = [];
    for await (const { type } of ledger.facts(1000, signal)) types.push(type);
    expect(types).toContain('CommandSettled');
    await ledger.close();
    await nc.close();
    service.signal('SIGTERM');
    expect(await service.ended()).toBe(0);
  });
});
