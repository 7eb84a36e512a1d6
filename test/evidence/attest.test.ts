/** What `apledger verify` says of checkpoints beside the log: those of another history, those that are gone, those of false names. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openMemoryLog, openSqliteLog } from '@apledger/event-log';
import {
  cosignature,
  cosignedMessage,
  noteText,
  parseCheckpoint,
  parseNote,
  verifierText,
} from '@apledger/evidence';
import { type Key, openKey, TileFiles, withSignatures } from '@apledger/sealer';
import { beforeAll, describe, expect, it } from 'vitest';
import { apledger, file } from '../cli/support.ts';
import { scratch } from '../support/file.ts';
import { addFacts, place, seal } from './support.ts';

const base = scratch();
let witness: Key;
/** Policies of the auditor: one that trusts the log's key alone, and one that wants the witness too. */
let [alone, audited] = ['', ''];
let size = 0;

/** The checkpoint with the witness's signature under it. */
async function cosigned(checkpoint: string): Promise<string> {
  const note = parseNote(checkpoint);
  const { name, id } = witness.verifier;
  const time = 1_700_000_000;
  const raw = await witness.sign(cosignedMessage(note.text, time));
  return noteText(withSignatures(note, [{ name, id, signature: cosignature(time, raw) }]));
}

/** A checkpoint of so many other facts, signed with the stolen key and cosigned. */
async function ofAnotherHistory(count: number): Promise<string> {
  const log = openMemoryLog();
  await addFacts(log, count);
  const stolen = place();
  mkdirSync(stolen.signerDirectory, { recursive: true });
  cpSync(join(base, 'signer/key'), join(stolen.signerDirectory, 'key'));
  return cosigned(await seal(log, stolen));
}

beforeAll(async () => {
  const script = ['host a adapters=5,6 domains=4,71 driver=6.12'];
  for (let i = 0; i < 20; i++) script.push(`echo ${i % 2 === 0 ? '-' : '+'}5 > /sys/bus/ap/apmask`);
  await apledger('run', file('s.sh', `${script.join('\n')}\n`), '--data', base);
  const log = await openSqliteLog({ directory: base, readOnly: true });
  const there = place(base);
  const checkpoint = await seal(log, there);
  await log.close();
  size = parseCheckpoint(checkpoint).size;
  witness = (await openKey({ directory: scratch(), kind: 'witness', name: 'witness.example/audit' })).key;
  const key = verifierText((await there.signer.open()).key.verifier);
  alone = file('alone.policy', `log ${key}\nquorum none\n`);
  audited = file(
    'audited.policy',
    `log ${key}\nwitness audit ${verifierText(witness.verifier)}\nquorum audit\n`,
  );
  await new TileFiles(there.tlog).writeCheckpoint(await cosigned(checkpoint), 'checkpoint.witnessed');
});

/** A copy of the log that somebody has changed. */
async function changed(attack: (tlog: string) => unknown): Promise<string> {
  const data = join(scratch(), 'data');
  cpSync(base, data, { recursive: true });
  await attack(join(data, 'tlog'));
  return data;
}

const verified = (data: string, ...more: string[]) => apledger('verify', '--data', data, ...more);

describe('a witnessed checkpoint', () => {
  it('of this history is told with its witnesses', async () => {
    const { status, out } = await verified(base, '--policy', audited);
    expect(out).toContain(`witnessed ${size} facts by audit`);
    expect(out).toContain('; 0 differences');
    expect(status).toBe(0);
  });

  it.each([0, -3])('of another history is a difference, %i facts further', async (more) => {
    const data = await changed(async (tlog) =>
      writeFileSync(join(tlog, 'checkpoint.witnessed'), await ofAnotherHistory(size + more)),
    );
    for (const policy of [audited, alone]) {
      const { status, out } = await verified(data, '--policy', policy);
      expect(out).toContain('these facts are not those that checkpoint.witnessed covers');
      expect(out).toContain('; 1 difference\n');
      expect(out).not.toMatch(/^witnessed /m);
      expect(status).toBe(1);
    }
  });

  it('that covers more than the log has shows that its tail was cut', async () => {
    const data = await changed(async (tlog) =>
      writeFileSync(join(tlog, 'checkpoint.witnessed'), await ofAnotherHistory(size + 5)),
    );
    const { status, out } = await verified(data, '--policy', audited);
    expect(out).toContain(`the log ends after ${size} facts, and checkpoint.witnessed covers ${size + 5}`);
    expect(status).toBe(1);
  });

  it('that a policy asks for and is not there is a problem', async () => {
    const data = await changed((tlog) => rmSync(join(tlog, 'checkpoint.witnessed')));
    const { status, out } = await verified(data, '--policy', audited);
    expect(out).toContain('no checkpoint has the cosignatures that the policy asks for (audit)');
    expect(status).toBe(1);
  });
});

describe('a log without the checkpoint that a policy is for', () => {
  const gone = (tlog: string): void => {
    rmSync(join(tlog, 'checkpoint'));
    rmSync(join(tlog, 'checkpoint.witnessed'));
  };

  it.each([
    ['checkpoint removed', gone],
    ['tlog removed', (tlog: string) => rmSync(tlog, { recursive: true })],
  ])('%s: it is told, with status 1', async (_, attack) => {
    const data = await changed(attack);
    for (const policy of [alone, audited]) {
      const { status, out } = await verified(data, '--policy', policy);
      expect(out).toMatch(/^the log has no checkpoint: it was never sealed, or somebody removed it$/m);
      expect(out).toMatch(/^not sealed; \d differences?$/m);
      expect(status).toBe(1);
    }
  });

  it('and with neither a policy nor anything sealed, nothing is said', async () => {
    const data = await changed((tlog) => rmSync(tlog, { recursive: true }));
    const { status, out } = await verified(data);
    expect(out).not.toContain('sealed');
    expect(status).toBe(0);
  });

  it('an empty one has no facts that are not sealed yet', async () => {
    const data = await changed((tlog) => {
      gone(tlog);
      writeFileSync(join(tlog, 'checkpoint'), '');
    });
    const { status, out } = await verified(data, '--policy', alone);
    expect(out).toMatch(/^checkpoint: /m);
    expect(out).not.toMatch(/Infinity|not sealed yet/);
    expect(status).toBe(1);
  });
});

it('a kept file that is called checkpoint vouches for no checkpoint of the log', async () => {
  const kept = scratch();
  cpSync(join(base, 'tlog/checkpoint'), join(kept, 'checkpoint'));
  const data = await changed((tlog) => {
    const path = join(tlog, 'checkpoint');
    writeFileSync(path, readFileSync(path, 'utf8').replace(`\n${size}\n`, `\n${size - 1}\n`));
    rmSync(join(tlog, 'checkpoint.witnessed'));
  });
  const before = process.cwd();
  process.chdir(kept);
  try {
    const { status, out } = await verified(data, '--policy', alone, '--since', 'checkpoint');
    expect(out).toContain('signed by no key that is trusted');
    expect(status).toBe(1);
  } finally {
    process.chdir(before);
  }
});
