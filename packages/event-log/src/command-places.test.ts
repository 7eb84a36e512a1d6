/** Finding the stream of a command in a log that cannot be asked for it. */
import { expect, test } from 'vitest';
import { CommandPlaces } from './command-places.ts';
import { commit } from './contract/support.ts';
import { openMemoryLog } from './memory.ts';

test('the newest commands are known, the oldest are forgotten', async () => {
  const log = openMemoryLog();
  const places = new CommandPlaces(log, 3);
  const commits = [0, 1, 2, 3].map((n) => commit(`host-${n}`, 'none'));
  for (const each of commits) await log.append(each);
  const found = await Promise.all(commits.map(({ commandId }) => places.elsewhere('host-x', commandId)));
  expect(found).toEqual([undefined, 'host-1', 'host-2', 'host-3']);
  await log.close();
});

test('a question that the log cannot answer fails, and the next one goes on', async () => {
  const log = openMemoryLog();
  const given = commit('host-a', 'none');
  await log.append(given);
  let isBroken = true;
  const places = new CommandPlaces({
    lastPosition: () => log.lastPosition(),
    subscribe(options) {
      if (isBroken) throw new Error('the server is gone');
      return log.subscribe(options);
    },
  });
  await expect(places.elsewhere('host-b', given.commandId)).rejects.toThrow('the server is gone');
  isBroken = false;
  expect(await places.elsewhere('host-b', given.commandId)).toBe('host-a');
  await log.close();
});
