/** Real libvirt on a mounted host: its node device driver finds cards, queues and mdevs. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { file, inRepository, scratch } from '../cli/support.ts';
import { bin, noClients } from './clients.ts';
import { Lab } from './support.ts';

/** libvirt of Debian 12, and what it links with beyond what a plain machine has. */
const PACKAGES =
  'libvirt-daemon,libvirt-clients,libvirt0,libnl-3-200,libparted2,libpcap0.8,libssh-4,libyajl2';
const UUID = '11111111-1111-4111-8111-111111111111';

const fetched = spawnSync(process.execPath, [inRepository('infra/debian.mjs'), PACKAGES], {
  encoding: 'utf8',
});
const root = fetched.stdout.trim();
const libraries = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu']
  .map((path) => join(root, path))
  .join(':');
const daemon = join(root, 'usr/sbin/libvirtd');

/** Why libvirt cannot be tried here; undefined when it can. */
function whyNot(): string | undefined {
  if (noClients !== undefined) return noClients;
  if (process.getuid?.() !== 0) return 'only root can run it as a system service';
  if (fetched.status !== 0) return fetched.stderr.trim();
  const tried = spawnSync(daemon, ['--version'], {
    encoding: 'utf8',
    env: { LD_LIBRARY_PATH: libraries },
  });
  return tried.status === 0 ? undefined : `libvirtd: ${tried.stderr?.trim() || tried.error?.message}`;
}

const missing = whyNot();
if (missing !== undefined) console.warn(`\n*** NOT TESTED: libvirt in the lab: ${missing} ***\n`);

describe.skipIf(missing !== undefined)('libvirt', () => {
  const place = scratch();
  const socket = join(place, 'libvirt-sock');
  const virsh = `LD_LIBRARY_PATH=${libraries} ${root}/usr/bin/virsh -c 'nodedev:///system?socket=${socket}'`;
  let lab: Lab;

  beforeAll(async () => {
    lab = await Lab.start({ settings: ['adapters=5,6', 'domains=4,0x47'], driver: '7.3', bin });
    await lab.show(`echo -5 > /sys/bus/ap/apmask
      mdevctl define -u ${UUID} -p matrix -t vfio_ap-passthrough
      mdevctl modify -u ${UUID} --addattr=assign_adapter --value=5
      mdevctl modify -u ${UUID} --addattr=assign_domain --value=4
      mdevctl start -u ${UUID}`);
    // Its state is kept where only this lab sees it, no other driver of it is loaded, and it ends with the bash.
    await lab.show(`mount -t tmpfs none /run && mkdir ${place}/drivers
      ln -s ${root}/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_nodedev.so ${place}/drivers
      printf '%s\\n' 'unix_sock_dir = "${place}"' 'auth_unix_rw = "none"' 'log_outputs = "4:file:${place}/log"' > ${place}/conf
      trap 'kill $(cat ${place}/pid)' EXIT
      LD_LIBRARY_PATH=${libraries} LIBVIRT_DRIVER_DIR=${place}/drivers ${daemon} -d -f ${place}/conf -p ${place}/pid`);
  });
  afterAll(() => lab?.end());

  const list = async (capability: string): Promise<string[]> =>
    (await lab.show(`${virsh} nodedev-list --cap ${capability}`)).split('\n').filter((line) => line !== '');

  it('lists what the host has', async () => {
    expect(await list('ap_card')).toEqual(['ap_card05', 'ap_card06']);
    expect(await list('ap_queue')).toEqual(['ap_05_0004', 'ap_05_0047', 'ap_06_0004', 'ap_06_0047']);
    expect(await list('ap_matrix')).toEqual(['ap_matrix']);
    expect(await list('mdev')).toEqual([`mdev_${UUID.replaceAll('-', '_')}_matrix`]);
  });

  it('describes an mdev: its parent, its type, its IOMMU group', async () => {
    const xml = await lab.show(`${virsh} nodedev-dumpxml mdev_${UUID.replaceAll('-', '_')}_matrix`);
    expect(xml).toContain(`<path>/sys/devices/vfio_ap/matrix/${UUID}</path>`);
    expect(xml).toContain('<parent>ap_matrix</parent>');
    expect(xml).toContain(`<type id='vfio_ap-passthrough'/>`);
    const group = await lab.show(`basename "$(readlink /sys/bus/mdev/devices/${UUID}/iommu_group)"`);
    expect(xml).toContain(`<iommuGroup number='${group}'/>`);
  });

  it('describes a queue, and the type of mdevs', async () => {
    expect(await lab.show(`${virsh} nodedev-dumpxml ap_05_0047`)).toMatch(
      /<ap-adapter>0x05<\/ap-adapter>\s*<ap-domain>0x0047<\/ap-domain>/,
    );
    expect(await lab.show(`${virsh} nodedev-dumpxml ap_matrix`)).toContain(
      '<availableInstances>65535</availableInstances>',
    );
  });

  it('defines the node devices that apledger exports', async () => {
    const other = '33333333-3333-4333-8333-333333333333';
    const { out } = await lab.apledger('export', lab.host, '--format', 'libvirt');
    const xml = out.replace(UUID, other);
    expect(await lab.show(`${virsh} nodedev-define ${file('mdev.xml', xml)}`)).toContain('defined from');
    const [{ matrix }] = JSON.parse(await lab.show('mdevctl list -d --dumpjson'));
    const defined = matrix.find((entry: object) => Object.hasOwn(entry, other));
    expect(defined[other].attrs).toEqual([{ assign_adapter: '5' }, { assign_domain: '4' }]);
  });
});
