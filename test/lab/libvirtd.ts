/** libvirtd of Debian 12 with its driver of node devices only, in a lab. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { inRepository } from '../cli/support.ts';
import { scratch } from '../support/file.ts';
import { noClients } from './clients.ts';
import type { Lab } from './support.ts';

/** libvirt, and what it links with beyond what a plain machine has. */
const PACKAGES =
  'libvirt-daemon,libvirt-clients,libvirt0,libnl-3-200,libparted2,libpcap0.8,libssh-4,libyajl2';

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

export const noLibvirt = whyNot();
if (noLibvirt !== undefined) console.warn(`\n*** NOT TESTED: libvirt in the lab: ${noLibvirt} ***\n`);

/** Starts it; resolves with the words that begin each call of virsh. It ends with the lab's bash. */
export async function startLibvirtd(lab: Lab): Promise<string> {
  const place = scratch();
  // Its state is kept where only this lab sees it, and no other driver of it is loaded.
  await lab.show(`mount --bind /run/lock /mnt && mount -t tmpfs none /run && mkdir /run/lock && mount --move /mnt /run/lock
    mkdir ${place}/drivers
    ln -s ${root}/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_nodedev.so ${place}/drivers
    printf '%s\\n' 'unix_sock_dir = "${place}"' 'auth_unix_rw = "none"' 'log_outputs = "4:file:${place}/log"' > ${place}/conf
    trap 'kill $(cat ${place}/pid)' EXIT
    LD_LIBRARY_PATH=${libraries} LIBVIRT_DRIVER_DIR=${place}/drivers ${daemon} -d -f ${place}/conf -p ${place}/pid`);
  const socket = join(place, 'libvirt-sock');
  return `LD_LIBRARY_PATH=${libraries} ${root}/usr/bin/virsh -c 'nodedev:///system?socket=${socket}'`;
}
