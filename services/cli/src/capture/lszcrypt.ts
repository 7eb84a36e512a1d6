/** What lszcrypt prints of this machine, for people: an import takes sysfs itself. */
import { spawnSync } from 'node:child_process';
import { MAX_FILE_BYTES } from '@apledger/capture';

const PATIENCE_MS = 30_000;

/** The output of `lszcrypt -V`; undefined when the program is not there or does not answer. */
export function lszcryptText(): string | undefined {
  const { status, stdout } = spawnSync('lszcrypt', ['-V'], {
    encoding: 'utf8',
    timeout: PATIENCE_MS,
    maxBuffer: MAX_FILE_BYTES,
    env: { ...process.env, LC_ALL: 'C' },
  });
  return status === 0 ? stdout : undefined;
}
