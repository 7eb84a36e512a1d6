import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counted, errorCode, jsonText, visible, visibleLines } from './index.ts';
import { HOSTILE, hostileText } from './testing/hostile.ts';

/** Said independently of the function: nothing outside of these may be printed. */
const SEEN = /^[ \p{L}\p{M}\p{N}\p{P}\p{S}\p{Co}\p{Cn}]*$/u;

describe('text from outside', () => {
  it.each([
    ['guest1', 'guest1'],
    ['', ''],
    ['Bücher Größe 東京 👍', 'Bücher Größe 東京 👍'],
    ['a\u202eb\u0000\u2028\ud800', 'a\\u{202e}b\\u{0}\\u{2028}\ufffd'],
    ['db\n37  2026-11-26  A  by anna\u001b[31m', 'db\\u{a}37  2026-11-26  A  by anna\\u{1b}[31m'],
    ['a\u200bb\u00a0c\u3164d\ufe0fe\u2800f', 'a\\u{200b}b\\u{a0}c\\u{3164}d\\u{fe0f}e\\u{2800}f'],
    ['\u{e0041}\ufeff\u00ad\u061c\u0085\t\r', '\\u{e0041}\\u{feff}\\u{ad}\\u{61c}\\u{85}\\u{9}\\u{d}'],
  ])('%j is shown as %s', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('is one line of what can be seen, whatever it was, and shown twice it is the same', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const shown = visible(text);
        expect(shown).toMatch(SEEN);
        expect(visible(shown)).toBe(shown);
      }),
    );
  });

  it('tells texts apart that only look alike', () => {
    const shown = HOSTILE.map((unseen) => visible(`a${unseen}b`));
    expect(new Set(shown).size).toBe(HOSTILE.length);
  });

  it('keeps the line ends and tabs of a text of lines, and nothing else', () => {
    expect(visibleLines('a\tb\n\u001bc\n')).toBe('a\tb\n\\u{1b}c\n');
  });

  it('is the same value as JSON, in what can be seen', () => {
    fc.assert(
      fc.property(fc.dictionary(hostileText, fc.array(hostileText)), (value) => {
        const json = jsonText(value);
        expect(json).toMatch(SEEN);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('what many say alike', () => {
  it('counts, with an s for all but one', () => {
    expect([0, 1, 2].map((count) => counted(count, 'fact'))).toEqual(['0 facts', '1 fact', '2 facts']);
  });

  it('knows the code of an error of the system, and that there may be none', () => {
    expect(errorCode(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe('ENOENT');
    expect(errorCode(Object.assign(new Error('x'), { code: 5 }))).toBeUndefined();
    expect(errorCode({ code: 'ENOENT' })).toBeUndefined();
  });
});
