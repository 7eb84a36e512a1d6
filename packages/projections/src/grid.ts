/**
 * A host as a grid of 65,536 cells, one word a queue: for whoever draws all of them many times a second, where a `Cell` each would be
 * 65,536 objects. The same answers as `HostView.cell`, and a test holds them to that.
 *
 *     bits 0-1   what the queue is bound to: ABSENT, UNBOUND, ZCRYPT_BOUND, VFIO_AP_BOUND
 *     bit  2     IN_MDEV: it is in the matrix of an mdev, whose number is in the high bits
 *     bit  3     USABLE: the guest of that mdev can use it
 *     bit  4     CONTESTED: it is in the matrix of more than one mdev; the number is that of one that can use it, else of the oldest
 *     bits 8-31  the mdev's place in the order of creation, from 0
 */
import type { HostState } from './host-state.ts';
import { ASSIGNED, EFFECTIVE, FLAGS, HAS_EFFECTIVE } from './mdev-table.ts';
import { MASK_WORDS, PRESENT, VFIO_AP, ZCRYPT } from './queue-rows.ts';

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
  for (const adapter of state.queues.adapters()) paintCard(state, adapter, grid);
  state.mdevs.inOrder().forEach((at, number) => void paintMdev(state.mdevs.words, at, number, grid));
  return grid;
}

function paintCard({ queues }: HostState, adapter: number, grid: Uint32Array): void {
  const at = queues.offsetOf(adapter);
  forEachBit(queues.words, at + PRESENT, (apqi) => {
    grid[(adapter << 8) | apqi] = UNBOUND;
  });
  forEachBit(queues.words, at + ZCRYPT, (apqi) => {
    grid[(adapter << 8) | apqi] = ZCRYPT_BOUND;
  });
  forEachBit(queues.words, at + VFIO_AP, (apqi) => {
    grid[(adapter << 8) | apqi] = VFIO_AP_BOUND;
  });
}

function paintMdev(words: Uint32Array, at: number, number: number, grid: Uint32Array): void {
  const isAttached = ((words[at + FLAGS] ?? 0) & HAS_EFFECTIVE) !== 0;
  paintMatrix(words, at + ASSIGNED, (index) => {
    const before = grid[index] ?? 0;
    grid[index] = (before & IN_MDEV) === 0 ? before | IN_MDEV | (number << MDEV_SHIFT) : before | CONTESTED;
  });
  if (!isAttached) return;
  paintMatrix(words, at + EFFECTIVE, (index) => {
    const before = grid[index] ?? 0;
    const isFirst = (before & USABLE) === 0;
    grid[index] = isFirst ? (before & 0xff) | IN_MDEV | USABLE | (number << MDEV_SHIFT) : before | CONTESTED;
  });
}

/** Visits the product of the adapters and domains of the matrix whose words begin at `at`. */
function paintMatrix(words: Uint32Array, at: number, visit: (index: number) => void): void {
  forEachBit(words, at, (apid) => {
    forEachBit(words, at + MASK_WORDS, (apqi) => visit((apid << 8) | apqi));
  });
}

function forEachBit(words: Uint32Array, at: number, visit: (id: number) => void): void {
  for (let i = 0; i < MASK_WORDS; i++) {
    let bits = words[at + i] ?? 0;
    while (bits !== 0) {
      const leading = Math.clz32(bits);
      visit((i << 5) | leading);
      bits &= ~(0x80000000 >>> leading);
    }
  }
}
