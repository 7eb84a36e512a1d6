/** `apledger what-if`: what would happen, told to people and programs. */
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { apledger, file, inRepository, objects } from './support.ts';

const GUEST1 = '11111111-1111-4111-8111-111111111111';
const GUEST2 = '22222222-2222-4222-8222-222222222222';
const GUEST3 = '33333333-3333-4333-8333-333333333333';
const MATRIX = '/sys/devices/vfio_ap/matrix';

/** A data directory with the founding document's host and its three guests. */
async function threeGuests(): Promise<string> {
  const data = scratch();
  const { status } = await apledger('run', inRepository('examples/01-three-guests.sh'), '--data', data);
  expect(status).toBe(0);
  return data;
}

const facts = async (data: string) => objects((await apledger('events', '--data', data, '--json')).out);

describe('what-if', () => {
  it('tells who would lose and gain what, draws it before and after, and records nothing', async () => {
    const data = await threeGuests();
    const before = await facts(data);
    const { status, out, err } = await apledger(
      ...['what-if', '--data', data, `echo 6 > ${MATRIX}/${GUEST1}/unassign_adapter`],
      ...[`echo 6 > ${MATRIX}/${GUEST2}/assign_adapter`, `echo 4 > ${MATRIX}/${GUEST2}/assign_domain`],
    );
    expect({ status, err }).toEqual({ status: 1, err: '' });
    expect(out).toContain('What if, on host zlp1 as of position 37');
    expect(out).toContain('Guest guest1 would lose 06.0004, 06.00ab (mdev 1111');
    expect(out).toMatch(
      /2 {2}echo 6 > .*\n {3}would be refused with EADDRINUSE: .*\n {6}06\.0047, 06\.00ff: mdev 3333/,
    );
    expect(out).toMatch(/What would help: Unassign the adapter or the domain/);
    expect(out).toContain(`mdev ${GUEST1}, before: guest guest1 has it open`);
    const [drawn = ''] = out.split(`mdev ${GUEST1}, before`).slice(1);
    const [first = '', second = ''] = drawn.split('and after');
    expect([first.includes('(06,ab)'), second.includes('(06,ab)')]).toEqual([true, false]);
    expect(await facts(data)).toEqual(before);
  });

  it('ends with 0 when all of it would be done', async () => {
    const data = await threeGuests();
    const { status, out } = await apledger(
      'what-if',
      '--data',
      data,
      'guest stop guest2',
      'cat /sys/bus/ap/apmask',
    );
    expect(status).toBe(0);
    expect(out).toContain('would be done:\n      GuestStopped: guest guest2');
    expect(out).toContain(`      0xf9${'f'.repeat(62)}`);
  });

  it('says whom a card that goes off would hit, which by the rules loses no queue', async () => {
    const data = await threeGuests();
    for (const steps of [['card 06 config=0'], ['card 06 config=0', 'scan']]) {
      const { status, out } = await apledger('what-if', '--data', data, ...steps);
      expect(status).toBe(0);
      expect(out).toContain(
        'Card 06 would be off: its queues stay with guest guest1 (06.0004, 06.00ab) and guest guest3 (06.0047, 06.00ff), and cannot be used until it is back.\n',
      );
    }
    const { out } = await apledger('what-if', '--data', data, 'card 06 chkstop=1', 'scan');
    expect(out).toContain('Card 06 would be check-stopped: its queues stay with guest guest1 ');
    const back = await apledger('what-if', '--data', data, 'card 06 config=0', 'card 06 config=1');
    expect(back.out).not.toContain('Card 06 would be');
  });

  it('tells what the host itself would lose and gain', async () => {
    const data = await threeGuests();
    await apledger('run', file('grow.sh', 'hardware adapters=4-6 domains=4,5\nscan\n'), '--data', data);
    const { status, out } = await apledger('what-if', '--data', data, 'echo -5 > /sys/bus/ap/aqmask');
    expect(status).toBe(0);
    expect(out).toContain('The host would lose 04.0005.\n');
    expect(out).toMatch(/before:\n.*\n.*\n.*\(04,05\) zcrypt[\s\S]*and after:\n.*\n.*\n.*\(04,05\) vfio_ap/);
  });

  it('lists no more facts and names than a person reads', async () => {
    const data = scratch();
    await apledger('run', file('large.sh', 'host h adapters=0-7 domains=0-84\n'), '--data', data);
    const { status, out } = await apledger('what-if', '--data', data, 'hardware adapters=0', 'scan');
    expect(status).toBe(0);
    expect(out).toMatch(/The host would lose 01\.0000, .* and 563 more\./);
    expect(out).toMatch(/and \d+ more facts; --json has all of them/);
    expect(out).toContain('595 queues of the host would change; --json has all of them.');
    expect(out.split('\n').length).toBeLessThan(60);
  });

  it('prints the whole answer as one object', async () => {
    const data = await threeGuests();
    const { status, out } = await apledger(
      'what-if',
      '--data',
      data,
      '--json',
      `echo 1 > ${MATRIX}/${GUEST3}/remove`,
    );
    expect(status).toBe(1);
    const [answer, ...more] = objects(out);
    expect(more).toEqual([]);
    expect(answer).toMatchObject({
      host: 'zlp1',
      at: { revision: 36, position: 37 },
      steps: [{ outcome: 'refused', refusal: { errno: 'EBUSY', remedy: expect.any(String) } }],
      lost: [],
      gained: [],
      hostQueues: { lost: [], gained: [] },
      changes: [],
      before: { host: 'zlp1', mdevs: expect.any(Array) },
    });
    expect(answer?.after).toEqual(answer?.before);
  });

  it('can be asked of the past, by position and by time', async () => {
    const data = await threeGuests();
    await apledger('run', file('stop.sh', 'guest stop guest1\n'), '--data', data);
    const ask = (...args: string[]) => apledger('what-if', '--data', data, 'guest stop guest1', ...args);
    expect((await ask()).status).toBe(1);
    const then = await ask('--at', '37');
    expect(then.status).toBe(0);
    expect(then.out).toMatch(/as of position 37, \d{4}-/);
    const recorded = await facts(data);
    const stopped = String(recorded.find(({ type }) => type === 'GuestStopped')?.occurredAt);
    const justBefore = new Date(Date.parse(stopped) - 1).toISOString();
    expect((await ask('--at', justBefore)).status).toBe(
      Number(String(recorded[36]?.occurredAt) > justBefore),
    );
  });

  it.each([
    [['dance'], /step 1, "dance": dance: no such command; there are cd, ls/],
    [['scan', 'echo 5 >'], /step 2, "echo 5 >": usage: echo/],
    [['! scan'], /leave out the !/],
    [['host h adapters=1 domains=1'], /about one host/],
    [['scan', '--at', '99999'], /--at 99999: the log ends at position/],
    [['scan', '--at', '2999-01-01'], /lies in the future/],
    [['scan', '--at', 'noon'], /not a time/],
    [[], /Give either steps or --driver/],
  ])('says what is wrong with %j and ends with 2', async (args, told) => {
    const data = await threeGuests();
    const { status, out, err } = await apledger('what-if', '--data', data, ...args);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toMatch(told);
  });

  it.each([
    [['scan', '--host', 'nobody'], 'There is no host nobody. There are zlp1.'],
    [['scan', '--at', '0'], 'There was no host zlp1 at position 0.'],
  ])('ends with 1 for %j, as every question about a host that is not there', async (args, told) => {
    const data = await threeGuests();
    expect(await apledger('what-if', '--data', data, ...args)).toEqual({
      status: 1,
      out: '',
      err: `apledger: ${told}\n`,
    });
  });

  it('asks which host when there are several, and needs a log', async () => {
    const data = await threeGuests();
    await apledger('run', file('more.sh', 'host zlp2 adapters=1 domains=1\n'), '--data', data);
    expect(await apledger('what-if', '--data', data, 'scan')).toMatchObject({
      status: 2,
      err: expect.stringContaining('Name it with --host. There are zlp1, zlp2.'),
    });
    expect((await apledger('what-if', '--data', data, '--host', 'zlp2', 'scan')).status).toBe(0);
    expect((await apledger('what-if', '--data', scratch(), 'scan')).status).toBe(2);
  });
});
