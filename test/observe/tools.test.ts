/** The observer on a host that lies over /sys, with the programs that administrators use making the changes: what it sees, and who did it. */
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Observer } from '@apledger/agent/observer';
import { type EvidenceKeeper, watchEvidence } from '@apledger/agent/who';
import { decide } from '@apledger/driver';
import { evolve, HostState } from '@apledger/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { file, inRepository } from '../cli/support.ts';
import { bin, noClients } from '../lab/clients.ts';
import { noLibvirt, startLibvirtd } from '../lab/libvirtd.ts';
import { Lab } from '../lab/support.ts';
import { scratch } from '../support/file.ts';
import { put } from '../support/sysfs-files.ts';
import { filesOf, unlike } from './simulated.ts';
import { Kept } from './site.ts';

const MDEV = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';
const NOTIFIERS = '/etc/mdevctl.d/scripts.d/notifiers';

describe.skipIf(noClients !== undefined)('an observer of a host that real programs change', () => {
  const place = scratch();
  const [run, spool] = [join(place, 'run'), join(place, 'run/apledger/notifier')];
  let lab: Lab;
  let witness: EvidenceKeeper;
  let observer: Observer;
  let kept: Kept;

  beforeAll(async () => {
    mkdirSync(spool, { recursive: true });
    lab = await Lab.start({
      settings: ['adapters=5,6', 'domains=4,0x47'],
      driver: '7.3',
      bin,
      env: { APLEDGER_NOTIFIER_SPOOL: spool, SUDO_USER: 'anna' },
    });
    const inside = `/proc/${await lab.show('echo $$')}/root`;
    copyFileSync(
      inRepository('services/agent/packaging/mdevctl-notifier.sh'),
      join(inside, NOTIFIERS, 'apledger.sh'),
    );
    symlinkSync(join(inside, 'run/lock'), join(run, 'lock'));
    const fakes = { proc: join(place, 'proc'), etc: join(place, 'etc'), dev: join(place, 'dev'), run };
    put(join(fakes.proc, 'sys/kernel/osrelease'), '7.3.0-test\n');
    put(join(fakes.proc, 'sys/kernel/random/boot_id'), 'boot-1\n');
    put(join(fakes.etc, 'passwd'), 'anna:x:1000:1000::/home/anna:/bin/sh\n');
    const roots = { ...fakes, sysfs: join(inside, 'sys') };
    witness = watchEvidence({ ...roots, proc: '/proc' }, { onProblem: () => {} });
    const report = (line: string): void => {
      throw new Error(line);
    };
    observer = new Observer({
      host: lab.host,
      roots,
      witness,
      sink: { record: (drafts, known) => kept.record(drafts, known) },
      report,
    });
    const state = new HostState();
    for (const fact of decide(state, await observer.registration()).facts) evolve(state, fact);
    kept = new Kept(state.fork());
    observer.begin({ state, seenAt: null, boot: null });
    await observer.look();
  });
  afterAll(async () => {
    await observer?.end();
    witness?.close();
    await lab?.end();
  });

  /** Types it, and looks; what was seen of it, once the host that was concluded is the one behind the mount. */
  async function after(command: string) {
    const from = kept.drafts.length;
    const typed = await lab.type(command);
    await observer.look();
    const actual = await lab.state();
    expect([...unlike(kept.state, actual, filesOf), ...unlike(kept.state, actual)], typed.text).toEqual([]);
    const drafts = kept.drafts.slice(from);
    return {
      ...typed,
      // The bus scans by itself, and counts then what was bound before.
      types: drafts
        .flatMap(({ facts }) => facts.map(({ type }) => type))
        .filter((type) => type !== 'BindingsCompleted'),
      actors: [...new Set(drafts.map(({ actor, certainty }) => `${actor}, ${certainty}`))],
      evidence: drafts.flatMap(({ evidence }) => evidence),
    };
  }

  it('finds no count of uevents: this machine has one, but the host in the lab sends none', async () => {
    expect(await lab.show('ls /sys/kernel')).not.toContain('uevent_seqnum');
  });

  it('sees bash write a mask, and names nobody', async () => {
    const { types, actors } = await after('echo -5,-6 > /sys/bus/ap/apmask');
    expect(types).toContain('MaskChanged');
    expect(actors).toEqual(['unattributed, none']);
  });

  it('sees what mdevctl starts and stops, and who called it, by its notifier', async () => {
    const define = [
      `mdevctl define -u ${MDEV} -p matrix -t vfio_ap-passthrough`,
      ...['assign_adapter=5', 'assign_domain=4', 'assign_control_domain=4'].map((attribute) => {
        const [name, value] = attribute.split('=');
        return `mdevctl modify -u ${MDEV} --addattr=${name} --value=${value}`;
      }),
    ];
    const defined = await after(define.join(' && '));
    expect([defined.status, defined.types]).toEqual([0, []]);
    const started = await after(`mdevctl start -u ${MDEV}`);
    expect(started.status, started.text).toBe(0);
    expect(started.types).toEqual(
      expect.arrayContaining(['MdevCreated', 'AdapterAssigned', 'DomainAssigned']),
    );
    expect(started.actors).toEqual(['anna, certain']);
    expect(started.evidence.map(({ source, text }) => `${source}: ${text}`).join()).toMatch(
      /notifier: start success/,
    );
    const stopped = await after(`mdevctl stop -u ${MDEV}`);
    expect(stopped.types).toContain('MdevRemoved');
    expect(stopped.actors).toEqual(['anna, certain']);
  });

  it('sees chzdev write a mask, and that it held the lock', async () => {
    const { types, evidence, status, text } = await after('chzdev -t ap apmask=+6 --active');
    expect(status, text).toBe(0);
    expect(types).toContain('MaskChanged');
    expect(evidence).toContainEqual(
      expect.objectContaining({ source: 'lock', text: expect.stringContaining('chzdev') }),
    );
  });

  it('sees chzcrypt switch a card off and on', async () => {
    expect((await after('chzcrypt -d 6')).types).toContain('OnlineChanged');
    expect((await after('chzcrypt -e 6')).types).toContain('OnlineChanged');
  });

  it('sees nothing happen when lszcrypt and lszdev read', async () => {
    const { status, types } = await after('lszcrypt -V && lszdev -t ap');
    expect([status, types]).toEqual([0, []]);
  });

  it.skipIf(noLibvirt !== undefined)('sees what libvirt starts, through mdevctl', async () => {
    const virsh = await startLibvirtd(lab);
    const device = `mdev_${OTHER.replaceAll('-', '_')}_matrix`;
    const xml = `<device><name>${device}</name><parent>ap_matrix</parent><capability type='mdev'>
      <type id='vfio_ap-passthrough'/><uuid>${OTHER}</uuid><attr name='assign_adapter' value='5'/>
      <attr name='assign_domain' value='4'/></capability></device>`;
    const defined = await after(`${virsh} nodedev-define ${file('mdev.xml', xml)}`);
    expect([defined.status, defined.types], defined.text).toEqual([0, []]);
    // It then waits for a uevent, which the lab does not send.
    const started = await after(`timeout 20 env ${virsh} nodedev-start ${device}`);
    expect(started.types, started.text).toEqual(expect.arrayContaining(['MdevCreated', 'AdapterAssigned']));
    expect(started.evidence.map(({ source, text }) => `${source}: ${text}`).join()).toMatch(
      /notifier: start/,
    );
  });
});
