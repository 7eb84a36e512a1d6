/** How far the chain of a host was recomputed, from one answer to the next. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { A, assignAdapter, B, create, register } from '@apledger/command-handler/testing';
import { afterAll, describe, expect, it } from 'vitest';
import type { LogLedger } from '../log-ledger.ts';
import { openLogLedger } from '../place.ts';

const root = mkdtempSync(join(tmpdir(), 'apledger-chains-'));
afterAll(() => rmSync(root, { recursive: true }));

async function made(): Promise<{ readonly ledger: LogLedger; readonly db: DatabaseSync }> {
  const data = mkdtempSync(join(root, 'd'));
  const ledger = await openLogLedger({ data }, { keepsViews: true });
  for (const host of ['lpar1', 'lpar2'])
    for (const command of [register(host), create(A), create(B), assignAdapter(A, 5)])
      await ledger.submit({ host, actor: 'anna', command });
  return { ledger, db: new DatabaseSync(join(data, 'log.sqlite')) };
}

const chainOf = async (ledger: LogLedger) => (await ledger.ask('exposures', { host: 'lpar1' })).verification;

describe('the chain of a host', () => {
  it('goes on where the answer before ended, and takes in no fact of other hosts', async () => {
    const { ledger, db } = await made();
    const first = await chainOf(ledger);
    const end = await ledger.log.head('host-lpar1');
    expect(first).toEqual({ upTo: end?.position, facts: Number(end?.revision) + 1, problems: [] });
    await ledger.submit({ host: 'lpar1', actor: 'tom', command: assignAdapter(A, 6) });
    const next = await chainOf(ledger);
    expect(next).toMatchObject({ problems: [] });
    expect(next.facts).toBeGreaterThan(first.facts);
    db.close();
    await ledger.close();
  });

  it('is told once to be wrong, however often it is asked for, also at a row that cannot be read', async () => {
    for (const [column, text] of [
      ['body', "replace(body, 'anna', 'mary')"],
      ['body', "'{'"],
      ['hashes', "x'00'"],
      ['packed', "CAST(substr(packed, 1, length(packed) - 1) || x'7f' AS BLOB)"],
    ]) {
      const { ledger, db } = await made();
      const stream = `(SELECT number FROM streams WHERE name = 'host-lpar1')`;
      db.exec(
        `UPDATE commits SET ${column} = ${text} WHERE position = (SELECT max(position) FROM commits WHERE stream = ${stream})`,
      );
      db.close();
      const found = await ledger.chains.of('lpar1');
      expect(found.problems).not.toEqual([]);
      expect((await ledger.chains.of('lpar1')).problems).toEqual(found.problems);
      expect((await ledger.chains.of('lpar2')).problems).toEqual([]);
      await ledger.close();
    }
  });

  it('shows a history that is replaced under a process that had recomputed it', async () => {
    const [{ ledger, db }, other] = [await made(), await made()];
    expect((await ledger.chains.of('lpar1')).problems).toEqual([]);
    // Another history with hashes of its own, right in itself.
    const rows = other.db.prepare('SELECT * FROM commits').all();
    db.exec('DELETE FROM commits; DELETE FROM pages');
    for (const row of rows) {
      const columns = Object.keys(row);
      db.prepare(
        `INSERT INTO commits (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      ).run(...Object.values(row));
    }
    expect((await ledger.chains.of('lpar1')).problems).toMatchObject([
      { problem: 'its hash is not the one noted earlier' },
    ]);
    for (const each of [db, other.db]) each.close();
    await Promise.all([ledger.close(), other.ledger.close()]);
  });
});
