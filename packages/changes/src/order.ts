/**
 * The order of a plan's commands.
 *
 * The host counts as one more holder, with apmask x aqmask. First every mdev is brought to what it has now and in the end, then the masks;
 * then the masks are brought to the target, then every mdev. From the first part on everybody holds a part of his target, and targets are
 * disjoint: so nothing is refused because of somebody else, and queues that are kept are in every part.
 */
import {
  type Apqn,
  and,
  andNot,
  apidOf,
  apqiOf,
  type ControlledMatrix,
  EMPTY_MASK,
  EMPTY_MATRIX,
  equalMatrices,
  equals,
  formatApConfigFile,
  formatApqn,
  formatMask,
  has,
  idsOf,
  type Mask256,
  type Matrix,
  matricesOverlap,
  matrixHas,
  or,
} from '@apledger/ap';
import { rulesOf } from '@apledger/driver';
import type { Command, MaskName } from '@apledger/events';
import { isOpen, type Mdev, queueOf } from '@apledger/host';
import type { Rehearsal } from './rehearsal.ts';
import type { Target, TargetMdev } from './target.ts';

/** What an mdev lets go meanwhile although it keeps it, because the driver would refuse otherwise. */
export type Concessions = ReadonlyMap<string, Matrix>;

interface Means {
  readonly concessions: Concessions;
  /** Whether queues that pass from a guest to somebody else are reset before, where the driver does not. */
  readonly resetsHandovers: boolean;
}

/** Runs the whole plan. It ends early where a step is refused. */
export function runInOrder(
  rehearsal: Rehearsal,
  target: Target,
  { concessions, resetsHandovers }: Means,
): void {
  const mdevs = [...target.mdevs.values()];
  stopGuests(rehearsal, mdevs);
  for (const mdev of mdevs) if (mdev.state === 'absent') remove(rehearsal, mdev);
  for (const mdev of mdevs) shrink(rehearsal, mdev, target, concessions.get(mdev.uuid) ?? EMPTY_MATRIX);
  writeMasks(
    rehearsal,
    and(rehearsal.state.apmask, target.apmask),
    and(rehearsal.state.aqmask, target.aqmask),
  );
  if (resetsHandovers) resetHandovers(rehearsal, target);
  writeMasks(rehearsal, target.apmask, target.aqmask);
  for (const mdev of mdevs) grow(rehearsal, mdev);
  for (const mdev of mdevs) start(rehearsal, mdev);
  mend(rehearsal, target);
}

/** Queues that a guest let go of without a reset, and that the target gives to somebody else. */
function resetHandovers(rehearsal: Rehearsal, target: Target): void {
  const isWanted = (queue: Apqn, guest: string): boolean => {
    const holder = holderIn(target, queue);
    return holder !== undefined && holder !== guest;
  };
  for (const queue of rehearsal.unresetFor(isWanted))
    if (queueOf(rehearsal.state, apidOf(queue), apqiOf(queue)) !== undefined)
      rehearsal.run({ type: 'ResetQueue', queue: formatApqn(queue), text: '1' });
}

/** Who has a queue in the end: `host`, or a guest. */
function holderIn({ apmask, aqmask, mdevs }: Target, queue: Apqn): string | undefined {
  const [apid, apqi] = [apidOf(queue), apqiOf(queue)];
  if (has(apmask, apid) && has(aqmask, apqi)) return 'host';
  for (const { guest, matrix } of mdevs.values())
    if (guest !== null && matrixHas(matrix, apid, apqi)) return guest;
  return undefined;
}

/** Guests that end with another mdev, or with none; and where no mdev in use can change, those whose mdev changes. */
function stopGuests(rehearsal: Rehearsal, mdevs: readonly TargetMdev[]): void {
  const { state } = rehearsal;
  const { hotPlugs } = rulesOf(state.driver);
  for (const wanted of mdevs) {
    const mdev = state.mdevs.get(wanted.uuid);
    if (mdev === undefined || !isOpen(mdev)) continue;
    // A program that is no guest may have an mdev open that no guest shall have.
    const stays =
      wanted.guest === mdev.guest &&
      (wanted.state === 'running' || (wanted.state === 'defined' && mdev.guest === null));
    if (!stays || (!hotPlugs && !equalMatrices(mdev.assigned, wanted.matrix)))
      rehearsal.run({ type: 'StopGuest', mdev: wanted.uuid });
  }
}

function remove(rehearsal: Rehearsal, { uuid }: TargetMdev): void {
  if (rehearsal.state.mdevs.has(uuid)) rehearsal.run({ type: 'RemoveMdev', mdev: uuid, text: '1' });
}

/** To what it has now and in the end; at once to the end where nobody has anything of it. */
function shrink(rehearsal: Rehearsal, wanted: TargetMdev, target: Target, concession: Matrix): void {
  const mdev = rehearsal.state.mdevs.get(wanted.uuid);
  if (mdev === undefined || wanted.state === 'absent') return;
  const kept = {
    adapters: andNot(and(mdev.assigned.adapters, wanted.matrix.adapters), concession.adapters),
    domains: andNot(and(mdev.assigned.domains, wanted.matrix.domains), concession.domains),
    controlDomains: and(mdev.assigned.controlDomains, wanted.matrix.controlDomains),
  };
  const isWhole = equalMatrices(kept, mdev.assigned);
  if (isWhole) return;
  const inOneWrite = concession === EMPTY_MATRIX && isFree(rehearsal, wanted, target);
  bring(rehearsal, mdev, inOneWrite ? wanted.matrix : kept);
}

/**
 * Whether no other mdev, and the host neither now nor in the end, has anything of the matrix, and nothing of it waits for a reset.
 */
function isFree(rehearsal: Rehearsal, { uuid, guest, matrix }: TargetMdev, target: Target): boolean {
  const { state } = rehearsal;
  const isOthers = (queue: Apqn, from: string): boolean =>
    from !== guest && matrixHas(matrix, apidOf(queue), apqiOf(queue));
  if (rehearsal.unresetFor(isOthers).length > 0) return false;
  const apmask = or(state.apmask, target.apmask);
  const aqmask = or(state.aqmask, target.aqmask);
  if (matricesOverlap(matrix, { adapters: apmask, domains: aqmask })) return false;
  for (const mdev of state.mdevs.values())
    if (mdev.uuid !== uuid && matricesOverlap(matrix, mdev.assigned)) return false;
  return true;
}

function writeMasks(rehearsal: Rehearsal, apmask: Mask256, aqmask: Mask256): void {
  const write = (mask: MaskName, value: Mask256): void => {
    if (!equals(rehearsal.state[mask], value))
      rehearsal.run({ type: 'WriteMask', mask, text: formatMask(value) });
  };
  write('apmask', apmask);
  write('aqmask', aqmask);
}

function grow(rehearsal: Rehearsal, wanted: TargetMdev): void {
  if (wanted.state === 'absent') return;
  if (!rehearsal.state.mdevs.has(wanted.uuid)) rehearsal.run({ type: 'CreateMdev', text: wanted.uuid });
  const mdev = rehearsal.state.mdevs.get(wanted.uuid);
  if (mdev !== undefined && !equalMatrices(mdev.assigned, wanted.matrix))
    bring(rehearsal, mdev, wanted.matrix);
}

function start(rehearsal: Rehearsal, { uuid, guest, state }: TargetMdev): void {
  const mdev = rehearsal.state.mdevs.get(uuid);
  if (state !== 'running' || mdev === undefined || isOpen(mdev)) return;
  rehearsal.run({ type: 'StartGuest', mdev: uuid, guest });
}

const AXES = [
  ['adapters', 'UnassignAdapter', 'AssignAdapter'],
  ['domains', 'UnassignDomain', 'AssignDomain'],
  ['controlDomains', 'UnassignControlDomain', 'AssignControlDomain'],
] as const;

/** Brings an mdev to a matrix: by one write of ap_config where there is one, else by single writes, what goes first. */
function bring(rehearsal: Rehearsal, { uuid, assigned }: Mdev, matrix: ControlledMatrix): void {
  if (rulesOf(rehearsal.state.driver).files.has('mdev/ap_config')) {
    rehearsal.run({ type: 'ConfigureMdev', mdev: uuid, text: formatApConfigFile(matrix).trimEnd() });
    return;
  }
  for (const [axis, unassign] of AXES)
    for (const id of idsOf(andNot(assigned[axis], matrix[axis])))
      rehearsal.run({ type: unassign, mdev: uuid, text: `${id}` });
  for (const [axis, , assign] of AXES)
    for (const id of idsOf(andNot(matrix[axis], assigned[axis])))
      rehearsal.run({ type: assign, mdev: uuid, text: `${id}` });
}

/**
 * What 2019-v2 needs to give a guest all that it is assigned: it does not look again at what was filtered out. Adapters first, then
 * domains, that the guest did not get, are taken and assigned again; nothing that the guest has is touched.
 */
function mend(rehearsal: Rehearsal, target: Target): void {
  if (!rulesOf(rehearsal.state.driver).hotPlugs) return;
  for (const { uuid, state } of target.mdevs.values()) {
    if (state !== 'running') continue;
    mendAxis(rehearsal, uuid, 'adapters', 'UnassignAdapter', 'AssignAdapter');
    mendAxis(rehearsal, uuid, 'domains', 'UnassignDomain', 'AssignDomain');
  }
}

function mendAxis(
  rehearsal: Rehearsal,
  uuid: string,
  axis: 'adapters' | 'domains',
  take: 'UnassignAdapter' | 'UnassignDomain',
  give: 'AssignAdapter' | 'AssignDomain',
): void {
  const mdev = rehearsal.state.mdevs.get(uuid);
  if (mdev?.effective == null) return;
  const other = axis === 'adapters' ? mdev.assigned.domains : mdev.assigned.adapters;
  if (equals(other, EMPTY_MASK)) return;
  for (const id of idsOf(andNot(mdev.assigned[axis], mdev.effective[axis])))
    for (const type of [take, give]) rehearsal.run({ type, mdev: uuid, text: `${id}` } satisfies Command);
}
