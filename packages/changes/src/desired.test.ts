/** What is wrong with a file is said where it is, in words that name the trap. */
import { describe, expect, it } from 'vitest';
import { parseDesired } from './desired.ts';

const file = (mdev: string, rest = ''): string => `apledger: v1
host: zlp1
${rest}mdevs:
  web:
    uuid: 11111111-1111-4111-8111-111111111111
    guest: web
${mdev}`;

const problemIn = (text: string) => {
  const read = parseDesired(text);
  if (!('problems' in read)) throw new Error('it was read');
  return read.problems[0];
};

describe('a file', () => {
  it('is read with ids in every form', () => {
    const read = parseDesired(
      file('    adapters: [5, 0x0A-0x0c]\n    domains: 4-7\n    controlDomains: same\n'),
    );
    expect(read).toMatchObject({
      desired: { mdevs: { web: { adapters: ['5', '0x0A-0x0c'], domains: '4-7', controlDomains: 'same' } } },
    });
  });

  it.each([
    ['a queue for an id', 'adapters: [05.0047]', 16, /05\.0047 is a queue; .* 0x5 and 0x47/],
    ['a leading zero', 'domains: [4, 047]', 18, /047 has a leading zero: .*write 47 or 0x47/],
    ['an id too large', 'domains: 256', 14, /256: more than 255/],
    ['a range the wrong way', 'domains: 7-4', 14, /7-4: write a range from low to high/],
    ['a word', 'domains: [four]', 15, /four: not a number/],
    ['a map', 'domains: { a: 4 }', 14, /write ids: 5, 0x47/],
  ])('with %s says so', (_, line, column, problem) => {
    expect(problemIn(file(`    ${line}\n`))).toEqual({
      line: 7,
      column,
      problem: expect.stringMatching(problem),
    });
  });

  it.each([
    ['an unknown key', file('    adaptors: 5\n'), 5, /adaptors/],
    ['a UUID that is none', file('').replace('11111111-', ''), 5, /uuid/],
    ['another version', file('').replace('v1', 'v2'), 1, /apledger: must be "v1"/],
    ['no host', file('').replace('host: zlp1\n', ''), 1, /host missing/],
    ['a key that is there twice', file('    guest: db\n'), 7, /unique/],
    ['an alias', file('    adapters: &a [5]\n    domains: *a\n'), 7, /anchors \(&name\) are not taken/],
    ['a tag', file('    adapters: !mine [5]\n'), 7, /tag/],
    ['two documents', `${file('')}---\n${file('')}`, 7, /second document/],
    ['what is no YAML', 'apledger: [v1\nhost: }', 2, /./],
    ['nothing', '', 1, /./],
  ])('with %s says so', (_, text, line, problem) => {
    expect(problemIn(text)).toMatchObject({ line, problem: expect.stringMatching(problem) });
  });

  it('of ten megabytes, or a bomb, is refused at once', () => {
    expect(problemIn('x'.repeat(10_000_000))?.problem).toMatch(/more than 1048576 characters/);
    const bomb = `a: &a [x]\n${[...'bcdefgh'].map((name, i) => `${name}: &${name} [${`*${'abcdefg'[i]},`.repeat(9)}]\n`).join('')}`;
    expect(problemIn(bomb)?.problem).toMatch(/anchors/);
  });
});
