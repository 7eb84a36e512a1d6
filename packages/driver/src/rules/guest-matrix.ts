/** The one place where an mdev's filtered matrix, and through it the guest's own masks, are written. */
import { type ControlledMatrix, EMPTY_MATRIX, equalMatrices } from '@apledger/ap';
import { type Mdev, reachable } from '@apledger/host';
import { idsOfMatrix, type Transaction } from '../transaction.ts';

/** Stores the filtered matrix if it differs, and shows it to an attached guest. True when it differed. */
export function writeFiltered(tx: Transaction, mdev: Mdev, filtered: ControlledMatrix): boolean {
  if (mdev.filtered !== null && equalMatrices(mdev.filtered, filtered)) return false;
  tx.emit('GuestMatrixChanged', {
    mdev: mdev.uuid,
    ...idsOfMatrix(filtered),
    effective: mdev.attached ? idsOfMatrix(reachable(tx.state, filtered)) : null,
  });
  return true;
}

/** Lets a guest in: attached, its masks become the filtered matrix; else it gets nothing. */
export function attach(tx: Transaction, mdev: Mdev, guest: string | null, attached: boolean): void {
  const effective = attached ? idsOfMatrix(reachable(tx.state, mdev.filtered ?? EMPTY_MATRIX)) : null;
  tx.emit('GuestStarted', { mdev: mdev.uuid, guest, attached, effective });
}
