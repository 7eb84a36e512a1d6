/** What a desired state means on one host: masks, and the matrix and guest of each mdev. */
import {
  apqnsOf,
  type ControlledMatrix,
  commonMatrix,
  EMPTY_MASK,
  EMPTY_MATRIX,
  firstNames,
  formatApqn,
  type Mask256,
  matricesOverlap,
} from '@apledger/ap';
import { type HostState, isOpen, type Mdev } from '@apledger/host';
import type { DesiredHost, DesiredMdev } from './desired.ts';
import { maskOfEntries } from './ids.ts';

export interface TargetMdev {
  readonly uuid: string;
  /** As the file names it; undefined for one that the file does not name. */
  readonly name: string | undefined;
  readonly matrix: ControlledMatrix;
  readonly guest: string | null;
  readonly state: 'running' | 'defined' | 'absent';
}

export interface Target {
  readonly apmask: Mask256;
  readonly aqmask: Mask256;
  /** By UUID; those of the host first. */
  readonly mdevs: ReadonlyMap<string, TargetMdev>;
}

/** The target, or why it cannot be: each a sentence. */
export function targetOf(
  desired: DesiredHost,
  state: HostState,
): { readonly target: Target } | { readonly problems: readonly string[] } {
  const problems: string[] = [];
  if (desired.host !== state.name)
    problems.push(`The file is for host ${desired.host}, and this is host ${state.name}.`);
  const mdevs = new Map<string, TargetMdev>();
  const unmanaged = desired.unmanaged ?? 'keep';
  for (const mdev of state.mdevs.values())
    mdevs.set(mdev.uuid, unmanaged === 'keep' ? asItIs(mdev) : gone(mdev));
  const named = new Map<string, string>();
  for (const [name, entry] of Object.entries(desired.mdevs ?? {})) {
    const other = named.get(entry.uuid);
    if (other !== undefined) problems.push(`${other} and ${name} have the same UUID ${entry.uuid}.`);
    named.set(entry.uuid, name);
    mdevs.set(entry.uuid, asDesired(name, entry));
    if (stateIn(entry) === 'running' && entry.guest === undefined)
      problems.push(`${name} is running, and names no guest.`);
  }
  const { masks } = desired;
  const apmask = masks?.adapters === undefined ? state.apmask : maskOfEntries([masks.adapters].flat());
  const aqmask = masks?.domains === undefined ? state.aqmask : maskOfEntries([masks.domains].flat());
  problems.push(
    ...overlaps([...mdevs.values()], { adapters: apmask, domains: aqmask, controlDomains: EMPTY_MASK }),
  );
  return problems.length > 0 ? { problems } : { target: { apmask, aqmask, mdevs } };
}

/** The host as it is, as a target: where a way back leads. */
export const targetOfState = (state: HostState): Target => ({
  apmask: state.apmask,
  aqmask: state.aqmask,
  mdevs: new Map([...state.mdevs.values()].map((mdev) => [mdev.uuid, asItIs(mdev)])),
});

const asItIs = (mdev: Mdev): TargetMdev => ({
  uuid: mdev.uuid,
  name: undefined,
  matrix: mdev.assigned,
  guest: mdev.guest,
  state: isOpen(mdev) ? 'running' : 'defined',
});

const gone = (mdev: Mdev): TargetMdev => absent(asItIs(mdev));

/** The same mdev, not there. */
export const absent = (mdev: TargetMdev): TargetMdev => ({
  ...mdev,
  matrix: EMPTY_MATRIX,
  guest: null,
  state: 'absent',
});

const stateIn = ({ state, guest }: DesiredMdev): TargetMdev['state'] =>
  state ?? (guest === undefined ? 'defined' : 'running');

function asDesired(name: string, entry: DesiredMdev): TargetMdev {
  const state = stateIn(entry);
  const domains = maskOfEntries([entry.domains ?? []].flat());
  const control = entry.controlDomains ?? [];
  const matrix = {
    adapters: maskOfEntries([entry.adapters ?? []].flat()),
    domains,
    controlDomains: control === 'same' ? domains : maskOfEntries([control].flat()),
  };
  return {
    uuid: entry.uuid,
    name,
    matrix: state === 'absent' ? EMPTY_MATRIX : matrix,
    guest: state === 'running' ? (entry.guest ?? null) : null,
    state,
  };
}

/** A queue that two want, or the host and an mdev. */
function overlaps(mdevs: readonly TargetMdev[], host: ControlledMatrix): string[] {
  const found: string[] = [];
  for (const [index, one] of mdevs.entries()) {
    if (matricesOverlap(one.matrix, host))
      found.push(`${labelOf(one)} has ${shared(one.matrix, host)}, which the masks give to the host.`);
    for (const other of mdevs.slice(index + 1))
      if (matricesOverlap(one.matrix, other.matrix))
        found.push(`${labelOf(one)} and ${labelOf(other)} both have ${shared(one.matrix, other.matrix)}.`);
  }
  return found;
}

const MOST = 4;

const shared = (a: ControlledMatrix, b: ControlledMatrix): string =>
  firstNames(apqnsOf(commonMatrix(a, b)).map(formatApqn), MOST);

const labelOf = ({ name, uuid, guest }: TargetMdev): string =>
  name ?? (guest === null ? `mdev ${uuid}` : `mdev ${uuid} (guest ${guest})`);
