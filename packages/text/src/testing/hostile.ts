/** Texts that are made to deceive a reader. Only tests use them. */
import fc from 'fast-check';

/** One of each kind that cannot be seen, or that a format or terminal takes for its own. */
// biome-ignore format: groups of one kind
export const HOSTILE: readonly string[] = [
  '\n', '\r\n', '\r', '\u0000', '\t', '\u0008', '\u007f', '\u0085', '\u009b31m', '\u001b[31m', '\u001b]0;title\u0007',
  '\u2028', '\u2029', '\u202e', '\u202a', '\u2066', '\u2069', '\u200e', '\u200f', '\u061c', '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff',
  '\u00ad', '\u00a0', '\u3000', '\u2003', '\u115f', '\u3164', '\uffa0', '\u034f', '\ufe0f', '\u{e0041}', '\u{e0100}', '\u2800', '\u180e',
];

/** What starts a formula, a tag, a link or a table's cell. */
const MARKUP = [
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\uff1d1',
  ',',
  ';',
  '"',
  "'",
  '|',
  '<img src=x>',
  '&lt;',
  '](http://x)',
  '`',
  '**',
  '# ',
];

/** Short texts with one or more of them. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...HOSTILE),
      fc.constantFrom(...MARKUP),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.string({ maxLength: 6 }),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => parts.join(''));
