/** `apledger what-if --driver`: what another generation would refuse of a host's configuration, and which guests would see other queues. */
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { apledger, file, objects } from './support.ts';

const WEB = '44444444-4444-4444-8444-444444444444';
const MATRIX = '/sys/devices/vfio_ap/matrix';

/** Guest web has 05.0004. */
const host = (driver: string, more: string): string => `host box adapters=5,6 domains=4,5 driver=${driver}
  echo -5,-6 > /sys/bus/ap/apmask
  echo ${WEB} > ${MATRIX}/mdev_supported_types/vfio_ap-passthrough/create
  cd ${MATRIX}/${WEB}
  echo 5 > assign_adapter
  echo 4 > assign_domain
  guest start web ${WEB}
  ${more}\n`;

async function kept(script: string) {
  const data = scratch();
  const ran = await apledger('run', file('box.sh', script), '--data', data);
  expect(ran, ran.err).toMatchObject({ status: 0 });
  return (...args: string[]) => apledger('what-if', ...args, '--data', data);
}

describe('another generation', () => {
  it('is rehearsed, and changes nothing of a host that it takes as it is', async () => {
    const whatIf = await kept(host('6.1', ''));
    expect(await whatIf('--driver', '7.3')).toMatchObject({
      status: 0,
      out: expect.stringContaining(
        'Every assignment would be accepted, and every guest would see the queues',
      ),
    });
    expect(objects((await whatIf('--driver', '7.3', '--json')).out)).toMatchObject([
      { host: 'box', from: '6.1', to: '7.3', refused: [], guests: [], mdevs: [] },
    ]);
  });

  /** Guest web has 05.0004, which only its driver_override gives to guests. */
  const overridden = `host box adapters=5,6 domains=4,5 driver=7.3
    echo vfio_ap > /sys/devices/ap/card05/05.0004/driver_override
    echo 05.0004 > /sys/bus/ap/drivers/cex4queue/unbind
    echo 05.0004 > /sys/bus/ap/drivers/vfio_ap/bind
    echo ${WEB} > ${MATRIX}/mdev_supported_types/vfio_ap-passthrough/create
    cd ${MATRIX}/${WEB}
    echo 5 > assign_adapter
    echo 4 > assign_domain
    guest start web ${WEB}\n`;

  it('has a queue that a driver_override gives to guests, as the host has it', async () => {
    const whatIf = await kept(overridden);
    expect(objects((await whatIf('--driver', '7.3', '--json')).out)).toMatchObject([
      { refused: [], guests: [], mdevs: [], hostQueues: { lost: [], gained: [] } },
    ]);
  });

  it('leaves such a queue with the host where it knows no driver_override', async () => {
    const whatIf = await kept(overridden);
    expect(objects((await whatIf('--driver', '6.1', '--json')).out)).toMatchObject([
      {
        refused: [
          { step: expect.stringContaining('driver_override') },
          { step: expect.stringContaining('assign_domain'), errno: 'EADDRNOTAVAIL' },
        ],
        guests: [{ guest: 'web', lost: ['05.0004'] }],
        hostQueues: { lost: [], gained: ['05.0004'] },
      },
    ]);
  });

  it('refuses a queue that the older one lets the host take from an mdev; the guest would lose it', async () => {
    const whatIf = await kept(host('5.10', 'echo +5 > /sys/bus/ap/apmask'));
    const { status, out } = await whatIf('--driver', '7.3');
    expect(status).toBe(1);
    expect(out).toContain(
      `echo 4 > ${MATRIX}/${WEB}/assign_domain\n  would be refused with EADDRNOTAVAIL: 05.0004 would be in the matrix, but belongs to the host.`,
    );
    expect(out).toContain(`Guest web (mdev ${WEB}) would not see 05.0004.`);
    expect(objects((await whatIf('--driver', '7.3', '--json')).out)).toMatchObject([
      {
        refused: [{ errno: 'EADDRNOTAVAIL' }],
        guests: [{ guest: 'web', lost: ['05.0004'], gained: [] }],
        mdevs: [{ mdev: WEB, before: { domains: [4] }, after: { domains: [] } }],
      },
    ]);
  });

  it('gives a guest a queue that the older one filtered out, and did not look at again', async () => {
    const whatIf = await kept(host('2019-v2', 'echo 8 > assign_domain\nhardware domains=4,8\nscan'));
    expect(await whatIf('--driver', '7.3')).toMatchObject({
      status: 1,
      out: expect.stringContaining(`Guest web (mdev ${WEB}) would see 05.0008 as well.`),
    });
  });

  it('is asked for without steps, and by its name', async () => {
    const whatIf = await kept(host('6.1', ''));
    expect(await whatIf('--driver', '6.12', 'scan')).toMatchObject({ status: 2 });
    expect(await whatIf('--driver', '6.13')).toMatchObject({ status: 2 });
    expect(await whatIf()).toMatchObject({ status: 2 });
  });
});
