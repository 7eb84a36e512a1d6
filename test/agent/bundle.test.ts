/**
 * The agent as it is installed, on the oldest Node that it promises to run on, and on an s390x one under qemu-user: it watches a mounted
 * host, keeps what it saw, sends it, and carries out commands.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandHandler } from '@apledger/command-handler';
import { openSqliteLog } from '@apledger/event-log';
import { diffViews, viewOf } from '@apledger/projections/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inRepository } from '../cli/support.ts';
import { type LabProcess, startProgram } from '../lab/process.ts';
import { noMount } from '../lab/support.ts';
import { sized } from '../support/long.ts';
import { olderNode } from '../support/older-node.ts';
import { s390xNode } from './s390x.ts';
import { HOST, SIMULATED, Site } from './support.ts';

const isDebian = spawnSync('dpkg-deb', ['--version']).status === 0;
const scratch = mkdtempSync(join(tmpdir(), 'apledger-bundle-'));
const lib = join(scratch, 'usr/lib/apledger-agent/lib');

beforeAll(() => {
  if (!isDebian) return;
  const made = execFileSync(process.execPath, ['infra/agent-deb.mjs', scratch], {
    cwd: inRepository('.'),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
  execFileSync('dpkg-deb', ['--extract', made, scratch]);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const older = olderNode();
const s390x = isDebian && noMount === undefined ? s390xNode() : { missing: 'needs Debian and FUSE' };
const nodes = [
  {
    name: 'missing' in older ? older.missing : older.version,
    ...('missing' in older ? {} : { words: [older.program], writes: true }),
  },
  { name: 'missing' in s390x ? `s390x: ${s390x.missing}` : 's390x', ...('missing' in s390x ? {} : s390x) },
];

/** How the ledger's host differs from the one that is mounted. */
async function differences(site: Site): Promise<readonly unknown[]> {
  const log = await openSqliteLog({ directory: site.labData, readOnly: true });
  const lab = await new CommandHandler(log).state(SIMULATED);
  await log.close();
  const seen = await site.ledger.state(HOST);
  return diffViews(seen && viewOf(HOST, seen), lab && viewOf(HOST, lab));
}

/** Resolves when the ledger has what is mounted. The agent has nothing to say meanwhile. */
const seen = (site: Site, agent: LabProcess): Promise<void> =>
  expect
    .poll(async () => [await differences(site), agent.output()], {
      timeout: sized(500_000, 1_700_000),
      interval: 500,
    })
    .toEqual([[], '']);

describe.skipIf(noMount !== undefined || !isDebian).each(nodes)(
  'the installed agent on $name',
  ({ words, writes }) => {
    const start = (site: Site): LabProcess =>
      startProgram(words?.[0] ?? '', [
        ...(words ?? []).slice(1),
        join(lib, 'main.js'),
        ...['--host', HOST, '--ledger', site.server, '--spool', site.spool, '--spawn-writer'],
        ...['--sysfs', site.sys, '--run', site.run],
      ]);

    it.skipIf(words === undefined)(
      'watches, goes on from its spool when it was killed, and does what it is asked',
      async () => {
        const site = await Site.open('adapters=5,6', 'domains=4,5', 'driver=6.12');
        const first = start(site);
        await seen(site, first);
        writeFileSync(join(site.sys, 'bus/ap/apmask'), '-5');
        await seen(site, first);
        first.signal('SIGKILL');
        await first.ended();
        writeFileSync(join(site.sys, 'bus/ap/apmask'), '-6');
        const second = start(site);
        await seen(site, second);
        if (writes) {
          // A mask has two minutes: to start three emulated programs takes longer than the ten seconds of other writes.
          const write = (text: string) => site.insist({ type: 'WriteMask', mask: 'apmask', text });
          expect((await write('+5')).end).toBe('done');
          expect((await write('+256')).end).toBe('refused');
          expect(await differences(site)).toEqual([]);
        }
        second.signal('SIGTERM');
        expect([await second.ended(), second.output()]).toEqual([0, '']);
      },
    );
  },
);
