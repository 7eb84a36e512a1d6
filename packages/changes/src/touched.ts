/** What the steps of a change have done to a host, bit by bit, and the same without it. */
import {
  andNot,
  type ControlledMatrix,
  EMPTY_MASK,
  EMPTY_MATRIX,
  isEmpty,
  type Mask256,
  or,
} from '@apledger/ap';
import type { Command, PlanDocument } from '@apledger/events';
import { type HostState, isOpen } from '@apledger/host';
import { workThrough } from './document.ts';
import { absent, type TargetMdev } from './target.ts';

/** A plan, the host that it was made for, and the steps of it, counted from 1, that were carried out. */
export interface CarriedOut {
  readonly plan: PlanDocument;
  readonly base: HostState;
  readonly steps: ReadonlySet<number>;
}

/** The bits of a mask that the change has set and that it has cleared, all in all. */
interface Bits {
  readonly added: Mask256;
  readonly removed: Mask256;
}

/** Who has an mdev open. */
interface Use {
  readonly isOpen: boolean;
  readonly guest: string | null;
}

/** What was before the change touched it first, and what is after it did so last. */
interface Net<T> {
  readonly was: T;
  readonly is: T;
}

interface TouchedMdev {
  readonly bits: Readonly<Record<keyof ControlledMatrix, Bits>>;
  /** Whether it is there. */
  readonly presence: Net<boolean>;
  readonly use: Net<Use>;
}

export interface Touched {
  readonly apmask: Bits;
  readonly aqmask: Bits;
  readonly mdevs: ReadonlyMap<string, TouchedMdev>;
}

const NO_BITS: Bits = { added: EMPTY_MASK, removed: EMPTY_MASK };
const CLOSED: Use = { isOpen: false, guest: null };

/** What the commands that were carried out have done together. What was only waited for is others' doing. */
export function touchedBy(carriedOut: readonly CarriedOut[]): Touched {
  let { apmask, aqmask }: Pick<Touched, 'apmask' | 'aqmask'> = { apmask: NO_BITS, aqmask: NO_BITS };
  const mdevs = new Map<string, TouchedMdev>();
  for (const { plan, base, steps } of carriedOut) {
    const scene = base.fork();
    for (const [index, step] of plan.steps.entries()) {
      const counts = 'command' in step && steps.has(index + 1);
      const uuid = counts ? mdevOf(step.command) : undefined;
      const before = { apmask: scene.apmask, aqmask: scene.aqmask, mdev: lookAt(scene, uuid) };
      workThrough(scene, [step]);
      if (!counts) continue;
      apmask = afterwards(apmask, before.apmask, scene.apmask);
      aqmask = afterwards(aqmask, before.aqmask, scene.aqmask);
      if (uuid !== undefined)
        mdevs.set(uuid, mdevAfterwards(mdevs.get(uuid), before.mdev, lookAt(scene, uuid)));
    }
  }
  return { apmask, aqmask, mdevs };
}

const mdevOf = (command: Command): string | undefined => {
  if (command.type === 'CreateMdev') return command.text.trim().toLowerCase();
  return 'mdev' in command ? command.mdev : undefined;
};

interface Look {
  readonly matrix: ControlledMatrix;
  readonly isThere: boolean;
  readonly use: Use;
}

function lookAt(state: HostState, uuid: string | undefined): Look {
  const mdev = uuid === undefined ? undefined : state.mdevs.get(uuid);
  if (mdev === undefined) return { matrix: EMPTY_MATRIX, isThere: false, use: CLOSED };
  const use = isOpen(mdev) ? { isOpen: true, guest: mdev.guest } : CLOSED;
  return { matrix: mdev.assigned, isThere: true, use };
}

function mdevAfterwards(earlier: TouchedMdev | undefined, before: Look, after: Look): TouchedMdev {
  const bitsOf = (axis: keyof ControlledMatrix): Bits =>
    afterwards(earlier?.bits[axis] ?? NO_BITS, before.matrix[axis], after.matrix[axis]);
  return {
    bits: {
      adapters: bitsOf('adapters'),
      domains: bitsOf('domains'),
      controlDomains: bitsOf('controlDomains'),
    },
    presence: netOf(earlier?.presence, before.isThere, after.isThere, Object.is),
    use: netOf(earlier?.use, before.use, after.use, isSameUse),
  };
}

/** What others did between two steps of the change is not the change's. */
function netOf<T>(earlier: Net<T> | undefined, before: T, after: T, isSame: (a: T, b: T) => boolean): Net<T> {
  if (earlier === undefined || isSame(earlier.was, earlier.is)) return { was: before, is: after };
  return { was: earlier.was, is: isSame(before, after) ? earlier.is : after };
}

/** A bit that was set and cleared again is neither. */
function afterwards({ added, removed }: Bits, before: Mask256, after: Mask256): Bits {
  const [sets, clears] = [andNot(after, before), andNot(before, after)];
  return {
    added: andNot(or(added, andNot(sets, removed)), clears),
    removed: andNot(or(removed, andNot(clears, added)), sets),
  };
}

const isSameUse = (a: Use, b: Use): boolean => a.isOpen === b.isOpen && a.guest === b.guest;

/** The mask without what the change has done: what others have set or cleared stays as it is. */
export const undone = (is: Mask256, { added, removed }: Bits): Mask256 => or(andNot(is, added), removed);

/** The mdev without what the change has done; undefined where there is nothing of it to undo. */
export function mdevAgain(
  uuid: string,
  now: TargetMdev | undefined,
  { bits, presence, use: { was, is } }: TouchedMdev,
): TargetMdev | undefined {
  const [isMade, isRemoved] = [presence.is && !presence.was, presence.was && !presence.is];
  // Others have removed it: it is gone, whatever the change gave it or took from it.
  if (now === undefined && !isRemoved) return undefined;
  const matrix = {
    adapters: undone(now?.matrix.adapters ?? EMPTY_MASK, bits.adapters),
    domains: undone(now?.matrix.domains ?? EMPTY_MASK, bits.domains),
    controlDomains: undone(now?.matrix.controlDomains ?? EMPTY_MASK, bits.controlDomains),
  };
  const used = now === undefined ? CLOSED : { isOpen: now.state === 'running', guest: now.guest };
  const isOurs = !isSameUse(was, is) && isSameUse(used, is);
  const { isOpen: isUsed, guest } = isOurs ? was : used;
  const again: TargetMdev = { uuid, name: undefined, matrix, guest, state: isUsed ? 'running' : 'defined' };
  return isMade && !isUsed && isBare(matrix) ? absent(again) : again;
}

/** Whether nobody has given it anything: one that the change has made may go. */
const isBare = ({ adapters, domains, controlDomains }: ControlledMatrix): boolean =>
  isEmpty(adapters) && isEmpty(domains) && isEmpty(controlDomains);
