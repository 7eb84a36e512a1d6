/** Clocks that jump: who records it, how often, and with what. */
import { openMemoryLog, type RecordedFact } from '@apledger/event-log';
import type { Command } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import { CommandHandler } from './index.ts';
import { all, operator, register } from './test-support.ts';

const TEN = Date.parse('2026-11-17T10:00:00.000Z');
const HOUR = 3_600_000;
const YEARS = 5 * 365 * 24 * HOUR;

/** A log in memory, whose clock is that of the process that writes just now. */
function machines() {
  const time = { true: TEN, offset: 0 };
  const log = openMemoryLog({ now: () => new Date(time.true + time.offset) });
  /** A process whose clock is wrong by `offset`, until that is changed. */
  const machine = (offset = 0) => {
    const clock = { offset };
    const now = (): Date => new Date(time.true + clock.offset);
    const handler = new CommandHandler(log, { now, monotonic: () => time.true - TEN });
    const command = async (host = 'lpar1') => {
      time.true += 1000;
      time.offset = clock.offset;
      const { revision } = await handler.submit({ ...operator({ type: 'ScanBus' }), host });
      if (revision < 0) await handler.submit({ ...operator({ ...register(), host } as Command), host });
    };
    return { clock, handler, command };
  };
  const jumps = async (): Promise<RecordedFact[]> => all(log.readStream('clock'));
  return { time, log, machine, jumps };
}

describe('a clock', () => {
  it('that goes on as it should, or differs by two seconds from another for ever, is not worth a word', async () => {
    const { machine, jumps } = machines();
    const [one, two] = [machine(), machine(2000)];
    for (let n = 0; n < 20; n++) await (n % 2 === 0 ? one : two).command();
    expect(await jumps()).toEqual([]);
  });

  it('that jumps ahead and back is recorded each time, with what it should have read, and before it dates anything', async () => {
    const { machine, jumps, log } = machines();
    const one = machine();
    await one.command();
    one.clock.offset = YEARS;
    await one.command();
    await one.command();
    one.clock.offset = 0;
    await one.command();
    await one.command();
    const found = await jumps();
    expect(found.map(({ data }) => data)).toEqual([
      {
        process: expect.stringContaining(`pid=${process.pid}`),
        before: new Date(TEN + 2000).toISOString(),
        after: new Date(TEN + 2000 + YEARS).toISOString(),
        against: 'monotonic',
      },
      expect.objectContaining({
        before: new Date(TEN + 4000 + YEARS).toISOString(),
        after: new Date(TEN + 4000).toISOString(),
      }),
    ]);
    const facts = await all(log.readAll());
    const next = facts.find(({ stream, occurredAt }) => stream !== 'clock' && occurredAt > '2030');
    expect(found[0]?.position).toBeLessThan(next?.position ?? 0);
    expect(one.handler.clockJumps).toBe(2);
  });

  it('that is behind what another process has written is one jump, however long that lasts', async () => {
    const { machine, jumps } = machines();
    const [ahead, right] = [machine(HOUR), machine()];
    await ahead.command('lpar2');
    for (let n = 0; n < 10; n++) await (n % 2 === 0 ? right : ahead).command(`lpar${n % 3}`);
    const found = await jumps();
    expect(found).toHaveLength(1);
    expect(found[0]?.data).toMatchObject({ against: 'log', after: new Date(TEN + 2000).toISOString() });
    right.clock.offset = -HOUR;
    await right.command();
    expect(await jumps()).toHaveLength(2);
  });
});
