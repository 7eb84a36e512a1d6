import { expect, it } from 'vitest';
import { InTurn } from './in-turn.ts';

it('work is done in turn, whatever came of the work before it', async () => {
  const turns = new InTurn();
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const failed = turns.run(async () => {
    await first.promise;
    order.push('first');
    throw new Error('no');
  });
  const second = turns.run(async () => {
    order.push('second');
    return 2;
  });
  expect(turns.waiting).toBe(2);
  first.resolve();
  await expect(failed).rejects.toThrow('no');
  expect(await second).toBe(2);
  await turns.idle();
  expect(order).toEqual(['first', 'second']);
  expect(turns.waiting).toBe(0);
});
