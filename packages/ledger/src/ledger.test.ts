/** A ledger in a data directory, closed and opened again. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandHandler } from '@apledger/command-handler';
import { A, assignAdapter, create, register } from '@apledger/command-handler/testing';
import { openMemoryLog } from '@apledger/event-log';
import { memoryStore } from '@apledger/projections';
import { afterAll, describe, expect, it } from 'vitest';
import { LogLedger } from './log-ledger.ts';
import { openLogLedger } from './place.ts';

const root = mkdtempSync(join(tmpdir(), 'apledger-ledger-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const scratch = (): string => mkdtempSync(join(root, 'd'));

/** A host with more facts than are folded again without a thought. */
async function fill({ handler }: LogLedger): Promise<void> {
  const refused = Array.from({ length: 120 }, () => assignAdapter(A, 255));
  for (const command of [register('h'), create(A), ...refused])
    await handler.submit({ host: 'h', command, actor: 'test' });
}

/** The files below the directory that this process has open. */
const openFiles = (directory: string): string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    const path = readlink(`/proc/self/fd/${fd}`);
    return path?.startsWith(directory) ? [path] : [];
  });

/** Undefined when it is closed meanwhile. */
function readlink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

describe.runIf(existsSync('/proc/self/fd'))('a ledger whose read model is no file', () => {
  it('sets it aside and says so, and closes all that it opened', async () => {
    const directory = scratch();
    const first = await openLogLedger({ data: directory });
    await fill(first);
    await first.views();
    expect(openFiles(directory)).toContain(join(directory, 'log.sqlite'));
    await first.close();
    rmSync(join(directory, 'read-model.sqlite'));
    mkdirSync(join(directory, 'read-model.sqlite'));
    const reports: string[] = [];
    const report = (message: string): void => void reports.push(message);
    const second = await openLogLedger({ data: directory }, { keepsViews: true, report });
    await (await second.views()).catchUp();
    await second.close();
    expect(reports.join()).toMatch(/read-model\.sqlite/);
    expect(openFiles(directory)).toEqual([]);
  });
});

describe('a ledger that was closed', () => {
  it('left nothing undone: the next one begins with the same host', async () => {
    const directory = scratch();
    const first = await openLogLedger({ data: directory });
    await fill(first);
    const before = await first.handler.stateAt('h');
    await first.close();
    const second = await openLogLedger({ data: directory });
    const after = await second.handler.stateAt('h');
    expect(before !== undefined && after?.equals(before)).toBe(true);
    await second.close();
  });

  it('decides all the same when what was folded is damaged', async () => {
    const directory = scratch();
    const first = await openLogLedger({ data: directory });
    await fill(first);
    const before = await first.handler.stateAt('h');
    await first.close();
    writeFileSync(join(directory, 'read-model.sqlite'), 'no database');
    const second = await openLogLedger({ data: directory });
    const after = await second.handler.stateAt('h');
    expect(before !== undefined && after?.equals(before)).toBe(true);
    await second.close();
  });
});

it('folds nothing that is folded elsewhere', async () => {
  const log = await openMemoryLog();
  const handler = new CommandHandler(log);
  for (const command of [register('h'), create(A), ...Array.from({ length: 1000 }, () => create(A))])
    await handler.submit({ host: 'h', command, actor: 'test' });
  const [idle, busy] = [memoryStore(), memoryStore()];
  // The first is asked first: when the second has folded, it would have, too.
  await new LogLedger({ log, store: () => idle, isFoldedElsewhere: true }).views();
  await new LogLedger({ log, store: () => busy }).views();
  await expect.poll(() => busy.checkpoint()?.position).toBe(await log.lastPosition());
  expect(idle.checkpoint()).toBeUndefined();
});
