/** Every route of the API, in the order in which the document lists them. */
import { HostName } from '@apledger/events';
import { diff } from '../application/diff.ts';
import { hosts } from '../application/hosts.ts';
import { guest, host, mdev } from '../application/matrices.ts';
import { verify } from '../application/verify.ts';
import { commands } from './commands.ts';
import { events, stream } from './events.ts';
import { get, post, type Route } from './route.ts';

const scope = { host: HostName };

export const routes: readonly Route[] = [
  get({ path: '/hosts', operation: hosts }),
  get({ path: '/hosts/{host}', operation: host, scope, hasETag: true }),
  get({ path: '/hosts/{host}/mdevs/{mdev}', operation: mdev, scope, hasETag: true }),
  get({ path: '/hosts/{host}/guests/{guest}', operation: guest, scope, hasETag: true }),
  get({ path: '/hosts/{host}/diff', operation: diff, scope }),
  commands,
  events,
  stream,
  post('/verify', verify),
];
