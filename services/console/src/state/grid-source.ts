/** What a session's matrix is drawn from, computed once a change however often it is read. */
import { gridOf, mdevsOf } from '@apledger/projections/host';
import { nameOf } from '../model/owner.ts';
import type { MdevLook } from '../widgets/cell-sprites.ts';
import type { GridSource } from '../widgets/matrix-grid.tsx';
import type { Session } from './session.ts';

/** A source that follows the session's state, facts as they come. */
export function sessionSource(session: Session): GridSource {
  const codes = new Uint32Array(256 * 256);
  let looks: readonly MdevLook[] = [];
  let drawnAt = -1;
  const refresh = (): void => {
    const tick = session.tick.peek();
    if (tick === drawnAt) return;
    drawnAt = tick;
    const { state } = session;
    if (state === undefined) {
      codes.fill(0);
      looks = [];
      return;
    }
    gridOf(state, codes);
    const mdevs = mdevsOf(state);
    const names = new Map(session.view.peek()?.mdevs.map((mdev) => [mdev.mdev, nameOf(mdev)]));
    const slots = session.marks.of(mdevs);
    looks = mdevs.map((mdev, i) => ({ slot: slots[i] ?? 0, name: names.get(mdev) ?? '' }));
  };
  return {
    codes: () => {
      refresh();
      return codes;
    },
    looks: () => {
      refresh();
      return looks;
    },
    track: () => {
      session.tick.value;
      session.view.value;
      drawnAt = -1;
    },
  };
}
