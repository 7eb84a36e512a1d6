/** What /proc says of a process, as long as there is one. */
import { join } from 'node:path';
import { textOf } from '../files/quiet.ts';
import { type ProcessFiles, readPasswd } from './identity.ts';

export const processFiles = (proc: string, pid: number): ProcessFiles => {
  const file = (name: string): string | undefined => textOf(join(proc, String(pid), name));
  return { pid, loginuid: file('loginuid')?.trim(), cgroup: file('cgroup'), cmdline: file('cmdline') };
};

/** Users by their numbers; read again each time, for users come and go. */
export const userNames = (etc: string): ReadonlyMap<number, string> =>
  readPasswd(textOf(join(etc, 'passwd')) ?? '');
