/** The files that real clients read and write: lszcrypt, chzdev, mdevctl, libvirt. */
import { describe, expect, it } from 'vitest';
import { nodeAt, resolvePath } from './index.ts';
import { hostWithMdev, MDEV, TYPE, UUID } from './test-support.ts';

const BUS =
  'ap_domain ap_max_domain_id ap_usage_domain_mask ap_control_domain_mask ap_interrupts config_time poll_thread poll_timeout features apmask aqmask';
const CARD =
  'type hwtype depth ap_functions request_count requestq_count pendingq_count config chkstop online serialnr max_msg_size uevent';
const ANY_QUEUE = 'config chkstop request_count requestq_count pendingq_count ap_functions uevent';
const MDEV_FILES =
  'matrix control_domains ap_config assign_adapter assign_domain assign_control_domain unassign_adapter unassign_domain unassign_control_domain remove uevent';

const inside = (folder: string, files: string): string[] =>
  files.split(' ').map((file) => `${folder}/${file}`);
const attributes = [
  ...inside('bus/ap', BUS),
  ...inside('devices/ap/card05', CARD),
  ...inside('devices/ap/card05/05.0004', `${ANY_QUEUE} online mkvps`),
  ...inside('devices/ap/card05/05.0047', `${ANY_QUEUE} status`),
  ...inside(TYPE, 'available_instances device_api name create'),
  'devices/vfio_ap/matrix/uevent',
  ...inside(MDEV, MDEV_FILES),
];

const links: Readonly<Record<string, string>> = {
  'bus/ap/devices/card05': '../../../devices/ap/card05',
  'bus/ap/devices/05.0047': '../../../devices/ap/card05/05.0047',
  'devices/ap/card05/driver': '../../../bus/ap/drivers/cex4card',
  'devices/ap/card05/subsystem': '../../../bus/ap',
  'devices/ap/card05/05.0004/driver': '../../../../bus/ap/drivers/cex4queue',
  'devices/ap/card05/05.0047/driver': '../../../../bus/ap/drivers/vfio_ap',
  'devices/ap/card05/05.0047/subsystem': '../../../../bus/ap',
  'class/mdev_bus/matrix': '../../devices/vfio_ap/matrix',
  'devices/vfio_ap/matrix/subsystem': '../../../bus/matrix',
  'bus/matrix/devices/matrix': '../../../devices/vfio_ap/matrix',
  [`bus/mdev/devices/${UUID}`]: `../../../devices/vfio_ap/matrix/${UUID}`,
  [`${MDEV}/mdev_type`]: '../mdev_supported_types/vfio_ap-passthrough',
  [`${MDEV}/subsystem`]: '../../../../bus/mdev',
  [`${TYPE}/devices/${UUID}`]: `../../../${UUID}`,
};

describe('the tree that lszcrypt, chzdev, mdevctl and libvirt need', () => {
  const state = hostWithMdev('7.3');

  it.each(attributes)('has the file %s', (path) => {
    expect(nodeAt(state, path)?.kind).toBe('attribute');
  });

  it.each(Object.entries(links))('has the link %s -> %s', (path, target) => {
    expect(nodeAt(state, path)).toEqual({ kind: 'link', target });
  });

  it('shows libvirt the IOMMU group of an mdev', () => {
    expect(resolvePath(state, `${MDEV}/iommu_group`)).toMatch(/^kernel\/iommu_groups\/\d{1,10}$/);
  });

  it('has no file that would change what the clients do', () => {
    // lszcrypt shows `status` instead of `online`, and hides the queue without -V, when online is absent.
    expect(nodeAt(state, 'devices/ap/card05/05.0047/online')).toBeUndefined();
    expect(nodeAt(state, 'devices/ap/card05/05.0004/status')).toBeUndefined();
    expect(nodeAt(state, `${TYPE}/description`)).toBeUndefined();
  });
});
