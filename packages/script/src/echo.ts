/** `echo` as bash has it built in: which text it writes, and that it is one write. */
import type { Word } from './words.ts';

/** A write of more bytes is two for a shell, and the kernel would take the first only (driver-rules 1). */
const MAX_BYTES = 4096;

/** What bash makes of `\x` after `-e`. `\c`, and numbers of characters, are refused: they can be written plainly. */
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

interface Echo {
  readonly text: string;
  /** Where to; undefined = it is printed. */
  readonly path: string | undefined;
}

/** The words after `echo`; undefined when they are none of its forms. Throws Error with what to write instead. */
export function readEcho(words: readonly Word[]): Echo | undefined {
  const at = words.findIndex(({ isRedirection }) => isRedirection);
  const text = echoed((at < 0 ? words : words.slice(0, at)).map((word) => word.text));
  if (at < 0) return { text, path: undefined };
  const [target, ...more] = words.slice(at + 1);
  if (target === undefined || target.isRedirection || more.length > 0) return undefined;
  checkWrite(text);
  return { text, path: target.text };
}

/** bash's options are words of `n`, `e` and `E` after a hyphen, before all others; of two that differ, the last counts. */
function echoed(values: readonly string[]): string {
  const first = values.findIndex((value) => !/^-[neE]+$/.test(value));
  const options = values.slice(0, first < 0 ? values.length : first).join('');
  const text = values.slice(first < 0 ? values.length : first).join(' ');
  const escapes = options.lastIndexOf('e') > options.lastIndexOf('E');
  return (escapes ? unescaped(text) : text) + (options.includes('n') ? '' : '\n');
}

const unescaped = (text: string): string =>
  text.replace(/\\(.)/g, (written, character: string) => {
    if (/[c0xuU]/.test(character))
      throw new Error(`${written} after echo -e is not understood: write the character itself`);
    return ESCAPES[character] ?? written;
  });

/** A shell ends a write at the end of each line, and an attribute takes each for a value of its own. */
function checkWrite(text: string): void {
  if (text === '')
    throw new Error('a shell opens the file and writes nothing: leave the line out, or the -n');
  if (text.slice(0, -1).includes('\n'))
    throw new Error('a shell makes a write of every line of this text: write one echo for each');
  if (new TextEncoder().encode(text).length > MAX_BYTES)
    throw new Error(`a text of more than ${MAX_BYTES} bytes is more than one write: write less`);
  if (/[^\0-\x7f]/.test(text))
    throw new Error('attributes of sysfs take ASCII: write other characters nowhere');
}
