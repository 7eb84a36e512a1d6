/** Ids as people write them in a file: `5`, `0x47`, `4-7`, and lists of them. */
import { MASK_BITS, type Mask256, maskOf } from '@apledger/ap';

const NUMBER = /^(?:0x[0-9a-f]{1,2}|0|[1-9]\d{0,2})$/i;
const ID_OR_RANGE = '(?:0[xX][0-9a-fA-F]{1,2}|0|[1-9][0-9]{0,2})';

/** What the published JSON Schema says of one entry. */
export const ID_PATTERN = `^${ID_OR_RANGE}(?:-${ID_OR_RANGE})?$`;

/** The first and the last id of an entry; a text says what is wrong with it. */
export function readRange(text: string): readonly [first: number, last: number] | string {
  const [from = '', to = from, ...more] = text.trim().split('-');
  const problem = problemOf(text, from) ?? problemOf(text, to);
  if (problem !== undefined) return problem;
  const [first, last] = [Number(from), Number(to)];
  if (more.length > 0 || first > last) return `${text}: write a range from low to high, like 4-7`;
  return [first, last];
}

/** YAML's own numbers are the trap: 05.0047 would be 5.0047, and 047 is 47 or 39, by the version of YAML. */
function problemOf(whole: string, part: string): string | undefined {
  if (/^[0-9a-f]{2}\.[0-9a-f]{4}$/i.test(whole.trim()))
    return `${whole} is a queue; write its adapter and its domain, each in its list: ${asHex(whole.slice(0, 2))} and ${asHex(whole.slice(3))}`;
  if (/^0\d+$/.test(part))
    return `${part} has a leading zero: it could be decimal, octal or hexadecimal; write ${Number(part)} or ${asHex(part)}`;
  if (!NUMBER.test(part)) return `${whole}: not a number; write 0 to 255, 0x0 to 0xff, or a range like 4-7`;
  return Number(part) < MASK_BITS ? undefined : `${part}: more than ${MASK_BITS - 1}`;
}

const asHex = (digits: string): string => `0x${Number.parseInt(digits, 16).toString(16)}`;

/** The mask of entries that `readRange` takes. */
export function maskOfEntries(entries: readonly string[]): Mask256 {
  const ids: number[] = [];
  for (const entry of entries) {
    const range = readRange(entry);
    if (typeof range === 'string') throw new TypeError(range);
    for (let id = range[0]; id <= range[1]; id++) ids.push(id);
  }
  return maskOf(ids);
}

/** Ids as entries of a file, ascending: three and more in a row as a range. */
export function entriesOf(ids: readonly number[], write: (id: number) => string = String): string[] {
  const entries: string[] = [];
  for (let at = 0; at < ids.length; ) {
    let end = at;
    while (ids[end + 1] === (ids[end] ?? 0) + 1) end += 1;
    const run = ids.slice(at, end + 1);
    const [first = 0, last = 0] = [run[0], run.at(-1)];
    entries.push(...(run.length > 2 ? [`${write(first)}-${write(last)}`] : run.map(write)));
    at = end + 1;
  }
  return entries;
}
