/** One write(2), in a process of its own: a write that the kernel never returns from cannot be ended, and must not stop anything else. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { WriteOutcome } from './protocol.ts';

/** Opens as the tools do, which truncate: that makes the attempt visible to who watches the directory. */
export function writeOnce(path: string, text: string): WriteOutcome {
  let file: number;
  try {
    file = openSync(path, 'w');
  } catch (error) {
    return failed(error);
  }
  try {
    return { outcome: 'written', bytes: writeSync(file, text) };
  } catch (error) {
    return failed(error);
  } finally {
    closeSync(file);
  }
}

function failed(error: unknown): WriteOutcome {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return { outcome: 'failed', errno: code };
}
