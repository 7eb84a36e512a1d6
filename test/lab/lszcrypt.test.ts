/** Real lszcrypt and chzcrypt on a mounted host: what they print is computed from the model, what they write is in the ledger. */
import type { HostState } from '@apledger/driver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { busAttributes, capabilities, domains, listing, type Release, serialNumbers } from './lszcrypt.ts';
import { Lab, noClients } from './support.ts';

const UUID = '11111111-1111-4111-8111-111111111111';
const SETTINGS = [
  'adapters=5-8,10',
  'domains=4,0x47,0xff',
  'control-domains=4,9,0x47',
  'types=05:CEX5C,06:CEX7P,07:CEX6A,08:CEX8C,0a:CEX8A',
];

/** What lszcrypt has to print. */
const READINGS = {
  lszcrypt: listing,
  'lszcrypt -V': (state: HostState, release: Release) => listing(state, release, { verbose: true }),
  'lszcrypt -s': serialNumbers,
  'lszcrypt -b': busAttributes,
  'lszcrypt -d': domains,
} as const;
type Reading = keyof typeof READINGS;
const ALL = Object.keys(READINGS) as Reading[];

/** Layouts that are known: of other releases only the fields are compared. */
const isKnown = ([major, minor]: Release): boolean => major === 2 && minor >= 35 && minor <= 43;

describe.skipIf(noClients !== undefined).each(['2019-v2', '7.3'] as const)('on a host of %s', (driver) => {
  let lab: Lab;
  let release: Release;

  beforeAll(async () => {
    lab = await Lab.start({ settings: SETTINGS, driver });
    const [, major, minor] = /version (\d+)\.(\d+)/.exec(await lab.show('lszcrypt --version')) ?? [];
    release = [Number(major), Number(minor)];
  });
  afterAll(() => lab?.end());

  const compared = (text: string): string =>
    isKnown(release) ? text : text.replace(/^-+$/gm, '').replace(/[ ]+/g, ' ');

  /** What these say is the model, as it is now. */
  async function expectModel(...readings: readonly Reading[]): Promise<void> {
    const state = await lab.state();
    for (const reading of readings)
      expect(compared(await lab.show(reading)), reading).toBe(compared(READINGS[reading](state, release)));
  }

  it('lszcrypt shows the model of a host that came up', () => expectModel(...ALL));

  it('lszcrypt -c tells what each card can do', async () => {
    const state = await lab.state();
    for (const apid of state.cards.keys())
      expect(await lab.show(`lszcrypt -c ${apid}`)).toBe(capabilities(state, apid));
    expect(await lab.type('lszcrypt -c 9')).toEqual({
      status: 1,
      text: 'lszcrypt: Error - cryptographic device card09 does not exist.',
    });
  });

  it('lszcrypt -c shows master keys only of queues that the host has', async () => {
    await lab.show('echo -5 > /sys/bus/ap/apmask; echo -4 > /sys/bus/ap/aqmask');
    expect(await lab.show('lszcrypt -c 06.0047')).toMatch(/^MK WK CUR: valid 0x/m);
    expect(await lab.show('lszcrypt -c 05.0047')).toBe('queue 05.0047 capabilities:');
    await expectModel('lszcrypt', 'lszcrypt -V');
  });

  it('lszcrypt shows what mdevs and guests have', async () => {
    await lab.show(`echo ${UUID} > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
      cd /sys/devices/vfio_ap/matrix/${UUID} && echo 5 > assign_adapter && echo 0x47 > assign_domain`);
    await expectModel('lszcrypt -V');
    expect((await lab.apledger('lab', 'guest', 'start', 'web', UUID)).err).toBe('');
    await expectModel('lszcrypt -V');
    expect(await lab.show('lszcrypt -V 05.0047')).toContain(driver === '7.3' ? 'in use' : ' -    ');
  });

  it('lszcrypt shows what somebody did to the hardware', async () => {
    expect((await lab.apledger('lab', 'card', '06', 'chkstop=1')).err).toBe('');
    await lab.apledger('lab', 'scan');
    await expectModel('lszcrypt -V');
    expect(await lab.show('lszcrypt 06')).toContain('chkstop');
    await lab.apledger('lab', 'card', '06', 'chkstop=0');
    await lab.apledger('lab', 'hardware', 'adapters=5-8');
    await lab.apledger('lab', 'scan');
    await expectModel(...ALL);
    expect(await lab.show('lszcrypt')).not.toMatch(/^0a/m);
  });

  it('a queue without any driver is shown as such', async () => {
    await lab.show('echo 05.00ff > /sys/bus/ap/drivers/vfio_ap/unbind');
    expect(await lab.show('lszcrypt -V 05.00ff')).toContain('-no-driver-');
    await expectModel('lszcrypt -V');
    await lab.show('echo 05.00ff > /sys/bus/ap/drivers/vfio_ap/bind');
  });

  it('chzcrypt -d and -e switch cards and queues', async () => {
    await lab.show('chzcrypt -d 08');
    expect((await lab.state()).cards.get(8)?.online).toBe(false);
    await lab.show('chzcrypt -d 06.00ff');
    expect((await lab.state()).cards.get(6)?.queues.get(0xff)?.online).toBe(false);
    await expectModel('lszcrypt');
    expect(await lab.show('chzcrypt -V -e 06.00ff')).toBe(
      'Setting cryptographic device card06/06.00ff online',
    );
    await lab.show('chzcrypt -e 08');
    expect((await lab.state()).cards.get(8)?.online).toBe(true);
    await expectModel('lszcrypt');
  });

  it('chzcrypt cannot switch a queue that a guest may have', async () => {
    const { status, text } = await lab.type('chzcrypt -e 05.0047');
    expect(status).toBe(1);
    expect(text).toContain("can't write to /sys/bus/ap/devices/card05/05.0047/online");
  });

  it('chzcrypt --config-off takes a card away, --config-on brings it back', async () => {
    await lab.show('chzcrypt --config-off 08');
    expect((await lab.state()).cards.get(8)?.configured).toBe(false);
    await expectModel('lszcrypt -V');
    expect((await lab.type('chzcrypt --config-off 08')).text).toContain(
      'device card08 is already config off',
    );
    await lab.show('chzcrypt --config-on 08');
    expect((await lab.state()).cards.get(8)?.configured).toBe(true);
    await lab.apledger('lab', 'scan');
    await expectModel('lszcrypt -V');
  });

  it.each([
    ['-q 71', 'ap_domain', 71],
    ['-p', 'poll_thread', 1],
    ['-n', 'poll_thread', 0],
    ['-t 500000', 'poll_timeout', 500_000],
    ['-c 60', 'config_time', 60],
  ] as const)('chzcrypt %s sets %s', async (option, attribute, value) => {
    await lab.show(`chzcrypt ${option}`);
    expect((await lab.state()).attributes[attribute]).toBe(value);
    await expectModel('lszcrypt -b');
  });

  it.each(['-q 4', '-q 256', '-c 1', '-t 120000000001'])(
    'chzcrypt %s is refused and changes nothing',
    async (option) => {
      const { attributes } = await lab.state();
      expect((await lab.type(`chzcrypt ${option}`)).status).toBe(1);
      expect((await lab.state()).attributes).toEqual(attributes);
    },
  );

  it('the ledger knows which program did it', async () => {
    const facts = await lab.facts();
    const actorsOf = (type: string): string[] =>
      facts.filter((fact) => fact.type === type).map(({ actor }) => actor);
    expect(actorsOf('CardDeconfigured')).toEqual([expect.stringMatching(/^uid=\d+ pid=\d+ comm=chzcrypt$/)]);
    expect(actorsOf('MaskChanged').every((actor) => actor.endsWith(' comm=bash'))).toBe(true);
  });
});
