/** What a fold knows of one host: flat, mutable, and changed in place by every fact. */
import { GENERATIONS, type Generation, type GuestMatrixLife } from '@apledger/events';
import { MdevTable } from './mdev-table.ts';
import { MASK_WORDS, QueueRows } from './queue-rows.ts';

export class HostState {
  /** Revision of the last fact folded, -1 before the first. */
  revision = -1;
  /** Of the last fact folded; milliseconds since 1970 UTC. */
  position = 0;
  occurredAt = 0;
  /** Undefined until the host is registered: there is nothing to see before. */
  driver: Generation | undefined = undefined;
  /** When its mdevs have a filtered matrix. */
  guestMatrix: GuestMatrixLife = 'always';
  readonly apmask = new Uint32Array(MASK_WORDS);
  readonly aqmask = new Uint32Array(MASK_WORDS);
  readonly queues = new QueueRows();
  readonly mdevs = new MdevTable();

  /** A registration starts everything: no card is known yet, no mdev exists. */
  register(driver: Generation): void {
    this.driver = driver;
    this.guestMatrix = GENERATIONS[driver].guestMatrix;
    this.queues.clear();
    this.mdevs.clear();
  }
}
