/** The one table that a run prints, and the same as JSON. */

/** One line: what was measured, what came out, and what was aimed at. */
export interface Row {
  readonly bench: string;
  readonly what: string;
  /** The figure for people, with its unit. */
  readonly value: string;
  /** Lowest and highest of the rounds, in the value's unit. */
  readonly spread?: string;
  /** The figure against others of the same round. */
  readonly ratio?: string;
  readonly aim?: Aim;
  /** For programs: every number behind the row, its unit at the end of its name. */
  readonly figures: Readonly<Record<string, number>>;
}

export interface Aim {
  readonly text: string;
  readonly isMet: boolean;
}

/** An aim on a figure; without a figure there is nothing to hold to it. */
export const aim = (
  text: string,
  figure: number | undefined,
  meets: (figure: number) => boolean,
): { aim?: Aim } => (figure === undefined ? {} : { aim: { text, isMet: meets(figure) } });

const HEADINGS = ['', 'measured', 'median', 'lowest to highest', 'ratio', 'aim', ''] as const;

/** The rows as aligned text, a blank line between benches. */
export function formatTable(rows: readonly Row[]): string {
  const lines: (readonly string[])[] = [HEADINGS];
  let bench = '';
  for (const row of rows) {
    if (row.bench !== bench) lines.push([]);
    const verdict = row.aim === undefined ? '' : row.aim.isMet ? 'met' : 'MISSED';
    lines.push([
      row.bench === bench ? '' : row.bench,
      row.what,
      row.value,
      row.spread ?? '',
      row.ratio ?? '',
      row.aim?.text ?? '',
      verdict,
    ]);
    bench = row.bench;
  }
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Three digits are all that a noisy machine can tell: 5.23 k, 118 k, 1.45 M. */
export function short(value: number): string {
  const [scaled, unit] =
    value >= 1e6 ? [value / 1e6, ' M'] : value >= 10_000 ? [value / 1e3, ' k'] : [value, ''];
  const text = unit === '' && scaled >= 100 ? scaled.toFixed(0) : scaled.toPrecision(3);
  return text + unit;
}

/** Lowest to highest, in the same short form. */
export const range = (values: readonly number[]): string =>
  `${short(Math.min(...values))} to ${short(Math.max(...values))}`;

/** `0.94 of raw`, or nothing when one of the two is missing. */
export const times = (value: number | undefined, of: string): string | undefined =>
  value === undefined ? undefined : `${value.toPrecision(3)} x ${of}`;

/** A count with thousands apart. */
export const grouped = (count: number): string => count.toLocaleString('en-US');
