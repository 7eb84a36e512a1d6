/** Every route of the API, in the order in which the document lists them. */
import { answeredOperations } from '@apledger/ledger';
import { commands } from './commands.ts';
import { events, stream } from './events.ts';
import { reports } from './report.ts';
import { type Route, routeOf } from './route.ts';

/** Operations that HTTP carries in a way of its own. */
const special: Readonly<Record<string, readonly Route[]>> = { report: reports, events: [events, stream] };

export const routes: readonly Route[] = [
  commands,
  ...answeredOperations
    .filter(({ http }) => http !== undefined)
    .flatMap((operation) => special[operation.name] ?? [routeOf(operation)]),
];
