/** `apledger plan --out`, `apply`, `change …` and `procedure …` on a log of this machine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { openSqliteLog } from '@apledger/event-log';
import { LogLedger } from '@apledger/ledger';
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { apledger, file, inRepository, objects } from './support.ts';

const GUEST1 = '11111111-1111-4111-8111-111111111111';

/** Of the service's answer, where nobody asks for another number. */
const MORE_THAN_A_PAGE = 101;

interface Kept {
  readonly data: string;
  /** Where the plan that takes adapter 6 from guest1 is kept. */
  readonly plan: string;
  run(...args: string[]): ReturnType<typeof apledger>;
}

async function kept(): Promise<Kept> {
  const data = scratch();
  const run = (...args: string[]) => apledger(...args, '--data', data);
  expect((await run('run', inRepository('examples/01-three-guests.sh'))).status).toBe(0);
  const { out } = await run('export', 'zlp1');
  const desired = file('zlp1.yaml', out.replace('adapters: [0x05, 0x06]', 'adapters: [0x05]'));
  const plan = join(scratch(), 'tonight.plan');
  const made = await run('plan', desired, '--out', plan);
  expect(made).toMatchObject({ status: 0, out: expect.stringContaining(`apledger apply ${plan}`) });
  return { data, plan, run };
}

const guest1 = async ({ run }: Kept): Promise<string> => (await run('show', 'mdev', GUEST1)).out;

/** Asks until the answer has the text, or the other command has ended: then what it has said is thrown. */
async function asksUntil(
  text: string,
  other: ReturnType<typeof apledger>,
  ask: () => ReturnType<typeof apledger>,
): Promise<string> {
  let ended: Awaited<typeof other> | undefined;
  void other.then((end) => {
    ended = end;
  });
  for (;;) {
    const { out } = await ask();
    if (out.includes(text)) return out;
    // All of this can be done without a turn of the event loop, which the other one waits for.
    await setImmediate();
    if (ended !== undefined) throw new Error(`it has ended: ${JSON.stringify(ended)}`);
  }
}

describe('a plan that was kept', () => {
  it('is bound to host, driver, revision and matrices, and has a hash', async () => {
    const { plan } = await kept();
    expect(JSON.parse(readFileSync(plan, 'utf8'))).toMatchObject({
      format: 'apledger-plan/v1',
      host: 'zlp1',
      driver: '2019-v2',
      base: { revision: 36, matrices: expect.stringMatching(/^[0-9a-f]{64}$/) },
      steps: [{ command: { type: 'UnassignAdapter' }, after: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      planHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('is applied once: applying it again says so and does nothing', async () => {
    const made = await kept();
    const first = await made.run('apply', made.plan);
    expect(first).toMatchObject({
      status: 0,
      out: expect.stringMatching(/ {2}1\/1 {2}echo 6 > .*unassign_adapter\n.*carried-out/s),
    });
    const events = (await made.run('events')).out;
    const again = await made.run('apply', made.plan);
    expect(again).toMatchObject({ status: 0, out: expect.stringContaining('carried-out') });
    expect((await made.run('events')).out).toBe(events);
  });

  it.each([
    ['edited by hand', (text: string) => text.replace('"desired state"', '"mine"'), 'it was edited'],
    ['cut off', (text: string) => text.slice(0, -20), 'it is no JSON'],
    ['no plan', () => '{"steps": []}', 'it is no plan'],
    ['with an unknown key', (text: string) => text.replace('"purpose"', '"extra": 1, "purpose"'), 'extra'],
  ])('that is %s is refused, and nothing is done', async (_, change, message) => {
    const made = await kept();
    const before = (await made.run('events')).out;
    const other = file('other.plan', change(readFileSync(made.plan, 'utf8')));
    expect(await made.run('apply', other)).toMatchObject({
      status: 2,
      err: expect.stringContaining(message),
    });
    expect((await made.run('events')).out).toBe(before);
  });

  it('for a host that is another by now, or is not there, is refused', async () => {
    const made = await kept();
    const elsewhere = scratch();
    await apledger('run', inRepository('examples/03-hot-plug.sh'), '--data', elsewhere);
    expect(await apledger('apply', made.plan, '--data', elsewhere)).toMatchObject({ status: 2 });
    const script = file('steps.sh', `echo 5 > /sys/devices/vfio_ap/matrix/${GUEST1}/assign_control_domain\n`);
    expect((await made.run('run', script)).status).toBe(0);
    expect(await made.run('apply', made.plan)).toMatchObject({
      status: 2,
      err: expect.stringContaining('other matrices by now'),
    });
  });

  it('goes back when somebody says so instead of confirming it', async () => {
    const made = await kept();
    const before = await guest1(made);
    const applying = made.run('apply', made.plan, '--id', 'CHG1', '--confirm-within', '10m');
    await asksUntil('somebody to confirm it', applying, () => made.run('change', 'list', '--json'));
    expect((await made.run('change', 'show', 'CHG1')).out).toContain('apledger change confirm CHG1');
    expect(await made.run('change', 'back', 'CHG1', '--reason', 'changed our mind')).toMatchObject({
      status: 0,
    });
    expect(await applying).toMatchObject({ status: 1, out: expect.stringContaining('going back:') });
    expect((await guest1(made)).replaceAll(/position \d+, \S+/g, '')).toBe(
      before.replaceAll(/position \d+, \S+/g, ''),
    );
    expect(await made.run('change', 'confirm', 'CHG1')).toMatchObject({ status: 2 });
  });
});

describe('the list of changes', () => {
  it('has every change, however many there are', async () => {
    const { data, plan, run } = await kept();
    const log = await openSqliteLog({ directory: data });
    const ledger = new LogLedger({ log });
    const document = JSON.parse(readFileSync(plan, 'utf8'));
    for (let n = 1; n <= MORE_THAN_A_PAGE; n++)
      await ledger.ask('propose', { host: 'zlp1', plan: document, change: `CHG${n}`, reason: 'test' });
    await ledger.close();
    const listed = objects((await run('change', 'list', '--status', 'proposed', '--json')).out);
    expect(new Set(listed.map(({ change }) => change)).size).toBe(MORE_THAN_A_PAGE);
  });
});

describe('a procedure', () => {
  it('that waits says on whom, and goes on when it is so', async () => {
    const { run } = await kept();
    const plan = join(scratch(), 'retire.plan');
    expect(await run('procedure', 'retire-guest', 'guest2', '--out', plan)).toMatchObject({
      status: 0,
      out: expect.stringContaining('wait until guest guest2 has stopped'),
    });
    const applying = run('apply', plan, '--id', 'CHG2');
    const shown = await asksUntil('has mdev', applying, () =>
      run('change', 'list', '--status', 'running', '--json'),
    );
    expect(objects(shown)[0]).toMatchObject({
      waitsFor: [expect.stringMatching(/^guest guest2 has mdev .* open, for less than a minute$/)],
    });
    expect((await run('run', file('stop.sh', 'guest stop guest2\n'))).status).toBe(0);
    expect(await applying).toMatchObject({ status: 0 });
    expect((await run('show', 'mdev', '22222222-2222-4222-8222-222222222222')).status).not.toBe(0);
  });

  it('for what is not there says what there is', async () => {
    const { run } = await kept();
    expect(await run('procedure', 'retire-guest', 'nobody')).toMatchObject({
      status: 1,
      out: expect.stringContaining('Running are guest1, guest2, guest3.'),
    });
    expect(await run('procedure', 'drain', '5')).toMatchObject({ status: 2 });
  });
});
