/**
 * The shell examples of the founding document, in its order, typed into one real bash on one mounted host of 2019-v2:
 * every output and every refusal that it promises (docs/founding-document.md).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lab, noMount } from './support.ts';
import { readTranscript, typed } from './transcript.ts';

const ALL_ZEROES = '0'.repeat(62);

const SECTIONS: Readonly<Record<string, string>> = {
  'the bus makes a device for each queue of the product of adapters and domains': `
lab# ls -d /sys/devices/ap/card{04,0a}/??.00{06,47}
/sys/devices/ap/card04/04.0006
/sys/devices/ap/card04/04.0047
/sys/devices/ap/card0a/0a.0006
/sys/devices/ap/card0a/0a.0047`,

  'by default all queues are for the drivers of the host': `
lab# cat /sys/bus/ap/apmask /sys/bus/ap/aqmask
0x${'f'.repeat(64)}
0x${'f'.repeat(64)}
lab# ls /sys/bus/ap/drivers/vfio_ap
bind
uevent
unbind`,

  "the product of the bits set in both masks is the host's, all else is for vfio_ap": `
lab# echo 0x7000000000000000000000000000000000000000000000000000000000000000 > /sys/bus/ap/apmask
lab# echo 0x0180000000000000000000000000000000000000000000000000000000000000 > /sys/bus/ap/aqmask
lab# ls /sys/bus/ap/drivers/cex4queue
01.0007
01.0008
02.0007
02.0008
03.0007
03.0008
bind
uevent
unbind
lab# readlink /sys/devices/ap/card04/04.0007/driver
../../../../bus/ap/drivers/vfio_ap`,

  'a shorter mask is filled with zeroes on the right, a longer one is refused': `
lab# cd /sys/bus/ap
lab# echo 0x41 > apmask
lab# cat apmask
0x41${ALL_ZEROES}
lab# echo 0x41${ALL_ZEROES}0 > apmask
bash: echo: write error: Invalid argument
lab# cat apmask
0x41${ALL_ZEROES}`,

  'single bits are switched on and off': `
lab# echo +0,-6,+0x47,-0xf0 > apmask
lab# cat apmask
0xc1${'0'.repeat(15)}1${'0'.repeat(46)}
lab# echo hello > apmask
bash: echo: write error: Invalid argument
lab# echo +1,8 > apmask
bash: echo: write error: Invalid argument
lab# echo 0x${'f'.repeat(64)} > apmask; echo 0x${'f'.repeat(64)} > aqmask
lab# ls drivers/vfio_ap
bind
uevent
unbind`,

  'the queues of the worked example are secured': `
lab# echo -5,-6 > /sys/bus/ap/apmask
lab# echo -4,-0x47,-0xab,-0xff > /sys/bus/ap/aqmask
lab# ls -d /sys/bus/ap/drivers/vfio_ap/05.00{04,47,ab,ff} /sys/bus/ap/drivers/vfio_ap/06.00{04,47,ab,ff}
/sys/bus/ap/drivers/vfio_ap/05.0004
/sys/bus/ap/drivers/vfio_ap/05.0047
/sys/bus/ap/drivers/vfio_ap/05.00ab
/sys/bus/ap/drivers/vfio_ap/05.00ff
/sys/bus/ap/drivers/vfio_ap/06.0004
/sys/bus/ap/drivers/vfio_ap/06.0047
/sys/bus/ap/drivers/vfio_ap/06.00ab
/sys/bus/ap/drivers/vfio_ap/06.00ff`,

  'three mediated devices are made': `
lab# uuid1=11111111-1111-4111-8111-111111111111
lab# uuid2=22222222-2222-4222-8222-222222222222
lab# uuid3=33333333-3333-4333-8333-333333333333
lab# cd /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough
lab# cat available_instances device_api name
65536
vfio-ap
VFIO AP Passthrough Device
lab# echo $uuid1 > create
lab# echo $uuid2 > create
lab# echo $uuid3 > create
lab# echo $uuid3 > create
bash: echo: write error: File exists
lab# ls devices
11111111-1111-4111-8111-111111111111
22222222-2222-4222-8222-222222222222
33333333-3333-4333-8333-333333333333
lab# ls /sys/devices/vfio_ap/matrix/$uuid1/*assign*
/sys/devices/vfio_ap/matrix/11111111-1111-4111-8111-111111111111/assign_adapter
/sys/devices/vfio_ap/matrix/11111111-1111-4111-8111-111111111111/assign_control_domain
/sys/devices/vfio_ap/matrix/11111111-1111-4111-8111-111111111111/assign_domain
/sys/devices/vfio_ap/matrix/11111111-1111-4111-8111-111111111111/unassign_adapter
/sys/devices/vfio_ap/matrix/11111111-1111-4111-8111-111111111111/unassign_control_domain
/sys/devices/vfio_ap/matrix/11111111-1111-4111-8111-111111111111/unassign_domain`,

  'adapters, domains and control domains are assigned to them': `
lab# cd /sys/devices/vfio_ap/matrix/$uuid1
lab# echo 5 > assign_adapter
lab# echo 6 > assign_adapter
lab# echo 4 > assign_domain
lab# echo 0xab > assign_domain
lab# echo 4 > assign_control_domain
lab# echo 0xab > assign_control_domain
lab# cat control_domains
0004
00ab
lab# cat matrix
05.0004
05.00ab
06.0004
06.00ab
lab# cd /sys/devices/vfio_ap/matrix/$uuid2
lab# echo 5 > assign_adapter
lab# echo 0x47 > assign_domain
lab# echo 0xff > assign_domain
lab# cat matrix
05.0047
05.00ff
lab# cd /sys/devices/vfio_ap/matrix/$uuid3
lab# echo 6 > assign_adapter
lab# echo 0x47 > assign_domain
lab# echo 0xff > assign_domain
lab# cat matrix
06.0047
06.00ff`,

  'an assignment is refused above the maximum, of a queue of the host, and of a queue of another mdev': `
lab# echo 256 > assign_adapter
bash: echo: write error: No such device
lab# echo 256 > assign_domain
bash: echo: write error: No such device
lab# echo 7 > assign_domain
lab# echo 1 > assign_adapter
bash: echo: write error: Cannot assign requested address
lab# echo 7 > unassign_domain
lab# echo 5 > assign_adapter
bash: echo: write error: Address already in use
lab# cat matrix
06.0047
06.00ff`,

  'files that are only written cannot be read, and the other way round': `
lab# cat assign_adapter
cat: assign_adapter: Permission denied
lab# echo 05.0004 > matrix
bash: matrix: Permission denied`,

  'the guests are started, and have what their mdevs have': `
lab# cat guest_matrix
cat: guest_matrix: No such device
$ apledger lab guest start guest1 11111111-1111-4111-8111-111111111111
$ apledger lab guest start guest2 22222222-2222-4222-8222-222222222222
$ apledger lab guest start guest3 33333333-3333-4333-8333-333333333333
lab# cat guest_matrix
06.0047
06.00ff
lab# cat ../$uuid1/guest_matrix
05.0004
05.00ab
06.0004
06.00ab`,

  'adapter 10 is plugged into a running guest, domain 0xff is unplugged from it': `
lab# echo -10 > /sys/bus/ap/apmask
lab# echo 0xa > assign_adapter
lab# cat guest_matrix
06.0047
06.00ff
0a.0047
0a.00ff
lab# echo 0xff > unassign_domain
lab# cat guest_matrix
06.0047
0a.0047`,

  'unbinding a queue unplugs its adapter; binding it plugs the adapter again': `
lab# cd ../$uuid1
lab# echo 06.00ab > /sys/bus/ap/drivers/vfio_ap/unbind
lab# cat guest_matrix
05.0004
05.00ab
lab# echo 06.00ab > /sys/bus/ap/drivers/vfio_ap/bind
lab# cat guest_matrix
05.0004
05.00ab
06.0004
06.00ab`,

  'a guest cannot migrate with adapters, and can when they are unplugged': `
$ apledger lab guest migrate guest2
apledger: guest migrate guest2: Device or resource busy
    EBUSY: Guest guest2 has AP adapters 05 plugged in; AP queues cannot migrate.
    Unplug them first: echo 0x05 > unassign_adapter of mdev 22222222-2222-4222-8222-222222222222.
lab# echo 5 > ../$uuid2/unassign_adapter
$ apledger lab guest migrate guest2`,

  'the devices are removed when their guests have stopped, and the queues go back to the host': `
$ apledger lab guest stop guest1
$ apledger lab guest stop guest3
lab# cat guest_matrix
cat: guest_matrix: No such device
lab# cd /sys/bus/ap
lab# for uuid in $uuid1 $uuid2 $uuid3; do echo 1 > /sys/devices/vfio_ap/matrix/$uuid/remove; done
lab# ls /sys/bus/mdev/devices
lab# ls /sys/devices/vfio_ap/matrix/$uuid1
ls: cannot access '/sys/devices/vfio_ap/matrix/11111111-1111-4111-8111-111111111111': No such file or directory
lab# echo +5,+6,+10 > apmask; echo +4,+0x47,+0xab,+0xff > aqmask
lab# ls drivers/vfio_ap
bind
uevent
unbind`,
};

describe.skipIf(noMount !== undefined)('the founding document, typed into a real bash', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start({ settings: ['adapters=1-6,10', 'domains=4-8,0x47,0xab,0xff'], driver: '2019-v2' });
  });
  afterAll(() => lab?.end());

  it.each(Object.entries(SECTIONS))('%s', async (_, text) => {
    const steps = readTranscript(text);
    expect(steps.length).toBeGreaterThan(0);
    expect(await typed(lab, steps)).toEqual(steps);
  });
});
