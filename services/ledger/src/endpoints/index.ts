/** Every endpoint, in the order in which `$SRV.INFO` lists them. */
import type { Endpoint } from '../endpoint.ts';
import { command } from './command.ts';
import { events, hostEvents } from './events.ts';
import { hosts } from './hosts.ts';
import { guest, host, mdev } from './matrices.ts';
import { verify } from './verify.ts';

export const endpoints: readonly Endpoint[] = [command, hosts, host, mdev, guest, events, hostEvents, verify];
