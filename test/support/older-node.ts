/** A Node that is older than the project's own, and that the packed packages promise to run on. */
import { execFileSync } from 'node:child_process';

export type OlderNode = { readonly program: string; readonly version: string } | { readonly missing: string };

const PLACES = [process.env.OLDER_NODE, '/usr/bin/node', '/usr/local/bin/node'];

/** Node 20 or 22, where this machine has one. */
export function olderNode(): OlderNode {
  for (const program of PLACES) {
    if (program === undefined) continue;
    try {
      const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();
      if (/^v2[0-3]\./.test(version)) return { program, version: `Node ${version.slice(1)}` };
    } catch {
      // None there, or none that runs.
    }
  }
  return { missing: 'not run on an older Node: OLDER_NODE=/path names one' };
}
