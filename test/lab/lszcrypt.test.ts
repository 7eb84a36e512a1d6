/** Real lszcrypt on a mounted host: what it prints is computed from the model. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bin, noClients } from './clients.ts';
import { capabilities, type Release } from './lszcrypt.ts';
import { expectModel, releaseOf } from './model.ts';
import { Lab } from './support.ts';

const UUID = '11111111-1111-4111-8111-111111111111';
const SETTINGS = [
  'adapters=5-8,10',
  'domains=4,0x47,0xff',
  'control-domains=4,9,0x47',
  'types=05:CEX5C,06:CEX7P,07:CEX6A,08:CEX8C,0a:CEX8A',
];

describe.skipIf(noClients !== undefined).each(['2019-v2', '7.3'] as const)('on a host of %s', (driver) => {
  let lab: Lab;
  let release: Release;

  beforeAll(async () => {
    lab = await Lab.start({ settings: SETTINGS, driver, bin });
    release = await releaseOf(lab);
  });
  afterAll(() => lab?.end());

  it('lszcrypt shows the model of a host that came up', () => expectModel(lab, release));

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
    await expectModel(lab, release, 'lszcrypt', 'lszcrypt -V');
  });

  it('lszcrypt shows what mdevs and guests have', async () => {
    await lab.show(`echo ${UUID} > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
      cd /sys/devices/vfio_ap/matrix/${UUID} && echo 5 > assign_adapter && echo 0x47 > assign_domain`);
    await expectModel(lab, release, 'lszcrypt -V');
    expect((await lab.apledger('lab', 'guest', 'start', 'web', UUID)).err).toBe('');
    await expectModel(lab, release, 'lszcrypt -V');
    expect(await lab.show('lszcrypt -V 05.0047')).toContain(driver === '7.3' ? 'in use' : ' -    ');
  });

  it('lszcrypt shows what somebody did to the hardware', async () => {
    expect((await lab.apledger('lab', 'card', '06', 'chkstop=1')).err).toBe('');
    await lab.apledger('lab', 'scan');
    await expectModel(lab, release, 'lszcrypt -V');
    expect(await lab.show('lszcrypt 06')).toContain('chkstop');
    await lab.apledger('lab', 'card', '06', 'chkstop=0');
    await lab.apledger('lab', 'hardware', 'adapters=5-8');
    await lab.apledger('lab', 'scan');
    await expectModel(lab, release);
    expect(await lab.show('lszcrypt')).not.toMatch(/^0a/m);
  });

  it('a queue without any driver is shown as such', async () => {
    await lab.show('echo 05.00ff > /sys/bus/ap/drivers/vfio_ap/unbind');
    expect(await lab.show('lszcrypt -V 05.00ff')).toContain('-no-driver-');
    await expectModel(lab, release, 'lszcrypt -V');
    await lab.show('echo 05.00ff > /sys/bus/ap/drivers/vfio_ap/bind');
  });
});
