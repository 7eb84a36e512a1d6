/** Where commands print: tests collect it, the program writes it to its own standard output and error. */
import { jsonText, visible } from '@apledger/text';

export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** Whether progress may be shown on standard error: only to a person. */
  readonly isInteractive: boolean;
}

export const processOutput: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isInteractive: process.stderr.isTTY === true,
};

/** One JSON object a line. */
export const jsonLine = (value: unknown): string => `${jsonText(value)}\n`;

/** One line for people: no name in it can end it, or hide in it. */
export const line = (text: string): string => `${visible(text)}\n`;
