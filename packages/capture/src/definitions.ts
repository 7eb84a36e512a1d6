/** The files of /etc/mdevctl.d/matrix in a capture. */
import type { CapturedFiles } from './archive.ts';
import { DEFINITIONS } from './boot-files.ts';
import { jsonOf, readDefinition } from './mdevctl.ts';
import { type ObservedMdev, type Problem, Unreadable } from './observed.ts';
import { uuidOf } from './values.ts';

/** The mdevs that mdevctl keeps. A file that is none is a problem, and passed over. */
export function definitionsOf(files: CapturedFiles): {
  readonly definitions: readonly ObservedMdev[];
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const definitions = [...files].flatMap(([path, file]) => {
    const name = path.startsWith(`${DEFINITIONS}/`) ? path.slice(DEFINITIONS.length + 1) : '';
    if (uuidOf(name) === undefined || !('text' in file)) return [];
    try {
      const reading = readDefinition(name, jsonOf(file.text, path), DEFINITIONS);
      problems.push(...reading.problems);
      return reading.mdev ?? [];
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      problems.push({ where: path, what: `${error.message}: passed over` });
      return [];
    }
  });
  return { definitions, problems };
}
