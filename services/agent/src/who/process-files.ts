/** What /proc says of a process, as long as there is one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessFiles, readPasswd } from './identity.ts';

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // It has ended, or is not ours to read.
  }
};

export const processFiles = (proc: string, pid: number): ProcessFiles => {
  const file = (name: string): string | undefined => read(join(proc, String(pid), name));
  return { pid, loginuid: file('loginuid')?.trim(), cgroup: file('cgroup'), cmdline: file('cmdline') };
};

/** Users by their numbers; read again each time, for users come and go. */
export const userNames = (etc: string): ReadonlyMap<number, string> =>
  readPasswd(read(join(etc, 'passwd')) ?? '');
