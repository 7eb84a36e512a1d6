/** Texts that the kernel takes for a mask: driver-rules 3.1, with every oddity. */
import { andNot, EMPTY_MASK, MASK_BITS, type Mask256, maskOfRange, or } from './mask.ts';
import { cString, type NumberOverflow, scanKernelNumber } from './number.ts';

const ABSOLUTE = /^(?:0?x)?([0-9a-fA-F]{0,64})\n?$/;

/**
 * An absolute mask: optional `0x` or `x`, up to 64 hex digits from the left, one optional newline. No digit at
 * all is the empty mask. Undefined = EINVAL.
 */
export function parseAbsoluteMask(text: string): Mask256 | undefined {
  const match = ABSOLUTE.exec(cString(text));
  if (match === null) return undefined;
  const digits = (match[1] ?? '').padEnd(64, '0');
  const words = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < 8; i++) words[i] = Number.parseInt(digits.slice(i * 8, i * 8 + 8), 16) | 0;
  return words;
}

/** Terms like `+5,-0x10-0x1f` applied to `current` from left to right. Undefined = EINVAL. */
function parseRelativeMask(text: string, current: Mask256, overflow: NumberOverflow): Mask256 | undefined {
  let mask = current;
  let at = 0;
  while (at < text.length) {
    const sign = text[at];
    if (sign !== '+' && sign !== '-') return undefined;
    const first = scanKernelNumber(text, at + 1, overflow);
    if (first === undefined || first.value >= MASK_BITS) return undefined;
    at = first.end;
    let last = first;
    if (text[at] === '-') {
      const end = scanKernelNumber(text, at + 1, overflow);
      if (end === undefined || end.value >= MASK_BITS || end.value < first.value) return undefined;
      last = end;
      at = end.end;
    }
    const range = maskOfRange(first.value, last.value);
    mask = sign === '+' ? or(mask, range) : andNot(mask, range);
    while (text[at] === ',' || text[at] === '\n') at++;
  }
  return mask;
}

/**
 * What a write to apmask or aqmask makes of the mask. Undefined = EINVAL, and nothing changes.
 * A text that starts with `+` or `-` changes single bits of `current`, any other replaces it whole.
 */
export function parseBusMask(text: string, current: Mask256, overflow: NumberOverflow): Mask256 | undefined {
  const body = cString(text);
  const isRelative = body.startsWith('+') || body.startsWith('-');
  return isRelative ? parseRelativeMask(body, current, overflow) : parseAbsoluteMask(body);
}

/**
 * A mask from exactly `0x` and 64 hex digits, the form in which facts carry masks.
 * Throws RangeError on anything else: facts are written by us.
 */
export function maskFromHex(text: string): Mask256 {
  if (!/^0x[0-9a-f]{64}$/.test(text))
    throw new RangeError(`not a 256-bit mask: ${JSON.stringify(text.slice(0, 80))}`);
  return parseAbsoluteMask(text) ?? EMPTY_MASK;
}
