/** Where commands print: tests collect it, the program writes it to its own standard output and error. */
import { jsonText, visible } from '@apledger/text';
import { Failure } from './failure.ts';
import { ProgressLine } from './progress.ts';

/** Where a program prints. */
export interface Streams {
  out(text: string): void;
  err(text: string): void;
  /** Whether progress may be shown on standard error: only to a person. */
  readonly isInteractive: boolean;
}

/** What a command prints to. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** A remark, neither an answer nor an error: on standard error, and nowhere with `--quiet`. */
  note(text: string): void;
  /** How far long work is, without an end of line; '' = done. A person sees it when nothing was printed for two seconds. */
  progress(text: string): void;
  /** Whether a person sees progress. */
  readonly isInteractive: boolean;
}

export const processOutput: Streams = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isInteractive: process.stderr.isTTY === true,
};

/** Hands the output to `work`, and takes a line of progress away afterwards. */
export async function withOutput<T>(
  { out, err, isInteractive: isShown }: Streams,
  isQuiet: boolean,
  work: (output: Output) => Promise<T>,
): Promise<T> {
  const isInteractive = isShown && !isQuiet;
  const line = new ProgressLine(isInteractive ? err : () => {});
  const after =
    (print: (text: string) => void) =>
    (text: string): void => {
      line.clear();
      print(text);
    };
  try {
    return await work({
      out: after(out),
      err: after(err),
      note: isQuiet ? () => {} : after(err),
      progress: (text) => line.show(text),
      isInteractive,
    });
  } finally {
    line.end();
  }
}

/** One JSON object a line. */
export const jsonLine = (value: unknown): string => `${jsonText(value)}\n`;

/** One line for people: no name in it can end it, or hide in it. */
export const line = (text: string): string => `${visible(text)}\n`;

/** What a person is told of an error by the program of this name: a line, or of a failure all of its lines. */
export function errorLines(program: string, error: Error): string {
  const [first = '', ...more] = error instanceof Failure ? error.lines : [error.message];
  return [`${program}: ${first}`, ...more].map(line).join('');
}
