/**
 * The lifecycles of apledger: a guest, an adapter in a guest's matrix, a queue device, and a change of a host.
 *
 * Machines govern, tables fold. Each lifecycle is defined once, as a flat xstate machine, in a file of its own. Who decides asks
 * whether an event is legal; who folds a long history takes the table compiled from the same machine, some hundred times faster;
 * who wants to see it draws the chart. Tests prove that machine and table agree on every reachable state and event.
 *
 * The machines decide: the driver finds out the conditions (who owns an APQN, which queues are bound), gives them with the event, and
 * does what the machine answers. An event that a machine does not allow gives `undefined`, never an exception, and `refusalOf` says
 * why; the driver knows the errno of that reason (deciding), or takes the fact for impossible (folding).
 */

import { adapterPlugMachine } from './adapter-plug.ts';
import { changeMachine } from './change.ts';
import { guestMachine } from './guest.ts';
import { queueMachine } from './queue.ts';
import { compileTable, type StateOf } from './table.ts';

export { type AdapterPlugEvent, adapterPlugMachine, isUsable, type PlugConditions } from './adapter-plug.ts';
export { type ChangeEvent, changeMachine } from './change.ts';
export { type FlatDefinition, flatDefinition } from './flat.ts';
export { type GuestEvent, type GuestRefusal, guestMachine } from './guest.ts';
export { type QueueEvent, type QueueRefusal, queueMachine } from './queue.ts';
export {
  compileDefinition,
  hasTag,
  next,
  REFUSED,
  recompileSteps,
  refusalOf,
  type Step,
  stepOf,
  type TransitionTable,
} from './table.ts';

/** `defined`, `running`, `removing`, `migrating`, `migrated`, `stopped` or `removed`. */
export type GuestState = StateOf<typeof guestMachine>;
/** `unassigned`, `waitingForQueues`, `plugged`, `resetting`, `unplugged` or `resetFailed`. */
export type AdapterPlugState = StateOf<typeof adapterPlugMachine>;
/** `undetected`, `unbound`, `zcrypt` or `vfio_ap`. */
export type QueueState = StateOf<typeof queueMachine>;

/** `proposed`, `approved`, `running`, `verifying`, `held`, `goingBack`, `done`, `back` or `abandoned`. */
export type ChangeState = StateOf<typeof changeMachine>;

/** The guest machine as a table, for `next`. */
export const guestTable = compileTable(guestMachine);
/** The adapter plug machine as a table, for `next`. */
export const adapterPlugTable = compileTable(adapterPlugMachine);
/** The queue machine as a table, for `next`. */
export const queueTable = compileTable(queueMachine);

/** The change machine as a table, for `next`. */
export const changeTable = compileTable(changeMachine);
