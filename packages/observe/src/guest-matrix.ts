/** The matrices that guests have, held against those that the rules give. */
import { formatMatrixFile, idsOfMatrix, type Matrix } from '@apledger/ap';
import { type HostState, reachable } from '@apledger/host';
import type { Move, Stage } from './move.ts';

/** Guest matrices that are not what the rules say. No command stands for them. */
export const guestMatrices: Stage = (state, { host: { mdevs = [] } }) =>
  mdevs.flatMap(({ uuid, guestMatrix }): Move[] => {
    const mdev = state.mdevs.get(uuid);
    if (guestMatrix === undefined || mdev === undefined || mdev.removing || mdev.guestMatrix === null)
      return [];
    const [predicted, actual] = [formatMatrixFile(mdev.guestMatrix), formatMatrixFile(guestMatrix)];
    if (predicted === actual) return [];
    return [
      {
        key: `guest_matrix ${uuid} ${actual}`,
        says: '',
        commands: [],
        mdev: uuid,
        asSeen: (now) => changed(now, uuid, guestMatrix),
        drift: {
          what: 'guest matrix',
          mdev: uuid,
          predicted: inLine(predicted),
          actual: inLine(actual),
        },
      },
    ];
  });

const inLine = (text: string): string => text.trim().replaceAll('\n', ' ') || 'empty';

function changed(state: HostState, uuid: string, { adapters, domains }: Matrix): ReturnType<Move['asSeen']> {
  const mdev = state.mdevs.get(uuid);
  if (mdev?.guestMatrix == null) return [];
  // Of control domains no file shows what a guest has.
  const matrix = { adapters, domains, controlDomains: mdev.guestMatrix.controlDomains };
  const effective = mdev.attached ? idsOfMatrix(reachable(state, matrix)) : null;
  return [{ type: 'GuestMatrixChanged', data: { mdev: uuid, ...idsOfMatrix(matrix), effective } }];
}
