/** Every kind of tampering with a log is noticed by `apledger verify` with a checkpoint that covers it. */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { canonicalEnvelope, chainHash, NO_HEAD, openSqliteLog, type RecordedFact } from '@apledger/event-log';
import { pack } from '@apledger/events';
import { EvidenceError } from '@apledger/evidence';
import { evolve, HostState, STATE_VERSION } from '@apledger/host';
import { Prover, Sealer } from '@apledger/sealer';
import { beforeAll, describe, expect, it } from 'vitest';
import { apledger, file } from '../cli/support.ts';
import { scratch } from '../support/file.ts';
import { type Place, place, seal } from './support.ts';

const base = scratch();
/** What the auditor has kept: a checkpoint in the middle, one at the end, one evidence file, and whom to trust. */
const kept = scratch();
const [middle, end, evidence, policy] = ['middle', 'end', 'fact.tlog-proof', 'policy'].map((name) =>
  join(kept, name),
);
let [size, proven] = [0, 0];

/** Commands that leave facts on two hosts. */
const script = (from: number): string => {
  const lines =
    from === 0
      ? ['host a adapters=5,6 domains=4,71 driver=6.12', 'host b adapters=5,6 domains=4,71 driver=6.12']
      : [];
  for (let i = from; i < from + 180; i++)
    lines.push(
      `host ${i % 2 === 0 ? 'a' : 'b'}`,
      `echo ${i % 3 === 0 ? '+' : '-'}${5 + (i % 2)} > /sys/bus/ap/apmask`,
    );
  return `${lines.join('\n')}\n`;
};

const at = (data: string): Place => place(data);

async function record(data: string, from: number): Promise<string> {
  expect(await apledger('run', file('s.sh', script(from)), '--data', data)).toMatchObject({ status: 0 });
  const log = await openSqliteLog({ directory: data, readOnly: true });
  try {
    return await seal(log, at(data));
  } finally {
    await log.close();
  }
}

beforeAll(async () => {
  writeFileSync(middle ?? '', await record(base, 0));
  cpSync(base, join(kept, '..', 'backup'), { recursive: true });
  const last = await record(base, 180);
  writeFileSync(end ?? '', last);
  size = Number(last.split('\n')[1]);
  proven = size - 20;
  const log = await openSqliteLog({ directory: base, readOnly: true });
  writeFileSync(evidence ?? '', (await new Prover(log, at(base).files).prove(proven + 1)).text);
  await log.close();
  const { verifier } = (await at(base).signer.open()).key;
  const { verifierText } = await import('@apledger/evidence');
  writeFileSync(policy ?? '', `log ${verifierText(verifier)}\nquorum none\n`);
});

/** A copy of the log with everything that belongs to it, changed by an attacker. */
async function changed(attack: (data: string) => void | Promise<void>): Promise<string> {
  const data = join(scratch(), 'data');
  cpSync(base, data, { recursive: true });
  await attack(data);
  return data;
}

const verified = (data: string, since: string | undefined = end) =>
  apledger('verify', '--data', data, '--policy', policy ?? '', '--since', since ?? '');

/** Changes the database below the log's back. */
function sql(data: string, work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(join(data, 'log.sqlite'));
  work(db);
  db.close();
}

const run =
  (statement: string, ...values: (string | number | Uint8Array)[]) =>
  (data: string): void =>
    sql(data, (db) => void db.prepare(statement).run(...values));

/** Gives another person the blame for a fact, in the log as it is stored. */
const blame = (position: number): string =>
  `UPDATE commits SET body = replace(body, '"actor":"', '"actor":"not-') WHERE position = ${position}`;

/** Computes all hashes anew, as one does who knows how: the log is consistent with itself then. */
function rewrite(data: string): void {
  sql(data, (db) => {
    const last = new Map<string, string>();
    for (const { position, body } of db
      .prepare('SELECT position, body FROM commits ORDER BY position')
      .all()) {
      const hashes = (JSON.parse(String(body)) as RecordedFact[]).map((fact) => {
        const hash = chainHash(last.get(fact.stream) ?? NO_HEAD.hash, canonicalEnvelope(fact));
        last.set(fact.stream, hash);
        return Buffer.from(hash, 'hex');
      });
      db.prepare('UPDATE commits SET hashes = ? WHERE position = ?').run(
        Buffer.concat(hashes),
        Number(position),
      );
    }
  });
}

/** Position of the last fact of the commit that holds a position. */
const commitOf = (data: string, position: number): number => {
  let found = 0;
  sql(data, (db) => {
    found = Number(db.prepare('SELECT min(position) AS p FROM commits WHERE position >= ?').get(position)?.p);
  });
  return found;
};

it('an untouched log is the one that was signed', async () => {
  for (const since of [middle, end, evidence, kept].slice(0, 3))
    expect(await verified(base, since)).toMatchObject({
      status: 0,
      out: expect.stringContaining('; 0 differences'),
    });
});

describe('what is noticed, and where', () => {
  it.each<[string, (data: string) => void | Promise<void>, RegExp]>([
    [
      'a row in the middle',
      (data) => run(blame(commitOf(data, 200)))(data),
      /position (19\d|200): its hash is not that/,
    ],
    [
      'the last row',
      (data) => run(blame(commitOf(data, size)))(data),
      /leaf \d+, host-[ab], .*is not the fact that .*end covers/,
    ],
    [
      'a hash',
      run(
        'UPDATE commits SET hashes = zeroblob(length(hashes)) WHERE position = (SELECT position FROM commits WHERE position >= 200 LIMIT 1)',
      ),
      /its hash is not that of its content/,
    ],
    [
      'a packed form',
      run(
        'UPDATE commits SET packed = zeroblob(length(packed)) WHERE position = (SELECT position FROM commits WHERE position >= 200 LIMIT 1)',
      ),
      /packed form/,
    ],
    [
      'a row removed',
      run(
        'DELETE FROM commits WHERE position = (SELECT position FROM commits WHERE position >= 200 LIMIT 1)',
      ),
      /position 20\d: revision \d+ where \d+ should follow/,
    ],
    [
      'the tail cut',
      (data) => {
        run('DELETE FROM commits WHERE position > ?', commitOf(data, size - 50))(data);
        run('DELETE FROM pages')(data);
      },
      /within \d+\.\.\d+: the log ends after \d+ facts, and .*end covers \d+/,
    ],
    [
      'the tail cut, and the tiles removed',
      (data) => {
        run('DELETE FROM commits WHERE position > ?', commitOf(data, size - 50))(data);
        run('DELETE FROM pages')(data);
        rmSync(join(data, 'tlog'), { recursive: true });
      },
      /the log ends after/,
    ],
  ])('%s', async (_, attack, told) => {
    const { status, out } = await verified(await changed(attack));
    expect(out).toMatch(told);
    expect(status).toBe(1);
  });

  it('two rows swapped', async () => {
    const data = await changed((copy) =>
      sql(copy, (db) => {
        const [a, b] = db
          .prepare(
            'SELECT position FROM commits WHERE position >= 200 AND count = 1 ORDER BY position LIMIT 2',
          )
          .all();
        const move = db.prepare('UPDATE commits SET position = ? WHERE position = ?');
        move.run(9999, Number(a?.position));
        move.run(Number(a?.position), Number(b?.position));
        move.run(Number(b?.position), 9999);
        db.exec('DELETE FROM pages');
      }),
    );
    const { status, out } = await verified(data);
    expect(out).toMatch(/^host-[ab], revision \d+, position 2\d\d: revision \d+ where \d+ should follow$/m);
    expect(out).toMatch(/^log, .*: the read model cannot be compared with a log that cannot be folded: /m);
    // Tiles survive, so the leaf is named.
    expect(out).toMatch(
      /^leaf \d+, host-[ab], revision \d+, position 2\d\d: it is not the fact that .*end covers$/m,
    );
    expect(status).toBe(1);
  });

  it('a fact changed and every hash computed anew: the chain holds, the leaf does not', async () => {
    let position = 0;
    const data = await changed((copy) => {
      position = commitOf(copy, 200);
      run(blame(position))(copy);
      rewrite(copy);
      rmSync(join(copy, 'read-model.sqlite'), { force: true });
    });
    const { status, out } = await verified(data);
    expect(out).toMatch(/, 0 problems$/m);
    expect(out).toMatch(
      /^leaf (19\d|20\d), host-[ab], revision \d+, position (19\d|20\d): it is not the fact that/m,
    );
    expect(status).toBe(1);
  });

  it('the same, and the tiles removed: the range between two kept checkpoints', async () => {
    const between = Number(readFileSync(middle ?? '', 'utf8').split('\n')[1]) + 10;
    const data = await changed((copy) => {
      run(blame(commitOf(copy, between)))(copy);
      rewrite(copy);
      rmSync(join(copy, 'tlog'), { recursive: true });
    });
    const both = scratch();
    for (const path of [middle, end]) cpSync(path ?? '', join(both, path?.split('/').at(-1) ?? ''));
    const { status, out } = await verified(data, both);
    expect(out).toMatch(
      new RegExp(
        `^within ${between - 10}\\.\\.${size - 1}: these facts are not those that .*end covers`,
        'm',
      ),
    );
    expect(out).not.toContain('middle covers');
    expect(status).toBe(1);
  });

  it('the key stolen, history rewritten and signed again', async () => {
    const data = await changed(async (copy) => {
      run(blame(commitOf(copy, proven + 1)))(copy);
      rewrite(copy);
      rmSync(join(copy, 'tlog'), { recursive: true });
      const stolen = readFileSync(join(copy, 'signer', 'key'));
      rmSync(join(copy, 'signer'), { recursive: true });
      mkdirSync(join(copy, 'signer'));
      writeFileSync(join(copy, 'signer', 'key'), stolen);
      const log = await openSqliteLog({ directory: copy, readOnly: true });
      await seal(log, at(copy));
      await log.close();
    });
    const before = await verified(data, end);
    expect(before.out).toMatch(
      new RegExp(`^within 0\\.\\.${size - 1}: these facts are not those that .*end covers`, 'm'),
    );
    expect(before.status).toBe(1);
    const one = await verified(data, evidence);
    expect(one.out).toMatch(
      new RegExp(`^leaf ${proven}, host-[ab], .*: it is not the fact of .*fact.tlog-proof`, 'm'),
    );
    expect(one.status).toBe(1);
    // Nobody can notice it who has kept nothing. docs/evidence.md says so.
    expect(await apledger('verify', '--data', data, '--policy', policy ?? '')).toMatchObject({ status: 0 });
  });

  it('a tile edited: the log is right, and the tile is named', async () => {
    const data = await changed((copy) => {
      const path = join(copy, 'tlog/tile/0/000');
      const tile = readFileSync(path);
      tile[40] = (tile[40] ?? 0) ^ 1;
      writeFileSync(path, tile);
    });
    const { status, out } = await verified(data);
    expect(out).toContain('tile/0/000 is missing or is not what follows from the log');
    expect(out).not.toMatch(/^leaf /m);
    expect(status).toBe(1);
  });

  it('a checkpoint edited', async () => {
    const data = await changed((copy) => {
      const path = join(copy, 'tlog/checkpoint');
      writeFileSync(path, readFileSync(path, 'utf8').replace(`\n${size}\n`, `\n${size - 1}\n`));
    });
    const { status, out } = await verified(data);
    expect(out).toMatch(/checkpoint: the signature of ledger\.example\/test is false/);
    expect(status).toBe(1);
  });

  it('a kept file edited: it is refused, and nothing is said about the log by it', async () => {
    const forged = file('forged', readFileSync(end ?? '', 'utf8').replace(`\n${size}\n`, `\n${size - 1}\n`));
    expect(await verified(base, forged)).toMatchObject({
      status: 1,
      out: expect.stringContaining('is false'),
    });
    const broken = file(
      'broken',
      readFileSync(evidence ?? '', 'utf8').replace(`index ${proven}`, `index ${proven - 1}`),
    );
    expect(await verified(base, broken)).toMatchObject({
      status: 2,
      err: expect.stringContaining('is not leaf'),
    });
  });
});

describe('what was folded, forged with its checksum', () => {
  /** Gives the kept state an mdev that no fact made; what is forged is believed until `verify` makes it again. */
  function forge(data: string, table: 'state' | 'snapshot'): void {
    const db = new DatabaseSync(join(data, 'read-model.sqlite'));
    const { host, revision, hash, bytes } = db.prepare(`SELECT * FROM ${table} WHERE host = 'a'`).get() ?? {};
    const packed = (bytes as Uint8Array).subarray(16);
    const state = HostState.ofBytes(zstdDecompressSync(packed));
    if (state === undefined) throw new Error('no state');
    const { position, occurredAt } = state;
    evolve(state, { type: 'MdevCreated', data: { mdev: 'ffffffff-0000-4000-8000-000000000009' } });
    state.place(Number(revision), position, occurredAt);
    const forged = zstdCompressSync(state.toBytes());
    const checksum = createHash('sha256')
      .update(`${JSON.stringify([STATE_VERSION, host, revision, hash])}\n`)
      .update(forged)
      .digest()
      .subarray(0, 16);
    const sql = `UPDATE ${table} SET bytes = ? WHERE host = 'a' AND revision = ?`;
    db.prepare(sql).run(Buffer.concat([checksum, forged]), Number(revision));
    db.close();
  }

  it.each(['state', 'snapshot'] as const)('a %s', async (table) => {
    const data = await changed(async (copy) => {
      const log = await openSqliteLog({ directory: copy });
      const revision = (await log.head('host-a'))?.revision ?? 0;
      // Beyond the first snapshot.
      const facts = Array.from({ length: 2100 - revision }, () => ({
        ...{ type: 'BusScanned', version: 1, occurredAt: new Date().toISOString(), data: { scans: 1 } },
        packed: pack({ type: 'BusScanned', data: { scans: 1 } }),
      }));
      const commandId = crypto.randomUUID();
      const of = { stream: 'host-a', expected: revision, actor: 'a', correlation: 'c', commandId };
      await log.append({ ...of, facts });
      await log.close();
      await apledger('show', 'host', '--data', copy);
    });
    expect(await verified(data)).toMatchObject({ status: 0 });
    forge(data, table);
    const shown = await apledger('show', 'mdev', '--host', 'a', '--data', data);
    if (table === 'state') expect(shown.out).toContain('ffffffff-0000-4000-8000-000000000009');
    const { status, out } = await verified(data);
    expect(out).toMatch(
      new RegExp(
        `^host-a, revision \\d+, position 0: the read model's ${table} is not what the log makes`,
        'm',
      ),
    );
    expect(status).toBe(1);
    expect(await apledger('rebuild', '--data', data)).toMatchObject({ status: 0 });
    expect(await verified(data)).toMatchObject({ status: 0 });
  });
});

describe('an old backup restored', () => {
  const restored = async (): Promise<string> => {
    const data = join(scratch(), 'data');
    cpSync(join(kept, '..', 'backup'), data, { recursive: true });
    // The signer's memory is not part of the backup.
    rmSync(join(data, 'signer'), { recursive: true });
    cpSync(join(base, 'signer'), join(data, 'signer'), { recursive: true });
    return data;
  };

  it('is noticed by verify, and the sealer refuses to sign it', async () => {
    const data = await restored();
    const { status, out } = await verified(data);
    expect(out).toMatch(/the log ends after \d+ facts, and .*end covers/);
    expect(status).toBe(1);
    const log = await openSqliteLog({ directory: data, readOnly: true });
    const { files, signer } = at(data);
    const sealer = await Sealer.open({ log, files, signer });
    await expect(sealer.step()).rejects.toThrow(
      /this log ends before what was signed: it has \d+ facts, and \d+ were signed/,
    );
    await log.close();
  });

  it('is refused too when it has grown beyond what was signed', async () => {
    const data = await restored();
    for (const from of [180, 360]) await apledger('run', file('s.sh', script(from)), '--data', data);
    const log = await openSqliteLog({ directory: data, readOnly: true });
    const before = readFileSync(join(data, 'tlog/checkpoint'), 'utf8');
    const { files, signer } = at(data);
    const sealer = await Sealer.open({ log, files, signer });
    for (let i = 0; i < 2; i++) {
      await expect(sealer.step()).rejects.toThrow(EvidenceError);
      await expect(sealer.step()).rejects.toThrow(/differs from what was signed/);
    }
    expect(readFileSync(join(data, 'tlog/checkpoint'), 'utf8')).toBe(before);
    await log.close();
  });
});
