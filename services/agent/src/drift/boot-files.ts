/** Tells the ledger what the next boot of this host reads about the AP bus, each time that it has changed (`apledger drift HOST`). */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { bootFiles, type Problem } from '@apledger/capture';
import { Collector } from '@apledger/capture/collect';
import type { FactOf } from '@apledger/events';
import { textOf } from '../files/quiet.ts';
import type { Roots } from '../roots.ts';

/** Files of this kind are changed by people and packages: a minute is soon enough. */
const EVERY_MS = 60_000;
/** A request of the link has at most 128 KiB; 60 definitions of mdevs have some 20 kB. */
const MAX_BYTES = 64 * 1024;

export interface BootFilesOptions {
  readonly roots: Roots;
  /** Where initrds are; undefined where the roots are not those of this machine. */
  readonly boot?: string | undefined;
  /** Keeps what was told last, over restarts. */
  readonly keptIn: string;
  /** Resolves when the fact is safe; false: there is nobody to tell yet. */
  readonly record: (fact: FactOf<'BootFilesSeen'>) => Promise<boolean>;
  readonly report: (line: string) => void;
}

/** Looks now, and then from time to time until it is closed. */
export function watchBootFiles(options: BootFilesOptions): { look(): Promise<void>; close(): void } {
  const look = (): Promise<void> =>
    tellIfChanged(options).catch((error: unknown) => options.report(`what the next boot reads: ${error}`));
  const timer = setInterval(look, EVERY_MS).unref();
  return { look, close: () => clearInterval(timer) };
}

async function tellIfChanged({ roots, boot, keptIn, record }: BootFilesOptions): Promise<void> {
  const fact = bootFilesSeen(roots, boot);
  const digest = createHash('sha256').update(JSON.stringify(fact.data)).digest('hex');
  if (digest === textOf(keptIn)) return;
  if (await record(fact)) writeFileSync(keptIn, digest);
}

/** The fact as of now. */
function bootFilesSeen(roots: Roots, boot?: string): FactOf<'BootFilesSeen'> {
  const { sysfs: sys, etc, proc, run } = roots;
  const collector = new Collector({ sys, etc, proc, run, boot });
  const files: { file: string; text: string }[] = [];
  const unread: Problem[] = [];
  let left = MAX_BYTES;
  for (const [file, content] of bootFiles(collector, { guests: true })) {
    if (!('text' in content)) continue;
    const { text } = content;
    if (text.length > left)
      unread.push({ where: file, what: `too much: ${MAX_BYTES} bytes in all are told` });
    else {
      files.push({ file, text });
      left -= text.length;
    }
  }
  return {
    type: 'BootFilesSeen',
    data: {
      files,
      unread: [...collector.problems, ...unread].map(({ where, what }) => ({ file: where, reason: what })),
    },
  };
}
