/** The life of a host as scripts tell it, and what an auditor reads of it later. */
import { GENERATION_NAMES } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { apledger, file, objects } from './support.ts';

const WEB = '77777777-7777-4777-8777-777777777771';
const DB = '77777777-7777-4777-8777-777777777772';
const MATRIX = '/sys/devices/vfio_ap/matrix';

/** Guest web gives 05.0004 up while it runs; then `between`; then guest db gets it. 2019 and 5.10 reset nothing by themselves. */
const handover = (driver: string, between: string) => `
host zr adapters=5 domains=4 driver=${driver}
echo -5 > /sys/bus/ap/apmask
cd ${MATRIX}/mdev_supported_types/vfio_ap-passthrough
echo ${WEB} > create
echo ${DB} > create
cd ${MATRIX}/${WEB}
echo 5 > assign_adapter
echo 4 > assign_domain
guest start web ${WEB}
echo 5 > unassign_adapter
${between}
cd ${MATRIX}/${DB}
echo 5 > assign_adapter
echo 4 > assign_domain
guest start db ${DB}
`;

async function played(script: string) {
  const data = scratch();
  const { status, err } = await apledger('run', '--data', data, file('script.sh', script));
  expect(status, err).toBe(0);
  const ask = async (...args: string[]) => (await apledger(...args, '--data', data)).out;
  const facts = async (type: string) =>
    objects(await ask('events', '--type', type, '--json')).map(({ data: fact, actor }) => ({
      ...(fact as object),
      actor,
    }));
  return { ask, facts };
}

describe('a queue that goes from one guest to the other', () => {
  it('was not reset by the patches of 2019', async () => {
    const { ask } = await played(handover('2019-v2', ''));
    expect(await ask('exposure')).toMatch(/05\.0004 went from .* without a reset/);
  });

  it('was reset, when an administrator wrote to its reset: F1', async () => {
    const { ask, facts } = await played(handover('2019-v2', 'echo 1 > /sys/devices/ap/card05/05.0004/reset'));
    expect(await ask('exposure')).not.toContain('without a reset');
    expect((await facts('QueueReset')).at(-1)).toMatchObject({
      by: 'administrator',
      queues: ['05.0004'],
      responseCode: 0,
      actor: expect.stringContaining('script.sh:12'),
    });
    expect(await ask('custody', '05.0004')).toMatch(/guest db[\s\S]*reset since the holder before: yes/);
  });

  it('was not, when the machine did not do it', async () => {
    const script = handover(
      '2019-v2',
      'card 05 chkstop=1\necho 1 > /sys/devices/ap/card05/05.0004/reset\ncard 05 chkstop=0',
    );
    expect(await (await played(script)).ask('exposure')).toContain('without a reset');
  });

  it('is clean, and said to be zeroized, when its keys were wiped from outside: G6', async () => {
    const { ask, facts } = await played(handover('2019-v2', 'zeroize 05.0004 by=TKE'));
    expect(await ask('exposure')).not.toContain('without a reset');
    expect(await facts('QueueZeroized')).toMatchObject([{ by: 'TKE', queues: ['05.0004'] }]);
    const report = await ask('report', '--format', 'md');
    expect(report).toMatch(/guest db.*zeroized, position \d+/);
  });
});

describe.each(GENERATION_NAMES)('a %s host', (driver) => {
  const start = `
host zr adapters=5 domains=4 driver=${driver} apmask=+0-255,-5
echo ${WEB} > ${MATRIX}/mdev_supported_types/vfio_ap-passthrough/create
echo 4 > ${MATRIX}/${WEB}/assign_domain
echo 5 > ${MATRIX}/${WEB}/assign_adapter
echo 4 > ${MATRIX}/${WEB}/assign_control_domain
guest start web ${WEB}
`;

  it('is rebooted, and makes again what starts by itself: G1', async () => {
    const { ask, facts } = await played(`${start}
echo +5 > /sys/bus/ap/drivers_autoprobe
host reboot autostart=${WEB}
cat ${MATRIX}/${WEB}/matrix
guest start web ${WEB}
host reboot
! cat ${MATRIX}/${WEB}/matrix
`);
    expect(await facts('HostRebooted')).toHaveLength(2);
    expect(await facts('GuestStopped')).toHaveLength(2);
    expect(await facts('CommandHadNoEffect')).toMatchObject([
      { command: { path: 'bus/ap/drivers_autoprobe' } },
    ]);
    expect(await ask('exposure')).not.toContain('keeps');
    expect(await ask('verify')).toContain('0 problems');
  });

  it('loads and unloads vfio_ap: G3', async () => {
    const { facts } = await played(`${start}
! rmmod vfio_ap
guest stop web
rmmod vfio_ap
! ls ${MATRIX}
! ls /sys/bus/ap/drivers/vfio_ap
! rmmod vfio_ap
modprobe vfio_ap
readlink /sys/devices/ap/card05/05.0004/driver
modprobe -r vfio_ap
`);
    expect([(await facts('DriverUnloaded')).length, (await facts('DriverLoaded')).length]).toEqual([2, 1]);
    expect(await facts('CommandRejected')).toMatchObject([{ errno: 'EBUSY' }, { errno: 'ENOENT' }]);
  });

  it('takes an mdev from a guest that runs on, and lets it reset what it has: G5, G11', async () => {
    const { ask, facts } = await played(`${start}
guest reset web
guest detach web ${WEB}
! guest detach web ${WEB}
`);
    expect(await facts('GuestStopped')).toEqual([]);
    expect(await facts('QueueReset')).not.toEqual([]);
    expect(await ask('guest-history', 'web')).toContain('MdevDetached');
    expect(await ask('exposure')).toContain(`guest web runs without mdev ${WEB}, which keeps 05.0004`);
  });
});
