/** modprobe and rmmod of vfio_ap (driver-rules 13.2). */
import { driverOf, isOpen } from '@apledger/host';
import { type Outcome, refuse } from '../refusal.ts';
import { nameMdev } from '../rules/ownership.ts';
import type { Transaction } from '../transaction.ts';
import { registeredQueues, unbind } from './binding.ts';
import { release } from './mdev.ts';
import { loadVfioAp } from './scan.ts';

/** Offers it all queues without a driver. Loading what is loaded is success. */
export function loadModule(tx: Transaction): Outcome {
  if (tx.state.isVfioApLoaded) return undefined;
  tx.emit('DriverLoaded', { driver: 'vfio_ap' });
  loadVfioAp(tx);
  return undefined;
}

/** Mdevs that nobody has open go with it, and its queues have no driver then. */
export function unloadModule(tx: Transaction): Outcome {
  if (!tx.state.isVfioApLoaded)
    return refuse('ENOENT', 'The module vfio_ap is not loaded.', 'There is nothing to unload.');
  const mdevs = [...tx.state.mdevs.values()];
  const inUse = mdevs.filter(isOpen);
  if (inUse.length > 0)
    return refuse(
      'EBUSY',
      `The module vfio_ap is in use: ${inUse.map(nameMdev).join(', ')}.`,
      'Stop these guests, or detach the mdevs from them.',
      inUse.map(({ uuid, guest }) => ({
        queue: uuid,
        holder: guest === null ? 'a process' : `guest ${guest}`,
      })),
    );
  for (const mdev of mdevs) release(tx, mdev);
  for (const queue of registeredQueues(tx.state))
    if (driverOf(tx.state, queue) === 'vfio_ap') unbind(tx, queue, 'vfio_ap');
  tx.emit('DriverUnloaded', { driver: 'vfio_ap' });
  return undefined;
}
