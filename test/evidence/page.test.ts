/** docs/evidence.md: what it tells a person to type, typed. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openMemoryLog } from '@apledger/event-log';
import { verifierText } from '@apledger/evidence';
import { Prover } from '@apledger/sealer';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { addFacts, place, seal } from './support.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/evidence.md'), 'utf8');
const script = /^```sh\n(.*?)^```$/ms.exec(page)?.[1] ?? '';
const proofs: string[] = [];
let key = '';

/** Types the page's lines with a file and a key of one's own. */
function typed(proof: string, vkey: string) {
  const directory = scratch();
  writeFileSync(join(directory, 'mine'), proof);
  const own = script.replace(/^f=.*$/m, 'f=mine').replace(/^key=.*$/m, `key=${vkey}`);
  const { stdout, stderr } = spawnSync('sh', ['-c', own], { cwd: directory, encoding: 'utf8' });
  return { lines: stdout.split('\n'), text: stdout + stderr };
}

beforeAll(async () => {
  const log = openMemoryLog();
  await addFacts(log, 300);
  const at = place();
  await seal(log, at);
  key = verifierText((await at.signer.open()).key.verifier);
  for (const position of [1, 200, 257, 300])
    proofs.push((await new Prover(log, at.files).prove(position)).text);
});

describe.skipIf(spawnSync('openssl', ['version']).status !== 0)('by hand, with openssl and sha256sum', () => {
  it('an evidence file holds', () => {
    for (const proof of proofs) {
      const { lines } = typed(proof, key);
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({ type: 'Counted', actor: 'test' });
      expect(lines.slice(1, 4)).toEqual([
        'the fact is in the log',
        'the log is ledger.example/test',
        'Signature Verified Successfully',
      ]);
    }
  });

  it('a changed fact, a changed place and another key do not', () => {
    const proof = proofs[1] ?? '';
    const extra = /^extra (.*)$/m.exec(proof)?.[1] ?? '';
    const forged = Buffer.from(extra, 'base64').toString().replace('"actor":"test"', '"actor":"rest"');
    expect(typed(proof.replace(extra, Buffer.from(forged).toString('base64')), key).text).toContain(
      'THE FACT IS NOT IN THE LOG',
    );
    expect(typed(proof.replace('index 199', 'index 198'), key).text).toContain('THE FACT IS NOT IN THE LOG');
    expect(typed(proof.replace('\n300\n', '\n301\n'), key).text).toContain('Signature Verification Failure');
    const other = key.replace(/A(?=[^+]*$)/, 'B').replace(/.{8}$/, 'AAAAAAAA');
    expect(typed(proof, other).text).not.toContain('Verified Successfully');
  });
});
