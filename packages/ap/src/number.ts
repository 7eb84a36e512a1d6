/**
 * Numbers as the kernel reads them from text: `kstrtoul` (a whole attribute) and `simple_strtoul` (a number
 * inside a longer text), both with base 0. driver-rules 1 and 3.1.
 */

const U64 = 1n << 64n;

/** A run of digits at the start of `text` from `at`, base 0: `0x` + hex, `0` + octal, else decimal. */
function scanDigits(text: string, at: number): { readonly value: bigint; readonly end: number } | undefined {
  const rest = text.slice(at);
  const match = /^0[xX][0-9a-fA-F]+/.exec(rest) ?? /^0[0-7]*/.exec(rest) ?? /^[0-9]+/.exec(rest);
  if (match === null) return undefined;
  const digits = match[0];
  const isOctal = digits.length > 1 && digits[0] === '0' && !/[xX]/.test(digits);
  return { value: BigInt(isOctal ? `0o${digits.slice(1)}` : digits), end: at + digits.length };
}

/** A text as C sees it: it ends at the first NUL. */
export function cString(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/**
 * A whole attribute as one number, `kstrtoul(text, 0)`: one leading `+` and one final newline are allowed.
 * ERANGE from 2^64 on, even when something else follows; EINVAL for everything that is not a number.
 * Values above 2^53 lose their low digits: every limit that they are compared with is far below.
 */
export function parseKernelNumber(text: string): number | 'EINVAL' | 'ERANGE' {
  const body = cString(text);
  const digits = scanDigits(body, body.startsWith('+') ? 1 : 0);
  if (digits === undefined) return 'EINVAL';
  if (digits.value >= U64) return 'ERANGE';
  const rest = body.slice(digits.end);
  return rest === '' || rest === '\n' ? Number(digits.value) : 'EINVAL';
}

/**
 * What becomes of a number that is too large: 7.3 saturates, older kernels wrap modulo 2^64 (driver-rules 3.1), and before 2024 the
 * rest was cut to an `int` (driver-rules-older 3): `+4294967301` meant bit 5.
 */
export type NumberOverflow = 'saturate' | 'wrap' | 'int';

/** `simple_strtoul(text + at, &end, 0)`; undefined when there is no digit. */
export function scanKernelNumber(
  text: string,
  at: number,
  overflow: NumberOverflow,
): { readonly value: number; readonly end: number } | undefined {
  const digits = scanDigits(text, at);
  if (digits === undefined) return undefined;
  return { value: Number(overflowed(digits.value, overflow)), end: digits.end };
}

/** A negative `int` passed the kernel's bound and made it write outside the mask; here it stays what it was, and is refused. */
function overflowed(value: bigint, overflow: NumberOverflow): bigint {
  if (overflow === 'saturate') return value;
  const wrapped = BigInt.asUintN(64, value);
  const int = BigInt.asIntN(32, wrapped);
  return overflow === 'int' && int >= 0n ? int : wrapped;
}
