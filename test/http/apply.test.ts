/** `apledger apply PLAN --server URL`: a service carries the plan out, and the command follows it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { followFacts } from '@apledger/client';
import { MAX_STEPS } from '@apledger/events';
import { MAX_REQUEST_BYTES } from '@apledger/ledger';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apledger, file, inRepository, objects } from '../cli/support.ts';
import { scratch } from '../support/file.ts';
import { type HttpService, startService } from './support.ts';

const GUEST1 = '11111111-1111-4111-8111-111111111111';
const GUEST2 = '22222222-2222-4222-8222-222222222222';
const GUEST3 = '33333333-3333-4333-8333-333333333333';
const HOST = 'zlp1';
const SCRIPT = readFileSync(inRepository('examples/01-three-guests.sh'), 'utf8');

describe('apledger apply --server', () => {
  let service: HttpService;
  let data = '';
  beforeAll(async () => {
    data = scratch();
    service = await startService('--data', data);
  });
  afterAll(() => service.process.signal('SIGKILL'));

  const run = (...args: string[]) => apledger(...args, '--server', service.server);
  /** Scripts run on the log itself, beside the service. */
  const script = async (text: string): Promise<void> => {
    const ran = await apledger('run', file('script.sh', text), '--data', data);
    expect(ran, ran.err).toMatchObject({ status: 0 });
  };
  const factsOf = async (...args: string[]) => objects((await run('events', '--json', ...args)).out);
  let made = 0;
  let host = '';
  beforeEach(async () => {
    made += 1;
    host = `${HOST}-${made}`;
    await script(SCRIPT.replace(/^host zlp1 /m, `host ${host} `));
  });

  /** The plan that takes adapter 6 from guest1. */
  async function planned(): Promise<string> {
    const exported = (await run('export', host)).out;
    return plannedFor(exported.replace('adapters: [0x05, 0x06]', 'adapters: [0x05]'));
  }
  async function plannedFor(desired: string): Promise<string> {
    const plan = join(scratch(), 'tonight.plan');
    const ended = await run('plan', file('desired.yaml', desired), '--out', plan);
    expect(ended, ended.out + ended.err).toMatchObject({ status: 0 });
    return plan;
  }

  it('starts the plan, shows each step, and ends with 0; a second time nothing is done', async () => {
    const plan = await planned();
    const first = await run('apply', plan, '--id', `CHG-${made}`);
    expect(first, first.err).toMatchObject({
      status: 0,
      out: expect.stringMatching(/ {2}1\/1 {2}echo 6 > .*unassign_adapter\n.*carried-out/s),
    });
    const before = await factsOf();
    const again = await run('apply', plan, '--id', `CHG-${made}`);
    expect(again).toMatchObject({ status: 0, out: expect.stringContaining('carried-out') });
    expect(await factsOf()).toEqual(before);
  });

  it('refuses a stale plan with 2, and does nothing', async () => {
    const plan = await planned();
    await script(`host ${host}\necho 5 > /sys/devices/vfio_ap/matrix/${GUEST2}/assign_control_domain\n`);
    const before = await factsOf('--host', host);
    expect(await run('apply', plan)).toMatchObject({
      status: 2,
      err: expect.stringContaining('other matrices by now'),
    });
    expect(await factsOf('--host', host)).toEqual(before);
  });

  /** Applies, and resolves when the change has come to the state; what it ends with is a promise in the answer. */
  async function applying(plan: string, type: string, ...options: string[]) {
    const change = `CHG-${made}`;
    const ended = run('apply', plan, '--id', change, ...options);
    const end = new AbortController();
    for await (const delivery of followFacts({ server: service.server, after: 0, signal: end.signal }))
      if ('fact' in delivery && delivery.fact.stream === `change-${change}` && delivery.fact.type === type)
        end.abort();
    return { change, ended };
  }

  it('stops when somebody else changes the host meanwhile, says what differs, and ends with 1', async () => {
    const plan = join(scratch(), 'retire.plan');
    await run('procedure', 'retire-guest', 'guest2', '--host', host, '--out', plan);
    const { change, ended } = await applying(plan, 'StepStarted');
    await script(`host ${host}
      echo 5 > /sys/devices/vfio_ap/matrix/${GUEST3}/assign_control_domain
      guest stop guest2
`);
    expect(await ended).toMatchObject({
      status: 1,
      out: expect.stringMatching(/held: .*\n.*control domain/),
    });
    expect((await run('show', 'mdev', GUEST2, '--host', host)).status).toBe(0);
    expect(await run('change', 'leave', change)).toMatchObject({ status: 0 });
  });

  it('waits to be confirmed within the time, and stays or goes back', async () => {
    const before = await matrixOf(GUEST1);
    const plan = await planned();
    const first = await applying(plan, 'ConfirmationAwaited', '--confirm-within', '10m');
    expect(await run('change', 'confirm', first.change)).toMatchObject({ status: 0 });
    expect(await first.ended).toMatchObject({
      status: 0,
      out: expect.stringContaining('unless it is confirmed'),
    });
    expect(await matrixOf(GUEST1)).not.toEqual(before);

    made += 1;
    await run(
      'apply',
      await plannedFor((await run('export', host)).out.replace('adapters: [0x05]', 'adapters: [0x05, 0x06]')),
    );
    expect(await matrixOf(GUEST1)).toEqual(before);
    const second = await applying(await planned(), 'ConfirmationAwaited', '--confirm-within', '10m');
    expect(await run('change', 'back', second.change)).toMatchObject({ status: 0 });
    expect(await second.ended).toMatchObject({ status: 1, out: expect.stringContaining('going back:') });
    expect(await matrixOf(GUEST1)).toEqual(before);
  });

  it('takes a plan of as many steps as a plan may have', async () => {
    const desired = (await run('export', host)).out;
    const more = Array.from(
      { length: MAX_STEPS },
      (_, n) => `  m${n}: { uuid: 99999999-0000-4000-8000-${String(n).padStart(12, '0')} }\n`,
    );
    const plan = await plannedFor(desired + more.join(''));
    expect(JSON.stringify(JSON.parse(readFileSync(plan, 'utf8'))).length).toBeGreaterThan(MAX_REQUEST_BYTES);
    if (process.env.APLEDGER_LONG === '1') {
      const ended = await run('apply', plan);
      const out = expect.stringContaining(`${MAX_STEPS} of ${MAX_STEPS} steps done`);
      expect(ended, ended.err).toMatchObject({ status: 0, out });
    } else {
      const request = { host, plan: JSON.parse(readFileSync(plan, 'utf8')), reason: 'test' };
      const proposed = await service.api.post('/hosts/{host}/changes', request);
      expect(proposed).toMatchObject({ status: 'proposed', progress: { of: MAX_STEPS } });
    }
    const over = file(
      'desired.yaml',
      desired +
        more.join('').replaceAll('99999999', '88888888') +
        '  last: { uuid: 77777777-0000-4000-8000-000000000000 }\n',
    );
    expect(await run('plan', over)).toMatchObject({
      status: 1,
      out: expect.stringContaining('are the most'),
    });
  });

  const matrixOf = async (mdev: string) => {
    const [shown] = objects((await run('show', 'mdev', mdev, '--host', host, '--json')).out);
    return shown?.adapters;
  };
});
