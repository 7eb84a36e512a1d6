/** Real chzcrypt on a mounted host: what it does is in the ledger, and lszcrypt shows it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bin, noClients } from './clients.ts';
import { listing, type Release } from './lszcrypt.ts';
import { comparable, expectModel, releaseOf } from './model.ts';
import { mountLab } from './process.ts';
import { environment, Lab } from './support.ts';

describe.skipIf(noClients !== undefined)('chzcrypt', () => {
  let lab: Lab;
  let release: Release;
  beforeAll(async () => {
    lab = await Lab.start({ settings: ['adapters=5,6,8', 'domains=4,0x47,0xff'], driver: '7.3', bin });
    release = await releaseOf(lab);
    await lab.show('echo -5 > /sys/bus/ap/apmask; echo -4 > /sys/bus/ap/aqmask');
  });
  afterAll(() => lab?.end());

  it('-d and -e switch cards and queues', async () => {
    await lab.show('chzcrypt -d 08');
    expect((await lab.state()).cards.get(8)?.online).toBe(false);
    await lab.show('chzcrypt -d 06.00ff');
    expect((await lab.state()).cards.get(6)?.queues.get(0xff)?.online).toBe(false);
    await expectModel(lab, release, 'lszcrypt');
    expect(await lab.show('chzcrypt -V -e 06.00ff')).toBe(
      'Setting cryptographic device card06/06.00ff online',
    );
    await lab.show('chzcrypt -e 08');
    expect((await lab.state()).cards.get(8)?.online).toBe(true);
    await expectModel(lab, release, 'lszcrypt');
  });

  it('cannot switch a queue that a guest may have', async () => {
    const { status, text } = await lab.type('chzcrypt -e 05.0047');
    expect(status).toBe(1);
    expect(text).toContain("can't write to /sys/bus/ap/devices/card05/05.0047/online");
  });

  it('--config-off takes a card away, --config-on brings it back', async () => {
    await lab.show('chzcrypt --config-off 08');
    expect((await lab.state()).cards.get(8)?.configured).toBe(false);
    await expectModel(lab, release, 'lszcrypt -V');
    expect((await lab.type('chzcrypt --config-off 08')).text).toContain(
      'device card08 is already config off',
    );
    await lab.show('chzcrypt --config-on 08');
    expect((await lab.state()).cards.get(8)?.configured).toBe(true);
    await lab.apledger('lab', 'scan');
    await expectModel(lab, release, 'lszcrypt -V');
  });

  it.each([
    ['-q 71', 'ap_domain', 71],
    ['-p', 'poll_thread', 1],
    ['-n', 'poll_thread', 0],
    ['-t 500000', 'poll_timeout', 500_000],
    ['-c 60', 'config_time', 60],
  ] as const)('%s sets %s', async (option, attribute, value) => {
    await lab.show(`chzcrypt ${option}`);
    expect((await lab.state()).attributes[attribute]).toBe(value);
    await expectModel(lab, release, 'lszcrypt -b');
  });

  it.each(['-q 4', '-q 256', '-c 1', '-t 120000000001'])(
    '%s is refused and changes nothing',
    async (option) => {
      const { attributes } = await lab.state();
      expect((await lab.type(`chzcrypt ${option}`)).status).toBe(1);
      expect((await lab.state()).attributes).toEqual(attributes);
    },
  );

  it('and its kin find a host that is mounted elsewhere by SYSFS_ROOT', async () => {
    const at = join(lab.data, 'sys');
    const mounted = await mountLab(lab.host, '--at', at, '--data', lab.data);
    const { stdout } = await promisify(execFile)(join(bin, 'lszcrypt'), {
      env: { ...environment(bin), SYSFS_ROOT: at },
    });
    expect(comparable(stdout.trimEnd(), release)).toBe(
      comparable(listing(await lab.state(), release), release),
    );
    mounted.signal('SIGTERM');
    expect(await mounted.ended()).toBe(0);
  });

  it('the ledger knows which program did it', async () => {
    const facts = await lab.facts();
    const actorsOf = (type: string): string[] =>
      facts.filter((fact) => fact.type === type).map(({ actor }) => actor);
    expect(actorsOf('CardDeconfigured')).toEqual([expect.stringMatching(/^uid=\d+ pid=\d+ comm=chzcrypt$/)]);
    expect(actorsOf('MaskChanged').every((actor) => actor.endsWith(' comm=bash'))).toBe(true);
  });
});
