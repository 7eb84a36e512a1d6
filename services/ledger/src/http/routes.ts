/** Every route of the API, in the order in which the document lists them. */
import { type AnsweredOperation, answeredOperations } from '@apledger/ledger';
import { commands } from './commands.ts';
import { events, stream } from './events.ts';
import { reportsOf } from './report.ts';
import { type Route, routeOf } from './route.ts';

/** Operations that HTTP carries in a way of its own. */
const special: Readonly<Record<string, (operation: AnsweredOperation) => readonly Route[]>> = {
  report: reportsOf,
  events: () => [events, stream],
};

export const routes: readonly Route[] = [
  commands,
  ...answeredOperations
    .filter(({ http }) => http !== undefined)
    .flatMap((operation) => special[operation.name]?.(operation) ?? [routeOf(operation)]),
];
