/** An index that was forged, its checksums too, differs from the one that the log makes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventLog, openMemoryLog } from '@apledger/event-log';
import { history } from '@apledger/host/testing';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { memoryStore, openReadModel } from '../index.ts';
import { newFacts, record } from '../testing/logs.ts';
import { FactIndex } from './fact-index.ts';
import { checkIndex } from './kept.ts';
import { IndexStore } from './store.ts';

async function indexed(seed: number) {
  const directory = mkdtempSync(join(tmpdir(), 'apledger-index-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const log = openMemoryLog();
  const [facts = []] = fc.sample(history(60), { numRuns: 1, seed });
  const grow = async (from: number, to?: number) => {
    for (const [n, fact] of newFacts(facts).slice(from, to).entries())
      await record(log, 'zt93', from + n + 1, [fact]);
  };
  await grow(0, 8);
  const path = join(directory, 'fact-index.sqlite');
  await follow(log, path);
  return { log, path, grow: () => grow(8) };
}

/** Brings the index up to date, as a service does that was started anew. */
async function follow(log: EventLog, path: string): Promise<void> {
  const readModel = await openReadModel({ log, store: memoryStore() });
  const index = new FactIndex({
    log,
    store: IndexStore.open(path),
    stateAt: (host, revision) => readModel.stateAt(host, revision),
  });
  await index.catchUp();
  await index.close();
}

/** Each piece, and how to put other bytes in its place, with a checksum that fits. */
function forgeries(path: string): { readonly key: string; readonly forge: () => void }[] {
  const store = IndexStore.open(path);
  const to = store.checkpoint();
  const places = store.places();
  store.close();
  return places.map(({ term, chunk }) => ({
    key: `${term} ${chunk}`,
    forge: () => {
      const writing = IndexStore.open(path);
      const bytes = Uint8Array.from(writing.piece(term, chunk) ?? []);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      if (to !== undefined)
        expect(writing.save({ from: to, to, pieces: [{ term, chunk, bytes }] })).toBe(true);
      writing.close();
    },
  }));
}

it('is what the log makes, however often it was caught up, and up to where it is', async () => {
  for (const seed of [1, 2, 3]) {
    const { log, path, grow } = await indexed(seed);
    expect(await checkIndex(log, path)).toEqual([]);
    await grow();
    expect(await checkIndex(log, path)).toEqual([]);
    await follow(log, path);
    expect(await checkIndex(log, path)).toEqual([]);
  }
});

it('may be caught up by its service while it is checked', async () => {
  const { log, path, grow } = await indexed(1);
  const store = IndexStore.open(path);
  const to = store.checkpoint() ?? expect.fail('the index is empty');
  store.save({ from: to, to, pieces: [{ term: 'forged', chunk: 0, bytes: new Uint8Array(1) }] });
  store.close();
  let isGrown = false;
  const busy = new Proxy(log, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name === 'readAll' && !isGrown)
        return async function* (range: Parameters<EventLog['readAll']>[0]) {
          yield* target.readAll(range);
          isGrown = true;
          await grow();
          await follow(target, path);
        };
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  expect(await checkIndex(busy, path)).toEqual([
    expect.objectContaining({ problem: expect.stringContaining('"forged 0"') }),
  ]);
  expect(isGrown).toBe(true);
});

it('is told of each piece that says something else', async () => {
  const { log, path } = await indexed(1);
  const all = forgeries(path);
  expect(all.map(({ key }) => key)).toContain('s:host-zt93 0');
  for (const [n, { key, forge }] of all.entries()) {
    forge();
    const problems = await checkIndex(log, path);
    expect(problems).toHaveLength(n + 1);
    expect(problems.map(({ problem }) => problem).join()).toContain(JSON.stringify(key));
  }
});

it('is no matter when no question would use it', async () => {
  const { path } = await indexed(1);
  const { log } = await indexed(2);
  expect(await checkIndex(log, path)).toEqual([]);
  writeFileSync(path, Buffer.alloc(8192, 0x7f));
  expect(await checkIndex(log, path)).toEqual([]);
});
