/**
 * The lock that s390-tools and mdevctl take around a change of the AP configuration (host-facts 6): a file that holds the pid, made by
 * link(2), so that it is there with its content or not at all.
 */
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const NAME = 's390apconfig.lock';
const RETRY_MS = 30;
/** As util_lockfile does. */
const MAX_RETRIES = 3000;

/** Who has the lock does not give it up. */
export class Locked extends Error {
  override readonly name = 'Locked';
}

/**
 * Resolves with what releases it. A lock whose process is gone is taken over. `directory` is /run/lock. Throws Locked after `waitMs`, and
 * what files throw.
 */
export async function takeLock(directory: string, waitMs: number): Promise<() => Promise<void>> {
  const path = join(directory, NAME);
  const own = `${path}.${process.pid}`;
  await writeFile(own, `${process.pid}\n`, { mode: 0o644 });
  try {
    const retries = Math.min(MAX_RETRIES, Math.ceil(waitMs / RETRY_MS));
    for (let attempt = 0; ; attempt++) {
      if (await linked(own, path)) return () => unlink(path);
      const holder = await holderOf(path);
      if (holder !== undefined && !isAlive(holder)) await unlink(path).catch(() => undefined);
      else if (attempt >= retries)
        throw new Locked(`${path} is held by process ${holder ?? 'unknown'}, which does not give it up`);
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
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined when it was given up meanwhile, or says nothing. */
async function holderOf(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
