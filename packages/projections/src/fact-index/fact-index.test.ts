/** The index of an estate: as small as its hosts are, and the same whatever was forgotten meanwhile. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openMemoryLog } from '@apledger/event-log';
import { HostState } from '@apledger/host';
import { afterAll, expect, it } from 'vitest';
import { FactIndex } from './fact-index.ts';
import { IndexStore } from './store.ts';

/** More than the chunks of headers that stay in memory. */
const HOSTS = 3000;
const MEGABYTE = 1024 * 1024;
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const directory = mkdtempSync(join(tmpdir(), 'apledger-index-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** An index over a log of two facts of each of so many hosts. */
async function indexed(hosts: number): Promise<FactIndex> {
  const log = openMemoryLog();
  for (const round of [0, 1])
    for (let n = 0; n < hosts; n++)
      await log.append({
        stream: `host-h${n}`,
        expected: 'any',
        commandId: crypto.randomUUID(),
        actor: `actor ${round}`,
        correlation: 'test',
        facts: [
          {
            type: 'OfTomorrow', // no fold is needed for what nobody knows
            version: 1,
            occurredAt: '2026-03-01T09:00:00.000Z',
            data: { number: round },
            packed: new Uint8Array(),
          },
        ],
      });
  return new FactIndex({
    log,
    store: IndexStore.open(join(directory, `${hosts}.sqlite`)),
    stateAt: async () => new HostState(),
    report: expect.fail,
  });
}

it('of many hosts of few facts takes little memory, and knows all of them', async () => {
  const index = await indexed(HOSTS);
  const used = (): number => {
    collectGarbage();
    return process.memoryUsage().arrayBuffers / MEGABYTE;
  };
  const before = used();
  await index.catchUp();
  // A chunk with room for 4,096 facts has 147 KB: those of all hosts would be 440 MB.
  await expect.poll(() => used() - before).toBeLessThan(100);
  expect(index.position).toBe(2 * HOSTS);
  for (let n = 0; n < HOSTS; n++)
    for (const revision of [0, 1])
      expect(index.chunk(`host-h${n}`, 0)?.at(revision)).toMatchObject({
        position: revision * HOSTS + n + 1,
        actor: `actor ${revision}`,
      });
  await index.close();
});

it('knows nothing of what it has forgotten, until it has caught up again', async () => {
  const index = await indexed(1);
  await index.catchUp();
  const known = index.chunk('host-h0', 0)?.at(1);
  expect(known).toMatchObject({ position: 2 });
  index.clear();
  expect(index.chunk('host-h0', 0)?.at(1)).toBeUndefined();
  await index.catchUp();
  expect(index.chunk('host-h0', 0)?.at(1)).toEqual(known);
  await index.close();
});
