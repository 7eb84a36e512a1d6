/**
 * What the units start, with what a namespace can do of the units' settings: a root file system that is read-only, a private /tmp, sysfs
 * read-only for the agent, which has another user and no rights; a writer with CAP_DAC_OVERRIDE alone. systemd itself does not run here,
 * so filters of system calls and of address families, CPUQuota and MemoryMax are not tried.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inRepository } from '../cli/support.ts';
import { startProgram } from '../lab/process.ts';
import { noMount } from '../lab/support.ts';
import { HOST, Site } from './support.ts';

const MDEV = '11111111-1111-4111-8111-111111111111';
const NOBODY = 65534;
/** Where the namespaces have the site, and this repository: /tmp is their own, and either may lie there. */
const PLACE = '/srv';
const REPOSITORY = '/mnt';
const inPlace = (path: string): string => path.replace(inRepository(''), `${REPOSITORY}/`);
const isMissing =
  noMount ??
  (process.getuid?.() === 0 ? undefined : 'needs root') ??
  ['unshare', 'setpriv'].find((program) => spawnSync(program, ['--version']).status !== 0);

/** Words that start a program in a namespace of its own, after these commands. */
const inNamespace = (setUp: readonly string[], rights: readonly string[]): string[] => [
  'unshare',
  '--mount',
  '--propagation=private',
  'sh',
  '-ec',
  [
    `mount --rbind ${inRepository('')} ${REPOSITORY}`,
    ...setUp,
    'mount -t tmpfs tmpfs /tmp',
    'mount -o remount,bind,ro /',
    // What the unit says is so, or nothing is started.
    'if touch /etc/apledger-test 2> /dev/null; then exit 99; fi',
    `exec setpriv --no-new-privs --inh-caps=-all ${rights.join(' ')} "$@"`,
  ].join('\n'),
  'sh',
];

const agentWords = (root: string): string[] =>
  inNamespace(
    [
      `mount --rbind ${root} ${PLACE}`,
      // ProtectKernelTunables=: the same file system, so that watches on it still fire.
      `mount --bind ${PLACE}/sys ${PLACE}/sys`,
      `mount -o remount,bind,ro ${PLACE}/sys`,
    ],
    [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--bounding-set=-all'],
  );
const writerWords = (root: string): string[] =>
  inNamespace([`mount --rbind ${root} ${PLACE}`], ['--bounding-set=-all,+dac_override']);

describe.skipIf(isMissing !== undefined)(
  `what the units start${isMissing === undefined ? '' : ` (skipped: ${isMissing})`}`,
  () => {
    const socket = createServer({ allowHalfOpen: true });
    afterAll(() => void socket.close());

    it('watches without rights, and writes with one', async () => {
      const site = await Site.open('adapters=5,6', 'domains=4,5', 'driver=6.12');
      chmodSync(site.root, 0o755);
      chownSync(site.spool, NOBODY, NOBODY);
      mkdirSync(join(site.run, 'apledger/notifier'), { recursive: true });
      chownSync(join(site.run, 'apledger/notifier'), NOBODY, NOBODY);
      const [program = '', ...words] = writerWords(site.root);
      const main = inPlace(inRepository('services/agent/src/writer/main.ts'));
      socket.on('connection', (connection) => {
        const started = [
          ...words,
          inPlace(process.execPath),
          main,
          '--sysfs',
          `${PLACE}/sys`,
          '--run',
          `${PLACE}/run`,
        ];
        const child = spawn(program, started, { stdio: ['pipe', 'pipe', 'inherit'] });
        connection.pipe(child.stdin);
        child.stdout.pipe(connection);
      });
      const path = join(site.run, 'apledger-writer.sock');
      await new Promise<void>((resolve) => socket.listen(path, resolve));
      chownSync(path, 0, NOBODY);
      chmodSync(path, 0o660);
      const [first = '', ...more] = agentWords(site.root);
      const agent = startProgram(first, [
        ...more,
        inPlace(process.execPath),
        '--disable-warning=ExperimentalWarning',
        inPlace(inRepository('services/agent/src/main.ts')),
        ...['--host', HOST, '--ledger', site.server, '--spool', `${PLACE}/spool`],
        ...['--sysfs', `${PLACE}/sys`, '--run', `${PLACE}/run`],
      ]);
      await expect
        .poll(async () => [(await site.ledger.state(HOST))?.agentEpoch, agent.output()])
        .toEqual([1, '']);
      writeFileSync(join(site.sys, 'bus/ap/apmask'), '-5');
      expect((await site.insist({ type: 'CreateMdev', text: MDEV })).end).toBe('done');
      expect((await site.insist({ type: 'AssignAdapter', mdev: MDEV, text: '5' })).end).toBe('done');
      const types: string[] = [];
      for await (const { type } of site.ledger.facts({ host: HOST })) types.push(type);
      expect(types).toEqual(expect.arrayContaining(['MaskChanged', 'MdevCreated', 'AdapterAssigned']));
      agent.signal('SIGTERM');
      expect([await agent.ended(), agent.output()]).toEqual([0, '']);
    });
  },
);
