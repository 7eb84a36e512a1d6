/** What a reboot would give, against what the host has now. */
import type { BootSources, Problem } from '@apledger/capture';
import { type HostState, unnamedGuest } from '@apledger/host';
import { bootedHost, give, loadsVfioAp } from './boot.ts';
import {
  attributeDifferences,
  bindingDifferences,
  maskDifferences,
  mdevDifferences,
  offlineDifferences,
} from './compare.ts';
import { type MdevConflict, type Started, startAll } from './mdev-orders.ts';
import type { Now } from './now.ts';

export type { MdevConflict } from './mdev-orders.ts';

export interface Difference {
  /** `apmask`, `05.0047`, `mdev UUID`, `guest web`. */
  readonly what: string;
  readonly now: string;
  readonly afterReboot: string;
  /** The file that says so, or that none does. */
  readonly why: string;
}

export interface Drift {
  readonly differences: readonly Difference[];
  /** What comes up depends on an order that nothing defines. */
  readonly conflicts: readonly MdevConflict[];
  /** What the answer hangs on. */
  readonly notes: readonly Problem[];
}

/** Compares the host as it is now with what the files would make of it. */
export function driftOf(now: Now, sources: BootSources): Drift {
  const booted = bootedHost(now, sources);
  const mdevs = startAll(
    booted,
    sources.definitions.filter(({ start }) => start === 'auto'),
  );
  const after = mdevs.state;
  const guests = guestDifferences(now, sources, mdevs, after.fork());
  return {
    differences: [
      ...maskDifferences(now, after, sources),
      ...bindingDifferences(now, after, sources),
      ...attributeDifferences(now, after, sources),
      ...offlineDifferences(now, after),
      ...mdevDifferences(now, mdevs, sources),
      ...guests,
    ],
    conflicts: mdevs.conflicts,
    notes: notesOf(now, sources),
  };
}

/** A guest that nothing named has an mdev of this one: who else should. */
const runs = ({ guests }: Now, name: string, mdevs: readonly string[]): boolean =>
  guests?.has(name) === true || mdevs.some((mdev) => guests?.get(unnamedGuest(mdev)) === mdev);

/** libvirt starts a guest only when each of its mdevs is there. */
function guestDifferences(
  now: Now,
  { guests }: BootSources,
  { conflicts }: Started,
  after: HostState,
): Difference[] {
  if (guests === undefined) return [];
  const disputed = new Set(conflicts.flatMap((conflict) => conflict.mdevs));
  const differences: Difference[] = [];
  for (const { name, mdevs } of guests) {
    if (mdevs.length === 0) continue;
    const is = runs(now, name, mdevs) ? 'runs' : now.guests === undefined ? 'not known' : 'does not run';
    const missing = mdevs.filter((mdev) => !after.mdevs.has(mdev) && !disputed.has(mdev));
    const open = mdevs.filter((mdev) => disputed.has(mdev));
    const refused = mdevs
      .filter((mdev) => after.mdevs.has(mdev))
      .flatMap((mdev) => give(after, { type: 'StartGuest', mdev, guest: name }) ?? []);
    const why = 'libvirt starts it at boot';
    const say = (afterReboot: string): void =>
      void differences.push({ what: `guest ${name}`, now: is, afterReboot, why });
    if (missing.length > 0) say(`is not started: mdev ${missing.join(', ')} is not there`);
    else if (refused[0] !== undefined) say(`is not started: ${refused[0].explanation}`);
    else if (open.length > 0) say(`depends on which of the mdevs in conflict comes up: ${open.join(', ')}`);
    else if (is === 'does not run') say('runs');
  }
  const kept = new Set(guests.map(({ name }) => name));
  const wanted = new Set(guests.flatMap(({ mdevs }) => mdevs));
  for (const [name, mdev] of now.guests ?? [])
    if (!kept.has(name) && !(name === unnamedGuest(mdev) && wanted.has(mdev)))
      differences.push({
        what: `guest ${name}`,
        now: `runs with mdev ${mdev}`,
        afterReboot: 'does not run',
        why: 'libvirt does not start it at boot',
      });
  return differences;
}

function notesOf(now: Now, sources: BootSources): Problem[] {
  const notes: Problem[] = [...now.problems];
  const tell = (where: string, what: string): void => void notes.push({ where, what });
  for (const initrd of sources.staleInitrds)
    tell(
      initrd,
      'is older than 41-ap.rules: a copy of the rule in it may be an older one, and udev may act on it first (dracut -f or update-initramfs -u renews it)',
    );
  for (const file of sources.others) tell(file, 'writes to the AP bus at boot: not followed here');
  if (loadsVfioAp(sources) === undefined)
    tell('vfio_ap', 'no file says whether a reboot loads the module: taken as loaded');
  const isAuto = sources.definitions.some(({ start }) => start === 'auto');
  if (sources.overrides.length > 0 && isAuto)
    tell('driverctl', 'nothing defines whether its overrides or the mdevs come first: taken as first');
  if (sources.guests === undefined) tell('guests', 'no file says which guests libvirt starts: not compared');
  if (now.mdevs === undefined) tell('mdevs', 'no file says which there are now: not compared');
  return notes;
}
