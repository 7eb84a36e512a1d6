/**
 * Figures of the agent for Prometheus, as a file: the agent listens nowhere. node_exporter's textfile collector reads it, and whatever else
 * reads that format.
 */
import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { errorText } from '@apledger/text';

/** As often as Prometheus asks by default. */
const EVERY_MS = 15_000;

export interface Figure {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly value: number;
}

/** The text format of Prometheus. `host` is the one label. */
export function figuresText(host: string, figures: readonly Figure[]): string {
  const label = host.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return figures
    .map(
      ({ name, help, type, value }) =>
        `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name}{host="${label}"} ${value}\n`,
    )
    .join('');
}

interface FiguresFile {
  readonly path: string;
  readonly host: string;
  readonly figures: () => readonly Figure[];
  readonly report: (line: string) => void;
}

/** Writes the file now, and from time to time until it is closed. It is replaced as a whole; that it cannot be written is said once. */
export function keepFigures({ path, host, figures, report }: FiguresFile): { write(): void; close(): void } {
  let isSaid = false;
  const write = (): void => {
    try {
      // Others read it, whatever the umask says.
      writeFileSync(`${path}.new`, figuresText(host, figures()));
      chmodSync(`${path}.new`, 0o644);
      renameSync(`${path}.new`, path);
      isSaid = false;
    } catch (error) {
      if (!isSaid) report(`--metrics: ${errorText(error)}`);
      isSaid = true;
    }
  };
  write();
  const timer = setInterval(write, EVERY_MS).unref();
  return { write, close: () => clearInterval(timer) };
}
