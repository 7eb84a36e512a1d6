/** `apledger log ...`: only for a log that is there; and what is said of one that was never sealed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { apledger, file } from './support.ts';

async function ledger(): Promise<string> {
  const data = join(scratch(), 'data');
  const script = file('s.sh', 'host a adapters=5,6 domains=4,71 driver=6.12\n');
  expect(await apledger('run', script, '--data', data)).toMatchObject({ status: 0 });
  return data;
}

describe('a log that is not there', () => {
  it.each([
    ['seal', []],
    ['rotate-key', ['--reason', 'x']],
    ['fork', ['--reason', 'x']],
  ])('log %s refuses it, and makes neither log nor key', async (name, more) => {
    const data = join(scratch(), 'typo');
    const { status, err } = await apledger('log', name, ...more, '--data', data);
    expect(err).toMatch(/^apledger: \S*typo\S*: there is no log here \(missing\); check the path/);
    expect(status).toBe(2);
    expect([existsSync(data), existsSync(`${data}-signer`)]).toEqual([false, false]);
  });
});

it('a log that is there is sealed, its key rotated, and the fact is recorded', async () => {
  const data = await ledger();
  expect(await apledger('log', 'seal', '--data', data)).toMatchObject({ status: 0 });
  const rotated = await apledger('log', 'rotate-key', '--reason', 'yearly', '--data', data);
  expect(rotated).toMatchObject({ status: 0, out: expect.stringContaining('is signed by both keys') });
  const { status, out } = await apledger('verify', '--data', data);
  expect(out).toMatch(/^sealed \d+ facts .*; 0 differences$/m);
  expect(status).toBe(0);
});

it('where a log was never sealed, proof and report name the command that does so', async () => {
  const data = await ledger();
  for (const args of [
    ['proof', '1'],
    ['report', '--evidence', join(scratch(), 'kept')],
  ]) {
    const { status, err } = await apledger(...args, '--data', data);
    expect(err).toMatch(/this log was never sealed: "apledger log seal" seals it once/);
    expect(status).toBe(2);
  }
});
