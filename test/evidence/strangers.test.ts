/** Programs that know nothing of apledger check its evidence: Go's checksum database, and openssl. */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openMemoryLog } from '@apledger/event-log';
import { base64Of, parseCheckpoint, parseVerifier, verifierText } from '@apledger/evidence';
import { Prover, TileReader } from '@apledger/sealer';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { addFacts, goVerifier, place, seal } from './support.ts';

const SIZES = [1, 2, 255, 256, 257, 700] as const;
/** Of the last tree: the first, the last, and those on both sides of a tile's edge. */
const LEAVES = [0, 1, 254, 255, 256, 511, 512, 698, 699];

const at = place();
const log = openMemoryLog();
const directory = scratch();
const file = (name: string, content: string): string => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};
const checkpoints = new Map<number, string>();
const proofs = new Map<number, string>();
let vkey = '';

beforeAll(async () => {
  let size = 0;
  for (const next of SIZES) {
    await addFacts(log, next - size);
    size = next;
    checkpoints.set(next, await seal(log, at));
  }
  vkey = verifierText((await at.signer.open()).key.verifier);
  const prover = new Prover(log, at.files);
  for (const leaf of LEAVES) proofs.set(leaf, (await prover.prove(leaf + 1)).text);
});

const go = goVerifier();
if (typeof go === 'string') console.warn(`\n*** NOT TESTED: evidence by Go: ${go} ***\n`);

describe.skipIf(typeof go === 'string')('golang.org/x/mod/sumdb', () => {
  const verify = (...args: string[]) =>
    typeof go === 'string' ? { status: 0, output: '' } : go(file('vkey', vkey), ...args);

  it('finds every leaf in the tree', () => {
    const files = [...proofs].map(([leaf, text]) => file(`${leaf}.tlog-proof`, text));
    const { status, output } = verify('inclusion', ...files);
    expect(output).toBe(LEAVES.map((leaf) => `leaf ${leaf} of 700 holds\n`).join(''));
    expect(status).toBe(0);
  });

  it('finds every checkpoint to continue every older one', async () => {
    const reader = (size: number) => new TileReader(at.files, size);
    for (const [i, size] of SIZES.entries())
      for (const old of SIZES.slice(0, i)) {
        const proof = (await reader(size).consistency(old)).map(base64Of).join('\n');
        const [a, b] = [file('old', checkpoints.get(old) ?? ''), file('new', checkpoints.get(size) ?? '')];
        expect(verify('consistency', a, b, file('proof', `${proof}\n`))).toEqual({
          status: 0,
          output: `consistency ${old} -> ${size} holds\n`,
        });
      }
  });

  it('refuses a changed fact, a changed index and a changed checkpoint', () => {
    const good = proofs.get(256) ?? '';
    const extra = /^extra (.*)$/m.exec(good)?.[1] ?? '';
    const fact = Buffer.from(extra, 'base64')
      .toString()
      .replace(/"i":\d+/, '"i":77');
    for (const bad of [
      good.replace(extra, Buffer.from(fact).toString('base64')),
      good.replace('index 256', 'index 257'),
      good.replace('\n700\n', '\n701\n'),
    ]) {
      expect(bad).not.toBe(good);
      expect(verify('inclusion', file('bad', bad))).toMatchObject({
        status: 1,
        output: expect.stringContaining('REFUSED'),
      });
    }
  });
});

const openssl = spawnSync('openssl', ['version'], { encoding: 'utf8' });
const noOpenssl = openssl.status !== 0;
if (noOpenssl) console.warn('\n*** NOT TESTED: signatures by openssl, which is not installed ***\n');

describe.skipIf(noOpenssl)('openssl', () => {
  it('finds the signature of a checkpoint to be that of its key, and no other', async () => {
    const { note } = parseCheckpoint(checkpoints.get(700) ?? '');
    const { key } = await parseVerifier(vkey);
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key]);
    const [text, pub, signature] = [
      join(directory, 'text'),
      join(directory, 'pub'),
      join(directory, 'signature'),
    ];
    writeFileSync(pub, der);
    writeFileSync(signature, note.signatures[0]?.signature ?? '');
    const args = [
      'pkeyutl',
      '-verify',
      '-rawin',
      '-pubin',
      '-keyform',
      'DER',
      '-inkey',
      pub,
      '-sigfile',
      signature,
      '-in',
    ];
    writeFileSync(text, note.text);
    expect(execFileSync('openssl', [...args, text], { encoding: 'utf8' })).toContain(
      'Signature Verified Successfully',
    );
    writeFileSync(text, note.text.replace('700', '699'));
    expect(spawnSync('openssl', [...args, text]).status).not.toBe(0);
  });
});
