/** Every endpoint, in the order in which `$SRV.INFO` lists them. */
import { events, hostEvents } from '../application/events.ts';
import { hosts } from '../application/hosts.ts';
import { guest, host, mdev } from '../application/matrices.ts';
import { verify } from '../application/verify.ts';
import { command, type Endpoint, query } from './endpoint.ts';

export const endpoints: readonly Endpoint[] = [
  command,
  query('hosts', hosts),
  query('host.*', host),
  query('mdev.*', mdev),
  query('guest.*', guest),
  query('events', events),
  query('events.*', hostEvents),
  query('verify', verify),
];
