/** The real clients of the AP sysfs, fetched from Debian when they are not there yet. */
import { spawnSync } from 'node:child_process';
import { inRepository } from '../cli/support.ts';
import { noMount } from './support.ts';

const fetched = noMount === undefined ? fetchClients() : undefined;

/** Prints a directory with lszcrypt, chzcrypt, lszdev, chzdev and mdevctl, or tells why there is none. */
function fetchClients(): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  return spawnSync(process.execPath, [inRepository('infra/clients.mjs')], { encoding: 'utf8' });
}

/** Directory of the clients. */
export const bin = fetched?.stdout.trim() ?? '';

/** Why they cannot be tried on a mount here; undefined when they can. */
export const noClients = noMount ?? (fetched?.status === 0 ? undefined : fetched?.stderr.trim());
if (noMount === undefined && noClients !== undefined)
  console.warn(`\n*** NOT TESTED: real programs in the lab: ${noClients} ***\n`);
