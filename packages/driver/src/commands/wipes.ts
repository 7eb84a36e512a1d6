/** What empties a queue on request: a write to its `reset` (driver-rules 4.2), and the HMC or a TKE workstation (driver-rules 13.4). */
import { type Apqn, apidOf, apqiOf, formatApqn, parseApqn } from '@apledger/ap';
import type { CommandOf } from '@apledger/events';
import { queueOf } from '@apledger/host';
import { NOT_AVAILABLE, tapq, zapq } from '../hardware.ts';
import { type Outcome, refuse } from '../refusal.ts';
import type { Transaction } from '../transaction.ts';

/** Whatever is written, the bus resets the queue; the writer does not learn how that ended. */
export function resetQueue(tx: Transaction, { queue: name, text }: CommandOf<'ResetQueue'>): Outcome {
  const queue = parseApqn(name);
  if (queue === undefined || queueOf(tx.state, apidOf(queue), apqiOf(queue)) === undefined)
    return refuse('ENOENT', `There is no queue device ${name}.`, 'ls /sys/bus/ap/devices shows them.');
  if (text === '') return undefined;
  tx.emit('QueueReset', { by: 'administrator', queues: [name], responseCode: zapq(tx.state, queue) });
  return undefined;
}

/** The host learns nothing of it: queues, drivers and matrices stay as they are. */
export function zeroizeQueues(tx: Transaction, { queues, by }: CommandOf<'ZeroizeQueues'>): Outcome {
  const named = [...new Set(queues)].flatMap((name) => parseApqn(name) ?? []).sort((a, b) => a - b);
  const missing = named.filter((queue) => tapq(tx.state, queue) === NOT_AVAILABLE).map(formatApqn);
  if (missing.length > 0)
    return refuse(
      'ENODEV',
      `The machine of this host has no ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ' and more' : ''}.`,
      'Name queues of its adapters and domains.',
      missing.slice(0, 256).map((queue) => ({ queue, holder: 'nobody' })),
    );
  tx.emit('QueueZeroized', { queues: named.map((queue: Apqn) => formatApqn(queue)), by });
  return undefined;
}
