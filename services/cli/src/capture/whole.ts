/** All files of a capture: as a tar has them, or as they are below a root. */
import { join } from 'node:path';
import {
  ABOUT,
  BUS,
  bootFiles,
  type CapturedFiles,
  GUESTS,
  takeTree,
  Unreadable,
  unpacked,
} from '@apledger/capture';
import { Collector, type Roots } from '@apledger/capture/collect';
import { Failure } from '@apledger/command-line';
import { errorText } from '@apledger/text';
import { guestsOf } from './guests.ts';
import { bytesOf } from './read-files.ts';

export interface TakeOptions {
  readonly guests: boolean;
  readonly unbounded: boolean;
}

/** Takes in everything that a capture has. Throws Failure where there is no AP bus. */
export function takeWhole(roots: Roots, options: TakeOptions): Collector {
  const collector = new Collector(roots);
  if (collector.read(`${BUS}/apmask`) === undefined)
    throw new Failure(
      2,
      `${roots.sys}/bus/ap/apmask cannot be read: this machine has no AP bus, or this is not its sysfs`,
    );
  takeTree(collector, { readsUnbounded: options.unbounded });
  for (const [path, file] of bootFiles(collector, options))
    if ('text' in file) collector.put(path, file.text);
  if (options.guests) collector.put(GUESTS, json(guestsOf(collector)));
  return collector;
}

/** What capture itself says of a capture. */
export function putAbout(collector: Collector, about: Readonly<Record<string, unknown>>): void {
  collector.put(ABOUT, json({ ...about, problems: collector.problems }));
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The files below a root, `/` on the host itself. Throws Failure where there is no AP bus. */
export function liveFiles(root: string): CapturedFiles {
  const at = (name: string): string => join(root, name);
  const collector = takeWhole(
    { sys: at('sys'), etc: at('etc'), proc: at('proc'), run: at('run'), boot: at('boot') },
    { guests: true, unbounded: false },
  );
  putAbout(collector, {});
  return collector.files;
}

/** The files of a tar; `-` reads standard input. Throws Failure when it is none. */
export async function captureFiles(path: string): Promise<CapturedFiles> {
  try {
    return await unpacked(await bytesOf(path));
  } catch (error) {
    if (!(error instanceof Unreadable) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new Failure(2, `${path}: ${errorText(error)}`, error);
  }
}
