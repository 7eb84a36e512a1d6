/** Names of guests while the log is away: those of the moment of each fact, or none. */
import { CommandHandler } from '@apledger/command-handler';
import { A, create, register } from '@apledger/command-handler/testing';
import { openMemoryLog } from '@apledger/event-log';
import { GuestTimes } from '@apledger/projections';
import { expect, it } from 'vitest';
import { LiveTail } from './live-tail.ts';
import { MemoryLog } from './memory-log.ts';

it('are those of each fact, also of facts that came after the last question', async () => {
  const log = openMemoryLog();
  const handler = new CommandHandler(log);
  const give = async (command: Parameters<CommandHandler['submit']>[0]['command']): Promise<number> => {
    await handler.submit({ host: 'lpar1', actor: 'anna', command });
    return log.lastPosition();
  };
  await give(register('lpar1'));
  await give(create(A));
  const started = await give({ type: 'StartGuest', mdev: A, guest: 'web' });
  const times = new GuestTimes(log);
  await times.update();
  const tail = new LiveTail({ log, report: expect.fail });
  await tail.start();
  await give({ type: 'StopGuest', mdev: A });
  const again = await give({ type: 'StartGuest', mdev: A, guest: 'db' });
  while (tail.position < again) await new Promise(setImmediate);

  const remembered = times.remembered(new MemoryLog({ tail, heads: undefined }));
  await remembered.update();
  expect(remembered.guestAt('lpar1', A, started)).toBe('web');
  expect(remembered.guestAt('lpar1', A, again)).toBe('db');
  expect(remembered.lastRuns('lpar1', again)).toMatchObject([{ mdev: A, guest: 'db' }]);

  // Facts between are missing: who had the mdev after them is not known, and is not guessed.
  tail.trim(again - 1);
  const gapped = times.remembered(new MemoryLog({ tail, heads: undefined }));
  await gapped.update();
  expect(gapped.guestAt('lpar1', A, started)).toBe('web');
  expect(gapped.guestAt('lpar1', A, again)).toBeUndefined();
  expect(() => gapped.lastRuns('lpar1', again)).toThrow(/not in memory/);
  await log.close();
  await tail.close();
});
