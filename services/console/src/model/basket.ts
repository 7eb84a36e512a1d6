/** A rectangle of the matrix that somebody selected, and the steps that give it to a guest or take it from who has it. */
import { formatApid, formatApqi, has, maskFromHex } from '@apledger/ap';
import type { HostView as HostViewJson, MdevView } from '@apledger/api';
import type { Axes, Cell } from './axes.ts';
import { nameOf } from './owner.ts';
import type { Proposal } from './proposals.ts';
import { writeStep } from './steps.ts';

/** Two opposite corners. */
export interface Corners {
  readonly from: Cell;
  readonly to: Cell;
}

/** The ids of a rectangle, as the axes have them. */
export interface Rectangle {
  readonly adapters: readonly number[];
  readonly domains: readonly number[];
}

const between = (ids: readonly number[], a: number, b: number): readonly number[] =>
  ids.slice(Math.max(0, Math.min(a, b)), Math.max(a, b) + 1);

export const rectangleOf = ({ from, to }: Corners, { apids, apqis, rowOf, columnOf }: Axes): Rectangle => ({
  adapters: between(apids, rowOf[from.apid] ?? 0, rowOf[to.apid] ?? 0),
  domains: between(apqis, columnOf[from.apqi] ?? 0, columnOf[to.apqi] ?? 0),
});

/** `05 06 × 0004 0047`. */
export const rectangleText = ({ adapters, domains }: Rectangle): string =>
  `${adapters.map(formatApid).join(' ')} × ${domains.map(formatApqi).join(' ')}`;

/** Steps by which the mdev has the whole rectangle; none when it has it. */
export const stepsToGive = (mdev: MdevView, { adapters, domains }: Rectangle): string[] => [
  ...adapters
    .filter((id) => !mdev.adapters.includes(id))
    .map((id) => writeStep(mdev.mdev, 'assign_adapter', id)),
  ...domains
    .filter((id) => !mdev.domains.includes(id))
    .map((id) => writeStep(mdev.mdev, 'assign_domain', id)),
];

/** Steps that an operator may want to do first: those who have queues of the rectangle let go of them. */
export function waysToFree(view: HostViewJson, rectangle: Rectangle): readonly Proposal[] {
  const { adapters, domains } = rectangle;
  const holders = view.mdevs.filter(
    (mdev) =>
      mdev.adapters.some((id) => adapters.includes(id)) && mdev.domains.some((id) => domains.includes(id)),
  );
  return [
    ...holders.flatMap((mdev) => [
      {
        words: `Take the domains from ${nameOf(mdev)}`,
        step: lines(mdev.domains, domains, (id) => writeStep(mdev.mdev, 'unassign_domain', id)),
      },
      {
        words: `Take the adapters from ${nameOf(mdev)}`,
        step: lines(mdev.adapters, adapters, (id) => writeStep(mdev.mdev, 'unassign_adapter', id)),
      },
    ]),
    ...masks(view, rectangle),
  ];
}

const lines = (has_: readonly number[], wanted: readonly number[], step: (id: number) => string): string =>
  has_
    .filter((id) => wanted.includes(id))
    .map(step)
    .join('\n');

/** A queue is a guest's when either mask leaves it out; both ways are proposed while the host has any of them. */
function masks(view: HostViewJson, { adapters, domains }: Rectangle): readonly Proposal[] {
  const isHosts = view.cards.some(
    ({ adapter, zcrypt }) => adapters.includes(adapter) && zcrypt.some((id) => domains.includes(id)),
  );
  if (!isHosts) return [];
  const leave = (mask: 'apmask' | 'aqmask', ids: readonly number[], what: string): Proposal => {
    const held = ids.filter((id) => has(maskFromHex(view[mask]), id));
    const text = held.map((id) => `-0x${formatApid(id)}`).join(',');
    return { words: `Leave the ${what} to guests (${mask})`, step: `echo ${text} > /sys/bus/ap/${mask}` };
  };
  return [leave('apmask', adapters, 'adapters'), leave('aqmask', domains, 'domains')].filter(
    ({ step }) => !step.startsWith('echo  '),
  );
}
