/** Every route of the API, in the order in which the document lists them. */
import { HostName } from '@apledger/events';
import { custody, exposures, guestHistory } from '../application/custody.ts';
import { diff } from '../application/diff.ts';
import { hosts } from '../application/hosts.ts';
import { guest, host, mdev } from '../application/matrices.ts';
import { rebuild, recompute } from '../application/recompute.ts';
import { verify } from '../application/verify.ts';
import { whatIf } from '../application/what-if.ts';
import { commands } from './commands.ts';
import { events, stream } from './events.ts';
import { reports } from './report.ts';
import { get, post, type Route } from './route.ts';

const scope = { host: HostName };

export const routes: readonly Route[] = [
  get({ path: '/hosts', operation: hosts }),
  get({ path: '/hosts/{host}', operation: host, scope, hasETag: true }),
  get({ path: '/hosts/{host}/mdevs/{mdev}', operation: mdev, scope, hasETag: true }),
  get({ path: '/hosts/{host}/guests/{guest}', operation: guest, scope, hasETag: true }),
  get({ path: '/hosts/{host}/diff', operation: diff, scope }),
  commands,
  post({ path: '/hosts/{host}/what-if', operation: whatIf, scope }),
  get({ path: '/hosts/{host}/custody', operation: custody, scope }),
  get({ path: '/hosts/{host}/guests/{guest}/history', operation: guestHistory, scope }),
  get({ path: '/hosts/{host}/exposures', operation: exposures, scope }),
  ...reports,
  events,
  stream,
  post({ path: '/verify', operation: verify }),
  post({ path: '/recompute', operation: recompute }),
  post({ path: '/rebuild', operation: rebuild }),
];
