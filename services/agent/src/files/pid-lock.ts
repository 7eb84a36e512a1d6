/**
 * A lock that is a file with the pid of its process first. It is made by link(2), so that it is there with its content or not at all: the
 * form that s390-tools and mdevctl use for a change of the AP configuration.
 */
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { errorCode } from '@apledger/text';

const RETRY_MS = 30;

/** The process that has the lock does not give it up. */
export class Locked extends Error {
  override readonly name = 'Locked';
}

export interface LockKind {
  /** What the file says when this process has the lock. Begins with its pid. */
  readonly own: string;
  /** Whether a process that wrote this still has it. */
  readonly isHeld: (text: string) => boolean;
}

/** As s390-tools has it: the pid alone. Right below /run, where no file outlives the boot. */
const PID_ONLY: LockKind = {
  own: `${process.pid}\n`,
  isHeld: (text) => !/^\d+\s*$/.test(text) || isAlive(Number(text)),
};

/**
 * Resolves with what releases the lock. A lock whose process is gone is taken over. Throws Locked after `waitMs`, and what files throw.
 */
export async function takeLock(path: string, waitMs: number, kind = PID_ONLY): Promise<() => Promise<void>> {
  const own = `${path}.${process.pid}`;
  await writeFile(own, kind.own, { mode: 0o644 });
  try {
    const retries = Math.ceil(waitMs / RETRY_MS);
    for (let attempt = 0; ; attempt++) {
      if (await linked(own, path)) return () => unlink(path);
      const text = await readFile(path, 'utf8').catch(() => undefined); // It may be given up meanwhile.
      if (text !== undefined && !kind.isHeld(text)) await putAside(path, text, kind);
      else if (attempt >= retries)
        throw new Locked(`${path} is held by process ${text?.trim().split(' ')[0] || 'unknown'}`);
      else await pause(RETRY_MS);
    }
  } finally {
    await unlink(own).catch(() => undefined);
  }
}

async function linked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a lock whose process is gone. Another process may have done so and have the lock now: then it is put back. */
async function putAside(path: string, text: string, kind: LockKind): Promise<void> {
  const aside = `${path}.${process.pid}.gone`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  const found = await readFile(aside, 'utf8');
  if (found !== text && kind.isHeld(found)) await linked(aside, path);
  await unlink(aside);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
