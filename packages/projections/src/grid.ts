/**
 * A host as a grid of 65,536 cells, one word a queue: for anyone who draws all of them many times a second, where a `Cell` each would be
 * 65,536 objects. The same answers as `HostView.cell`, and a test holds them to that.
 *
 *     bits 0-1   what the queue is bound to: ABSENT, UNBOUND, ZCRYPT_BOUND, VFIO_AP_BOUND
 *     bit  2     IN_MDEV: it is in the matrix of an mdev, whose number is in the high bits
 *     bit  3     USABLE: the guest of that mdev can use it
 *     bit  4     CONTESTED: it is in the matrix of more than one mdev; the number is that of one that can use it, else of the oldest
 *     bits 8-31  the mdev's place in the order of creation, from 0
 */
import { forEachApqn, forEachId } from '@apledger/ap';
import { type HostState, type Mdev, queuesOf } from '@apledger/host';

export const GRID_CELLS = 256 * 256;
export const BOUND = 3;
export const ABSENT = 0;
export const UNBOUND = 1;
export const ZCRYPT_BOUND = 2;
export const VFIO_AP_BOUND = 3;
export const IN_MDEV = 4;
export const USABLE = 8;
export const CONTESTED = 16;
export const MDEV_SHIFT = 8;

/** Writes the grid into `grid` (made when not given) and returns it; the queue `apid.apqi` is at `apid << 8 | apqi`. */
export function gridOf(state: HostState, grid = new Uint32Array(GRID_CELLS)): Uint32Array {
  grid.fill(0);
  for (const adapter of state.cards.keys()) paintCard(state, adapter, grid);
  let number = 0;
  for (const mdev of state.mdevs.values()) paintMdev(mdev, number++, grid);
  return grid;
}

function paintCard(state: HostState, adapter: number, grid: Uint32Array): void {
  const paint = (which: 'all' | 'zcrypt' | 'vfioAp', code: number): void =>
    forEachId(queuesOf(state, adapter, which), (apqi) => {
      grid[(adapter << 8) | apqi] = code;
    });
  paint('all', UNBOUND);
  paint('zcrypt', ZCRYPT_BOUND);
  paint('vfioAp', VFIO_AP_BOUND);
}

function paintMdev({ assigned, effective }: Mdev, number: number, grid: Uint32Array): void {
  forEachApqn(assigned, (queue) => {
    const before = grid[queue] ?? 0;
    grid[queue] = (before & IN_MDEV) === 0 ? before | IN_MDEV | (number << MDEV_SHIFT) : before | CONTESTED;
  });
  if (effective === null) return;
  forEachApqn(effective, (queue) => {
    const before = grid[queue] ?? 0;
    const isFirst = (before & USABLE) === 0;
    grid[queue] = isFirst ? (before & 0xff) | IN_MDEV | USABLE | (number << MDEV_SHIFT) : before | CONTESTED;
  });
}
