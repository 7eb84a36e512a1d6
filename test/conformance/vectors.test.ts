/** The kernel's own answers: every vector, through the code that the service uses. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { GENERATION_NAMES } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import { apledger, file, inRepository } from '../cli/support.ts';

const filesOf = (generation: string): string[] =>
  readdirSync(inRepository(`test/vectors/${generation}`)).map((name) =>
    inRepository(`test/vectors/${generation}/${name}`),
  );

/** No kernel 6.8 has answered yet (docs/driver-rules-older.md 12). */
const ANSWERED = GENERATION_NAMES.filter((generation) => generation !== '6.8');

describe.each(ANSWERED)('the rules of %s', (generation) => {
  it.each(filesOf(generation).map((path) => [path.split('/').at(-1) ?? path, path]))(
    'answer %s as the kernel does',
    async (_name, path) => {
      const { status, out } = await apledger('conform', '--json', path);
      const { first, mismatches, sequences } = JSON.parse(out);
      expect(first).toBeNull();
      expect({ status, mismatches }).toEqual({ status: 0, mismatches: 0 });
      expect(sequences).toBe(gunzipSync(readFileSync(path)).toString().trimEnd().split('\n').length);
    },
  );
});

describe('conform', () => {
  const lines = gunzipSync(readFileSync(inRepository('test/vectors/7.3/assign.jsonl.gz')))
    .toString()
    .split('\n');
  const [vector = ''] = lines;

  it('accepts plain and compressed files, and prints what it counted', async () => {
    const { status, out } = await apledger(
      'conform',
      file('plain.jsonl', vector),
      file('small.jsonl.gz', gzipSync(vector)),
    );
    expect(status).toBe(0);
    expect(out).toMatch(/^2 sequences, \d+ steps, 0 mismatches\n$/);
  });

  it.each([
    [
      'a result',
      (step: Record<string, unknown>) => Object.assign(step, { e: 'EIO' }),
      /result\n.*expected "EIO"/,
    ],
    [
      'a mask',
      (step: Record<string, unknown>) => Object.assign(step, { apmask: `0x${'0'.repeat(64)}` }),
      /apmask/,
    ],
    [
      'a binding',
      (step: Record<string, unknown>) => Object.assign(step, { b: ['+vfio_ap 00.0000'] }),
      /bind events/,
    ],
    ['a reset', (step: Record<string, unknown>) => Object.assign(step, { z: ['00.0000=7'] }), /resets/],
    [
      'an mdev',
      (step: Record<string, unknown>) =>
        Object.assign(step, { m: { ...(step.m as object | undefined), Z: mdev } }),
      /mdev Z/,
    ],
    [
      'a file',
      (step: Record<string, unknown>) => Object.assign(step, { out: { apmask: 'x' } }),
      /file apmask/,
    ],
  ])('finds %s that differs, and says where', async (_what, change, told) => {
    const changed = JSON.parse(vector);
    change(changed.steps.at(-1));
    const { status, out } = await apledger('conform', file('changed.jsonl', JSON.stringify(changed)));
    expect(status).toBe(1);
    expect(out).toMatch(/^1 sequences, \d+ steps, 1 mismatches\nFirst mismatch: /);
    expect(out).toContain(`changed.jsonl:1 ${changed.id}, step ${changed.steps.length - 1}`);
    expect(out).toMatch(told);
  });

  it.each([
    ['no JSON', 'nonsense', /broken.jsonl:1: not JSON/],
    ['no vector', '{"id":1}', /broken.jsonl:1: not a vector/],
    ['an unknown kernel', vector.replace('"kernel":"7.3.4"', '"kernel":"9.9"'), /no rules for kernel 9.9/],
    ['an unknown operation', vector.replace('"op":"', '"op":"un'), /no such operation: un/],
    ['broken compression', gzipSync(vector).subarray(0, 200), /broken.jsonl/],
  ])('refuses a file with %s', async (_what, content, told) => {
    const { status, err, out } = await apledger('conform', file('broken.jsonl', content));
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toMatch(told);
  });

  it('refuses a file that is not there', async () => {
    const { status, err } = await apledger('conform', '/nowhere/at-all.gz');
    expect(status).toBe(2);
    expect(err).toContain('/nowhere/at-all.gz');
  });
});

const mdev = { a: [], d: [], c: [], ga: [], gd: [], gc: [], vm: null };
