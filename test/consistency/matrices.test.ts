/**
 * Two folds, one truth: the state on which the rules decide and the matrices that auditors see are folded from the
 * same facts by different code, and must never differ. Histories are random, in all generations.
 */
import { type ControlledMatrix, formatMask, idsOf } from '@apledger/ap';
import { GENERATIONS, type MatrixIds } from '@apledger/events';
import { type HostState, isOpen, type Mdev, type Queue } from '@apledger/host';
import { type HostView, memoryStore, openReadModel } from '@apledger/projections';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sized } from '../support/long.ts';
import { busyLife, command, newHost } from './histories.ts';

/** Any commands, and lives that are sure to have guests with queues in them. */
const lives = fc.oneof(fc.array(command, { minLength: 1, maxLength: 40, size: 'max' }), busyLife);

const ids = (matrix: ControlledMatrix): MatrixIds => ({
  adapters: idsOf(matrix.adapters),
  domains: idsOf(matrix.domains),
  controlDomains: idsOf(matrix.controlDomains),
});

const isKeptOut = ({ driver }: HostState, { state, resetCode }: Queue): boolean =>
  state === 'vfio_ap' && !GENERATIONS[driver].passable.some((code) => code === resetCode);

const plugs = (mdev: Mdev): Record<string, readonly number[]> =>
  Object.fromEntries(
    ['waitingForQueues', 'plugged', 'resetting', 'unplugged', 'resetFailed'].map((state) => [
      state,
      idsOf(mdev.assigned.adapters).filter((apid) => mdev.plugOf(apid) === state),
    ]),
  );

/** What both sides can say. */
const ofState = (state: HostState) => ({
  driver: state.driver,
  apmask: formatMask(state.apmask),
  aqmask: formatMask(state.aqmask),
  cards: [...state.cards]
    .sort(([a], [b]) => a - b)
    .map(([adapter, { queues }]) => {
      const bound = (to: string) =>
        [...queues].filter(([, device]) => device.state === to).map(([apqi]) => apqi);
      const sorted = (list: number[]) => list.sort((a, b) => a - b);
      return {
        adapter,
        queues: sorted([...queues.keys()]),
        zcrypt: sorted(bound('zcrypt')),
        vfioAp: sorted(bound('vfio_ap')),
        notPassable: sorted(
          [...queues].filter(([, device]) => isKeptOut(state, device)).map(([apqi]) => apqi),
        ),
      };
    }),
  mdevs: [...state.mdevs.values()].map((one) => ({
    mdev: one.uuid,
    ...ids(one.assigned),
    open: isOpen(one),
    guest: one.guest,
    attached: one.attached,
    migrating: one.lifecycle === 'migrating',
    removing: one.removing,
    guestMatrix: one.guestMatrix === null ? null : ids(one.guestMatrix),
    effective: one.effective === null ? null : ids(one.effective),
    plug: plugs(one),
  })),
});

const ofView = ({ driver, apmask, aqmask, cards, mdevs }: HostView) => ({
  driver,
  apmask,
  aqmask,
  cards,
  mdevs,
});

describe.each(['2019-v2', '5.10', '6.1', '6.12', '7.3'] as const)(
  'the matrices of a %s host',
  (generation) => {
    it('are those on which its next command is decided, after every command', async () => {
      await fc.assert(
        fc.asyncProperty(lives, async (commands) => {
          const { log, handler, submit } = await newHost(generation);
          const readModel = await openReadModel({ log, store: memoryStore() });
          for (const one of commands) {
            await submit(one);
            const [state, view] = [await handler.state('h'), await readModel.now('h')];
            if (state === undefined || view === undefined) throw new Error('the host is gone');
            expect(ofView(view)).toEqual(ofState(state));
          }
        }),
        { numRuns: sized(40, 400) },
      );
    });
  },
);
