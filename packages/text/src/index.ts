/**
 * Text from outside, made safe to show: names, actors, scripts and messages may hold characters that nobody sees, that turn the
 * direction of writing, or that end a line and so forge the next one. Stored and sent as data they stay as they are; wherever a person
 * reads them, on a terminal, in a page, a report, a log or an error, they pass through here first. No imports from elsewhere: browsers run it as well.
 */

export { redacted } from './redact.ts';

/**
 * Control and format characters (ESC, line ends, bidi, zero-width, tags), what is drawn as nothing (fillers, variation selectors, the
 * blank Braille pattern), and every blank but the space.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{2800}]|(?! )\p{Zs}/gu;

/** What most texts consist of; a test of it takes a tenth of the time of one for all that is unseen. */
const PLAIN = /^[ -~]*$/;

/**
 * Text that looks like what it is: each character that cannot be seen is shown as its number, `\u{202e}`, half a surrogate pair as
 * U+FFFD. One line comes out whatever went in, and twice is the same as once.
 *
 * @example visible('db\n37  by anna') // 'db\\u{a}37  by anna'
 */
export const visible = (text: string): string =>
  PLAIN.test(text)
    ? text
    : text
        .toWellFormed()
        .replace(UNSEEN, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** Text of several lines, `visible` but for its line ends and tabs. Names do not belong in it: they would make lines. */
export const visibleLines = (text: string): string => text.replace(/[^\n\t]+/g, visible);

/** The value as JSON in one line: the same value for anyone who parses it, and nothing unseen for anyone who looks at it. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value).replace(UNSEEN, (character) =>
    character.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );

/** The code of an error of the system or of Node, `ENOENT`; undefined for what has none. */
export const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** `1 fact`, `2 facts`, `0 facts`: of a noun whose plural is an s. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** What went wrong, as it was said: anything can be thrown. */
export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));
