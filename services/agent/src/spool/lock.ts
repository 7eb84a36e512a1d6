/** One agent works on a spool's directory at a time. */
import { join } from 'node:path';
import { type LockKind, takeLock } from '../files/pid-lock.ts';
import { textOf } from '../files/quiet.ts';
import { makeDirectory } from './files.ts';

/** The directory outlives processes and boots, and pids are used again: so it says which process of which boot, too. */
const PROCESS: LockKind = {
  own: `${process.pid} ${lifeOf('self')}\n`,
  isHeld: (text) => {
    const [pid = '', ...life] = text.trim().split(' ');
    return life.join(' ') === lifeOf(pid);
  },
};

/** When a process began, in ticks of a boot, and the boot. */
function lifeOf(pid: string): string {
  const stat = textOf(`/proc/${pid}/stat`);
  // The name of the program stands in parentheses, and may have some of its own.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  // One that was killed while the kernel holds its reader is a zombie: it does nothing any more.
  const isOver = fields[0] === 'Z' || fields[0] === 'X';
  return `${isOver ? 'gone' : (fields[19] ?? 'gone')} ${textOf('/proc/sys/kernel/random/boot_id')?.trim() ?? 'unknown'}`;
}

/** The agent before may be about to end: so long it is waited for. */
const WAIT_MS = 2000;

/** Resolves with what gives it up. Throws Locked, which names the other agent's process, and what files throw. */
export async function lockSpool(directory: string): Promise<() => Promise<void>> {
  await makeDirectory(directory);
  return takeLock(join(directory, 'lock'), WAIT_MS, PROCESS);
}
