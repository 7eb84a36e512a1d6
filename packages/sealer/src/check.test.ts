/** Every tile that the checkpoint needs is held to the log, and no evidence is handed out that does not lead to its root. */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventLog, openMemoryLog } from '@apledger/event-log';
import {
  parseCheckpoint,
  parsePolicy,
  partialTiles,
  tilePath,
  verifierText,
  verifyProof,
} from '@apledger/evidence';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkLeaves, type FoundLeaf } from './check.ts';
import { leafHash, leafOf } from './hashing.ts';
import { Prover } from './prove.ts';
import { rebuildTiles } from './rebuild.ts';
import { Sealer } from './sealer.ts';
import { Signer } from './signer.ts';
import { TileFiles } from './tile-files.ts';

let directory: string;
let log: EventLog;
let files: TileFiles;
let signer: Signer;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'apledger-check-'));
  log = openMemoryLog();
  files = new TileFiles(join(directory, 'tlog'));
  signer = new Signer({ directory: join(directory, 'signer'), origin: 'ledger.example/check' });
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const path = (name: string): string => join(directory, 'tlog', name);

async function recorded(count: number): Promise<void> {
  const facts = Array.from({ length: count }, (_, i) => ({
    ...{ type: 'Counted', version: 1, occurredAt: '2026-11-26T15:00:00.000Z', data: { i } },
    packed: new Uint8Array(),
  }));
  for (let at = 0; at < count; at += 100)
    await log.append({
      ...{ stream: 'host-a', expected: 'any', actor: 'test', correlation: 'test' },
      commandId: crypto.randomUUID(),
      facts: facts.slice(at, at + 100),
    });
}

async function sealed(count: number): Promise<void> {
  await recorded(count);
  await (await Sealer.open({ log, files, signer })).step();
}

async function* leaves(): AsyncGenerator<readonly FoundLeaf[]> {
  for await (const fact of log.readAll()) {
    const { stream, revision, position } = fact;
    yield [{ stream, revision, position, hash: leafHash(leafOf(fact)) }];
  }
}

async function problems(): Promise<readonly string[]> {
  const checkpoint = parseCheckpoint((await files.readCheckpoint()) ?? '');
  const { differences } = await checkLeaves({
    leaves: leaves(),
    kept: [{ name: 'checkpoint', checkpoint }],
    tiles: { source: files, size: checkpoint.size, positions: await files.readPositions() },
  });
  return differences.map(({ problem }) => problem);
}

function flip(name: string): void {
  const bytes = readFileSync(path(name));
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  writeFileSync(path(name), bytes);
}

describe.each([3, 256, 700, 1000])('of %i facts', (count) => {
  const partials = partialTiles(count).map(tilePath);
  const tiles = count < 256 ? partials : ['tile/0/000', ...partials];

  test.each(tiles)('%s is missed when a byte is changed or it is gone, and made anew', async (tile) => {
    await sealed(count);
    expect(await problems()).toEqual([]);
    for (const harm of [flip, (name: string) => rmSync(path(name))]) {
      harm(tile);
      const [problem, ...more] = await problems();
      expect(more).toEqual([]);
      expect(problem).toContain(`${tile} is missing or is not what follows from the log`);
      expect(await rebuildTiles(log, files)).toEqual([tile]);
      expect(await problems()).toEqual([]);
    }
  });
});

test('a partial tile that a full one has taken the place of is no loss', async () => {
  await sealed(300);
  const before = (await files.readCheckpoint()) ?? '';
  await sealed(300);
  await files.writeCheckpoint(before);
  rmSync(path('tile/0/001.p'), { recursive: true, force: true });
  expect(await problems()).toEqual([]);
});

describe('positions', () => {
  const edit = (index: number, position: bigint): void => {
    const bytes = readFileSync(path('positions'));
    bytes.writeBigUInt64BE(position, index * 8);
    writeFileSync(path('positions'), bytes);
  };

  test('that are not those of the log are told', async () => {
    await sealed(700);
    edit(1, 290n);
    expect(await problems()).toEqual([
      expect.stringContaining('positions is missing or is not what follows from the log'),
    ]);
    await expect(new Prover(log, files).prove(300)).rejects.toThrow(
      'positions or tile/0/001 is not what follows from the log; "apledger verify" says which',
    );
    await rebuildTiles(log, files);
    expect(await problems()).toEqual([]);
    expect((await new Prover(log, files).prove(300)).index).toBe(299);
  });

  test('that are not there are none that are wrong', async () => {
    await sealed(700);
    rmSync(path('positions'));
    expect(await problems()).toEqual([]);
    expect((await new Prover(log, files).prove(300)).index).toBe(299);
  });
});

describe('a proof', () => {
  const policy = async () =>
    parsePolicy(`log ${verifierText((await signer.open()).key.verifier)}\nquorum none\n`);

  test.each(['tile/1/000.p/2', 'tile/0/002.p/188'])('is refused while %s is wrong', async (tile) => {
    await sealed(700);
    const prover = new Prover(log, files);
    flip(tile);
    await expect(prover.prove(300)).rejects.toThrow(
      /^the tiles of ledger\.example\/check do not lead to the root of its checkpoint of 700 facts; "apledger verify" names/,
    );
    await rebuildTiles(log, files);
    expect((await verifyProof((await prover.prove(300)).text, await policy())).index).toBe(299);
  });

  test('is handed out again when a tile that was missing is back', async () => {
    await sealed(700);
    const prover = new Prover(log, files);
    renameSync(path('tile/1/000.p/2'), path('aside'));
    await expect(prover.prove(300)).rejects.toThrow('tile/1/000.p/2 is missing');
    renameSync(path('aside'), path('tile/1/000.p/2'));
    expect((await prover.prove(300)).index).toBe(299);
  });

  test('says who seals a log that never was, and facts that came since', async () => {
    await recorded(1);
    await expect(new Prover(log, files).prove(1)).rejects.toThrow(
      'this log was never sealed: "apledger log seal" seals it once, and a service does so all the time',
    );
    await sealed(1);
    await recorded(1);
    await expect(new Prover(log, files).prove(3)).rejects.toThrow(
      'no checkpoint covers position 3 yet: a running service signs one within a second, and "apledger log seal" signs one now',
    );
  });
});
