/** Real libvirt on a mounted host: its node device driver finds cards, queues and mdevs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { file } from '../cli/support.ts';
import { bin } from './clients.ts';
import { noLibvirt, startLibvirtd } from './libvirtd.ts';
import { Lab } from './support.ts';

const UUID = '11111111-1111-4111-8111-111111111111';

describe.skipIf(noLibvirt !== undefined)('libvirt', () => {
  let virsh: string;
  let lab: Lab;

  beforeAll(async () => {
    lab = await Lab.start({ settings: ['adapters=5,6', 'domains=4,0x47'], driver: '7.3', bin });
    await lab.show(`echo -5 > /sys/bus/ap/apmask
      mdevctl define -u ${UUID} -p matrix -t vfio_ap-passthrough
      mdevctl modify -u ${UUID} --addattr=assign_adapter --value=5
      mdevctl modify -u ${UUID} --addattr=assign_domain --value=4
      mdevctl start -u ${UUID}`);
    virsh = await startLibvirtd(lab);
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
