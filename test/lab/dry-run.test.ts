/** examples/08-dry-run-that-writes.sh: the real chzdev writes a mask in a dry run, and the ledger shows who did it and to whom. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { inRepository } from '../cli/support.ts';
import { bin, noClients } from './clients.ts';
import { environment } from './support.ts';
import { timeless } from './transcript.ts';

const UUID = '11111111-1111-4111-8111-111111111111';
const CHZDEV_SAYS = [
  'Starting dry-run, configuration will not be changed',
  'Configuring device type in the active configuration only',
  'ap device type configured',
];

/** The lines of the part that begins with a heading. */
function part(lines: readonly string[], heading: string): readonly string[] {
  const start = lines.findIndex((line) => line.startsWith(`=== ${heading}`));
  return start < 0 ? [] : lines.slice(start + 1);
}

describe.skipIf(noClients !== undefined)('chzdev --dry-run', () => {
  it('takes queues from a running guest, or would have; the ledger names the program, the guest and the queues', async () => {
    const script = inRepository('examples/08-dry-run-that-writes.sh');
    const { stdout, stderr } = await promisify(execFile)('bash', [script], { env: environment(bin) });
    const lines = timeless(stdout).split('\n');
    const says = stderr.split('\n').filter((line) => CHZDEV_SAYS.includes(line));
    const printed = lines.filter((line) => CHZDEV_SAYS.includes(line));
    expect([...says, ...printed].sort()).toEqual([...CHZDEV_SAYS, ...CHZDEV_SAYS].sort());

    const of2019 = part(lines, 'A host with the driver of 2019-v2');
    const status = of2019.filter((line) => line.startsWith('0c.0047'));
    expect(status[0]).toMatch(/ vfio_ap *$/);
    expect(status[1]).toMatch(/ online .* cex4queue *$/);
    const written = `0xf80${'f'.repeat(61)}`;
    expect(part(of2019, 'What the ledger says').slice(0, 5)).toEqual([
      '129  TIME  zlp1  by uid=N pid=N comm=chzdev',
      `      MaskChanged: apmask = ${written} ("${written}")`,
      `    * apmask: 0xf807${'f'.repeat(60)} -> ${written}`,
      '    * queues 0c.0000, 0c.0001, 0c.0002, 0c.0003 and 81 more: vfio_ap -> zcrypt',
      `    * guest web lost 0c.0000, 0c.0001, 0c.0002, 0c.0003 and 81 more, mdev ${UUID}`,
    ]);

    const of73 = part(lines, 'A host with the driver of 7.3');
    const statuses = of73.filter((line) => line.startsWith('0c.0047'));
    expect(statuses).toHaveLength(2);
    for (const line of statuses) expect(line).toMatch(/ in use .* vfio_ap *$/);
    expect(part(of73, 'What the ledger says')).toEqual([
      expect.stringMatching(/^\d+ {2}TIME {2}zlp1 {2}by uid=N pid=N comm=chzdev$/),
      `      CommandRejected: WriteMask: EBUSY: apmask would reserve 0c.0000, 0c.0001, 0c.0002 and 82 more for the host, in use by mdev ${UUID} (guest web).`,
    ]);
  });
});
