/** The example as a user runs it: lab, agent and ledger on one machine, by hand and through the ledger. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { inRepository } from '../cli/support.ts';
import { noMount } from '../lab/support.ts';

const ran = promisify(execFile);

describe.skipIf(noMount !== undefined)('examples/09-agent.sh', () => {
  it('shows what was done by hand, what was done through the ledger, and what the kernel refused; nothing stays mounted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'apledger-example-'));
    const env = { ...process.env, TMPDIR: folder };
    const { stdout } = await ran('bash', [inRepository('examples/09-agent.sh')], { env });
    expect(stdout).toMatch(/MaskChanged: apmask = 0xfb/);
    expect(stdout.match(/CommandSettled: done/g)).toHaveLength(3);
    expect(stdout).toMatch(/CommandSettled: refused, EADDRNOTAVAIL: 06\.0047/);
    expect(stdout).toMatch(/\(05,47\) vfio_ap/);
    expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(folder);
    expect(readdirSync(folder)).toEqual([]);
    rmdirSync(folder);
  });
});
