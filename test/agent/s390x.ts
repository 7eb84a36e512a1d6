/** A Node for s390x, run by qemu's user emulation where this is no IBM Z. */
import { spawnSync } from 'node:child_process';
import { inRepository } from '../cli/support.ts';

export interface Emulated {
  /** The command that starts it. */
  readonly words: readonly string[];
  /** Whether it can start itself again, as the writer does for each write. */
  readonly writes: boolean;
}

/** ELF of s390x: what the kernel hands to the emulator. */
const MAGIC = '\\x7fELF\\x02\\x02\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x16';
const MASK =
  '\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff';

/**
 * Asks infra/s390x.mjs. In `test:long` the program runs in a user namespace of its own, where the kernel knows what s390x programs
 * are: only there the agent can start its writer. It takes three starts of Node for a write, each some seconds.
 */
export function s390xNode(): Emulated | { readonly missing: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [inRepository('infra/s390x.mjs')], {
    encoding: 'utf8',
  });
  if (status !== 0) {
    console.warn(`\n*** NOT TESTED: the agent on s390x: ${stderr.trim()} ***\n`);
    return { missing: stderr.trim() };
  }
  const words = stdout.trim().split('\n');
  const [qemu, , libraries, node] = words;
  if (node === undefined) return { words, writes: true };
  if (process.env.APLEDGER_LONG !== '1' || !hasNamespaces()) return { words, writes: false };
  const script = [
    'mount -t binfmt_misc none /proc/sys/fs/binfmt_misc',
    `printf %s ':s390x:M::${MAGIC}:${MASK}:${qemu}:' > /proc/sys/fs/binfmt_misc/register`,
    `QEMU_LD_PREFIX='${libraries}' exec '${node}' "$@"`,
  ].join(' && ');
  return { words: ['unshare', '-rm', 'sh', '-c', script, 'node'], writes: true };
}

const hasNamespaces = (): boolean =>
  spawnSync('unshare', ['-rm', 'mount', '-t', 'binfmt_misc', 'none', '/proc/sys/fs/binfmt_misc']).status ===
  0;
