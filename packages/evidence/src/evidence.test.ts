/** Trees, notes and policies, held to their specifications by straightforward versions of them. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Bytes,
  base64Of,
  checkConsistency,
  checkEndorsement,
  checkpointText,
  concat,
  consistencyRanges,
  cosignature,
  cosignedMessage,
  inclusionRanges,
  isEnough,
  leafText,
  noteText,
  parseCheckpoint,
  parseNote,
  parsePolicy,
  parseProofFile,
  parseTilePath,
  parseVerifier,
  proofText,
  rootByInclusion,
  tilePath,
  utf8,
  type Verifier,
  verifierOf,
  verifierText,
  verifyProof,
} from './index.ts';

const sha = (...parts: Uint8Array[]): Bytes => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
};
const leafOf = (text: string): Bytes => sha(Uint8Array.of(0), utf8(text));

/** MTH of RFC 6962, section 2.1, word for word. */
function mth(leaves: readonly string[]): Bytes {
  if (leaves.length === 0) return sha();
  if (leaves.length === 1) return leafOf(leaves[0] ?? '');
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha(Uint8Array.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

const tree = (size: number): readonly string[] => Array.from({ length: size }, (_, i) => `leaf ${i}`);
const hashes = (leaves: readonly string[], ranges: readonly { from: number; to: number }[]): Bytes[] =>
  ranges.map(({ from, to }) => mth(leaves.slice(from, to)));

const sizes = fc.tuple(fc.integer({ min: 1, max: 70 }), fc.nat()).map(([size, other]) => ({ size, other }));

describe('a Merkle tree', () => {
  it('proves each leaf, and no other in its place', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ size, other }) => {
        const [leaves, index] = [tree(size), other % size];
        const proof = hashes(leaves, inclusionRanges(index, size));
        expect(await rootByInclusion(index, size, leafOf(`leaf ${index}`), proof)).toEqual(mth(leaves));
        expect(await rootByInclusion(index, size, leafOf('another'), proof)).not.toEqual(mth(leaves));
        await expect(rootByInclusion(index, size, leafOf(''), [...proof, sha()])).rejects.toThrow('needs');
      }),
    );
  });

  it('proves that an older tree is its beginning, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ size, other }) => {
        const [leaves, old] = [tree(size), other % (size + 1)];
        const proof = hashes(leaves, consistencyRanges(old, size));
        const [before, after] = [
          { size: old, root: mth(leaves.slice(0, old)) },
          { size, root: mth(leaves) },
        ];
        await checkConsistency(before, after, proof);
        const forged = { size: old, root: sha(utf8('forged')) };
        await expect(checkConsistency(forged, after, proof)).rejects.toThrow('root');
        if (old === 0) return; // nothing continues everything
        await expect(checkConsistency(before, { size, root: sha(utf8('forged')) }, proof)).rejects.toThrow(
          'root',
        );
      }),
    );
  });
});

const pair = generateKeyPairSync('ed25519');
const raw = (): Bytes =>
  Uint8Array.from(pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
const log = await verifierOf('ledger.example/a', 'log', raw());
const signed = (text: string, { name, id }: Verifier = log): string =>
  noteText({
    text,
    signatures: [{ name, id, signature: Uint8Array.from(sign(null, utf8(text), pair.privateKey)) }],
  });

/** A log of one stream; the evidence file of one of its facts. */
function evidence(count: number, index: number): string {
  let previous = '0'.repeat(64);
  const sealed: string[] = [];
  const leaves = Array.from({ length: count }, (_, revision) => {
    sealed.push(`${previous}{"revision":${revision},"stream":"host-a"}`);
    previous = Buffer.from(sha(utf8(sealed.at(-1) ?? ''))).toString('hex');
    return leafText({ stream: 'host-a', revision, hash: previous });
  });
  const checkpoint = checkpointText({ origin: log.name, size: count, root: mth(leaves), extensions: [] });
  return proofText(
    sealed[index] ?? '',
    index,
    hashes(leaves, inclusionRanges(index, count)),
    signed(checkpoint),
  );
}

describe('an evidence file', () => {
  const policy = parsePolicy(`log ${verifierText(log)}\nquorum none\n`);

  it('proves its fact', async () => {
    const { fact, index } = await verifyProof(evidence(13, 7), await policy);
    expect({ ...fact, index }).toMatchObject({ stream: 'host-a', revision: 7, index: 7 });
  });

  it('proves nothing once a byte of it was changed', async () => {
    const text = evidence(13, 7);
    const trusted = await policy;
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), async (at, other) => {
        const byte = String.fromCharCode(other);
        if (text[at] === byte) return;
        const changed = text.slice(0, at) + byte + text.slice(at + 1);
        await expect(verifyProof(changed, trusted)).rejects.toThrow();
      }),
      { numRuns: 300 },
    );
  });

  it('is not believed when nobody is trusted who signed it', async () => {
    const other = await verifierOf('ledger.example/b', 'log', raw());
    const stranger = await parsePolicy(`log ${verifierText(other)}\nquorum none\n`);
    await expect(verifyProof(evidence(3, 1), stranger)).rejects.toThrow('no key that is trusted');
  });

  it('has to be whole', () => {
    for (const bad of [
      '',
      'c2sp.org/tlog-proof@v2\n',
      evidence(3, 1).replace(/^extra.*\n/m, ''),
      evidence(3, 1).slice(0, 60),
    ])
      expect(() => parseProofFile(bad)).toThrow();
  });
});

describe('a verifier key', () => {
  it('is what Go writes', async () => {
    // From the documentation of golang.org/x/mod/sumdb/note.
    const text = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
    expect(verifierText(await parseVerifier(text))).toBe(text);
    await expect(parseVerifier(text.replace('c74f', 'c74e'))).rejects.toThrow('has id c74f20a3');
  });

  it('reads the note of that documentation', async () => {
    const peter = await parseVerifier('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
    const text =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
      '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
    const { signedBy } = await import('./note.ts');
    expect(await signedBy(parseNote(text), peter)).toBe(0);
    await expect(signedBy(parseNote(text.replace('answer', 'question')), peter)).rejects.toThrow('is false');
  });
});

describe('a policy', () => {
  const witness = async (name: string) => {
    const keys = generateKeyPairSync('ed25519');
    const key = Uint8Array.from(keys.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
    return { verifier: await verifierOf(name, 'witness', key), keys };
  };

  it('counts members of groups', async () => {
    const all = await Promise.all(['w1', 'w2', 'w3'].map(witness));
    const lines = all.map(({ verifier }) => `witness ${verifier.name} ${verifierText(verifier)}`);
    const text = `# two of three\nlog ${verifierText(log)} https://ledger.example/a\n\t${lines.join('\n ')}\ngroup some 2 w1 w2 w3\nquorum some\n`;
    const policy = await parsePolicy(text);
    expect(isEnough(policy, new Set(['w1']))).toBe(false);
    expect(isEnough(policy, new Set(['w1', 'w3']))).toBe(true);
    const body = checkpointText({ origin: log.name, size: 0, root: sha(), extensions: [] });
    const cosigned = (count: number): string => {
      const note = parseNote(signed(body));
      const more = all.slice(0, count).map(({ verifier: { name, id }, keys }) => {
        const raw = sign(null, cosignedMessage(body, 1234), keys.privateKey);
        return { name, id, signature: cosignature(1234, raw) };
      });
      return noteText({ text: body, signatures: [...more, ...note.signatures] });
    };
    await expect(checkEndorsement(parseCheckpoint(cosigned(1)), policy)).rejects.toThrow('1 of 3 witnesses');
    expect((await checkEndorsement(parseCheckpoint(cosigned(2)), policy)).witnesses).toEqual([
      { name: 'w1', time: 1234 },
      { name: 'w2', time: 1234 },
    ]);
  });

  it.each([
    ['', 'has no quorum'],
    ['quorum none\nquorum none\n', 'line 2 of the policy: there is a quorum already'],
    ['quorum x\n', '"x" is not defined above'],
    ['group g 2 a\n', 'of 1 members'],
    ['logs x\n', 'is not log, witness, group or quorum'],
    ['log x\n', 'is no verifier key'],
  ])('%j is refused', async (text, why) => {
    await expect(parsePolicy(text)).rejects.toThrow(why);
  });
});

describe('names of files', () => {
  it('are those of the specification', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067');
    expect(tilePath({ level: 2, index: 0, width: 1 })).toBe('tile/2/000.p/1');
    expect(parseTilePath('x001/x234/067.p/12')).toEqual({ index: 1_234_067, width: 12 });
    for (const bad of ['67', '067.p/256', '067.p/0', 'x000/067', '../067', '067/', 'x001/x234', ''])
      expect(parseTilePath(bad)).toBeUndefined();
  });

  it('a leaf has no stream whose name would be two lines', () => {
    const leaf = { stream: 'host-a', revision: 3, hash: 'ab'.repeat(32) };
    expect(leafText(leaf)).toBe(`apledger.leaf/v1\nhost-a\n3\n${leaf.hash}\n`);
    expect(() => leafText({ ...leaf, stream: 'a\nb' })).toThrow('line feed');
    expect(base64Of(concat(utf8('a'), utf8('b')))).toBe('YWI=');
  });
});
