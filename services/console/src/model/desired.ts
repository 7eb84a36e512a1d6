/** What steps lead to, as a desired state: then a plan can find the order in which nobody loses what he keeps. */
import { formatApid, idsOf, maskFromHex } from '@apledger/ap';
import type { HostView as HostViewJson, MdevView } from '@apledger/api';

const hex = (ids: readonly number[]): string[] => ids.map((id) => `0x${formatApid(id)}`);

const entryOf = ({ mdev, guest, open, adapters, domains, controlDomains }: MdevView): object => ({
  uuid: mdev,
  ...(guest !== null && { guest }),
  state: guest !== null && open ? 'running' : 'defined',
  adapters: hex(adapters),
  domains: hex(domains),
  controlDomains: hex(controlDomains),
});

/** The desired state of docs/changes.md that leads from one view to the other: what does not differ is left out. As JSON, which is YAML. */
export function desiredOf(before: HostViewJson, after: HostViewJson): string {
  const entries = new Map<string, object>();
  const earlier = new Map(before.mdevs.map((mdev) => [mdev.mdev, mdev]));
  for (const mdev of after.mdevs) {
    const was = earlier.get(mdev.mdev);
    if (was === undefined || JSON.stringify(entryOf(was)) !== JSON.stringify(entryOf(mdev)))
      entries.set(mdev.mdev, entryOf(mdev));
    earlier.delete(mdev.mdev);
  }
  for (const uuid of earlier.keys()) entries.set(uuid, { uuid, state: 'absent' });
  const masks = {
    ...(before.apmask !== after.apmask && { adapters: hex(idsOf(maskFromHex(after.apmask))) }),
    ...(before.aqmask !== after.aqmask && { domains: hex(idsOf(maskFromHex(after.aqmask))) }),
  };
  return JSON.stringify({
    apledger: 'v1',
    host: after.host,
    ...(Object.keys(masks).length > 0 && { masks }),
    ...(entries.size > 0 && { mdevs: Object.fromEntries(entries) }),
  });
}
