/** A host comes up: kernel parameters, the first scan with zcrypt, then vfio_ap is loaded (driver-rules 2, 3). */
import {
  EMPTY_MASK,
  FULL_MASK,
  formatApqn,
  formatMask,
  type Mask256,
  type NumberOverflow,
  parseBusMask,
} from '@apledger/ap';
import type { CommandOf } from '@apledger/events';
import { driverOf } from '@apledger/host';
import { guestAfter } from '../lifecycle.ts';
import type { Transaction } from '../transaction.ts';
import { registeredQueues } from './binding.ts';
import { close } from './guest.ts';
import { loadVfioAp, scanBus } from './scan.ts';

export function boot(tx: Transaction, command: CommandOf<'RegisterHost'>): undefined {
  const { host, driver, hardware, boot: bootParameters } = command;
  const mask = (text: string | null): string => formatMask(bootMask(text, tx.rules.numberOverflow));
  tx.emit('HostRegistered', {
    host,
    driver,
    hardware,
    apmask: mask(bootParameters.apmask),
    aqmask: mask(bootParameters.aqmask),
    bootParameters,
  });
  scanBus(tx, false);
  loadVfioAp(tx);
}

/** Not given = all ones; given = parsed like the file, but from all zero, and all zero when it cannot be (driver-rules 2). */
function bootMask(text: string | null, overflow: NumberOverflow): Mask256 {
  if (text === null) return FULL_MASK;
  return parseBusMask(text, EMPTY_MASK, overflow) ?? EMPTY_MASK;
}

/**
 * The host is shut down and started again (driver-rules 13.1). Guests stop first, and their queues are reset as at every close; of the
 * devices nothing is left, and nothing else is reset. What the hardware is, and what is plugged in, stays.
 */
export function rebootHost(tx: Transaction): undefined {
  removeMdevs(tx);
  removeDevices(tx);
  const { apmask, aqmask } = tx.state.bootParameters;
  const mask = (text: string | null): string => formatMask(bootMask(text, tx.rules.numberOverflow));
  tx.emit('HostRebooted', { apmask: mask(apmask), aqmask: mask(aqmask) });
  scanBus(tx, false);
  loadVfioAp(tx);
}

function removeMdevs(tx: Transaction): void {
  for (const { uuid, lifecycle } of [...tx.state.mdevs.values()]) {
    if (guestAfter(lifecycle, { type: 'STOP' }) !== undefined) close(tx, tx.mdev(uuid), 'GuestStopped');
    if (tx.state.mdevs.has(uuid)) tx.emit('MdevRemoved', { mdev: uuid });
  }
}

function removeDevices(tx: Transaction): void {
  const queues = registeredQueues(tx.state);
  const driven = Map.groupBy(queues, (queue) => driverOf(tx.state, queue));
  for (const [driver, bound] of driven)
    if (driver !== null) tx.emit('QueueUnbound', { driver, queues: bound.map(formatApqn) });
  if (queues.length > 0) tx.emit('QueueRemoved', { queues: queues.map(formatApqn) });
  for (const adapter of [...tx.state.cards.keys()]) tx.emit('CardRemoved', { adapter });
}
