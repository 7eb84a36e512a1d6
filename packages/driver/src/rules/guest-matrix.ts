/** The one place where an mdev's matrices, and the guest's own masks, are written. */
import { type ControlledMatrix, equalMatrices, idsOfMatrix } from '@apledger/ap';
import { type Mdev, reachable } from '@apledger/host';
import type { Axis } from '../generation.ts';
import type { Transaction } from '../transaction.ts';

/** Stores the guestMatrix if it differs, and shows it to an attached guest. True when it differed. */
export function writeGuestMatrix(tx: Transaction, mdev: Mdev, guestMatrix: ControlledMatrix): boolean {
  if (mdev.guestMatrix !== null && equalMatrices(mdev.guestMatrix, guestMatrix)) return false;
  const ids = idsOfMatrix(guestMatrix);
  const reached = reachable(tx.state, guestMatrix);
  const all = reached === guestMatrix ? ids : idsOfMatrix(reached);
  tx.emit('GuestMatrixChanged', { mdev: mdev.uuid, ...ids, effective: mdev.attached ? all : null });
  return true;
}

/** A guest starts with the mdev, or gets it while it runs. */
export type Opening = 'GuestStarted' | 'MdevAttached';

/** Lets a guest in: attached, it gets these masks; with null it gets nothing. */
export function attach(
  tx: Transaction,
  mdev: Mdev,
  guest: string | null,
  masks: ControlledMatrix | null,
  opening: Opening,
): void {
  const effective = masks === null ? null : idsOfMatrix(reachable(tx.state, masks));
  tx.emit(opening, { mdev: mdev.uuid, guest, attached: masks !== null, effective });
}

/** An adapter or domain is in the mdev now that was not before. */
export function emitAssigned(tx: Transaction, mdev: string, axis: Axis, id: number): void {
  if (axis === 'adapters') tx.emit('AdapterAssigned', { mdev, adapters: [id] });
  else tx.emit('DomainAssigned', { mdev, domains: [id] });
}
