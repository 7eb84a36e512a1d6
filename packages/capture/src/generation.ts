/** Which generation of the driver a host runs, from its files and its kernel's version. */
import { rulesOf } from '@apledger/driver';
import { GENERATION_NAMES, type Generation, generationOfKernel } from '@apledger/events';
import type { ObservedHost } from './observed.ts';

interface Detected {
  readonly driver: Generation;
  /** By what it was told, for a person. */
  readonly evidence: string;
}

/** What most hosts of today run. */
const USUAL: Generation = '6.12';

/**
 * The generation whose optional files are most like those of the host. Distributions bring newer drivers to older kernels, so the
 * version decides only among those that the files leave.
 */
export function detectGeneration({ kernel, files }: ObservedHost): Detected {
  const named = kernel === undefined ? undefined : generationOfKernel(kernel);
  const version = kernel === undefined ? 'no file names the kernel' : `kernel ${kernel}`;
  const seen = Object.entries(files);
  if (seen.length === 0)
    return named === undefined
      ? {
          driver: USUAL,
          evidence: `${version} or shows its files: taken for ${USUAL}, --driver names another`,
        }
      : { driver: named, evidence: version };
  const agreements = (name: Generation): number => {
    const known: ReadonlySet<string> = rulesOf(name).files;
    return seen.filter(([file, isThere]) => known.has(file) === isThere).length;
  };
  const most = Math.max(...GENERATION_NAMES.map(agreements));
  const fitting = GENERATION_NAMES.filter((name) => agreements(name) === most);
  const how = most === seen.length ? 'its files are those of' : 'its files are most like those of';
  const driver = named !== undefined && fitting.includes(named) ? named : (fitting.at(-1) ?? USUAL);
  return { driver, evidence: `${version}, ${how} ${fitting.join(' or ')}` };
}
