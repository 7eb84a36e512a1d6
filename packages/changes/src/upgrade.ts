/**
 * The upgrade rehearsal: a host's configuration replayed under another generation of the driver, in the order in which a boot would bring it
 * up: the masks, the queues with a driver of their own, the mdevs with what is assigned to them, the guests.
 */
import {
  type Apqn,
  apidOf,
  apqiOf,
  apqnsWithout,
  EMPTY_MATRIX,
  equalMatrices,
  formatApqn,
  formatMask,
  idsOfMatrix,
} from '@apledger/ap';
import { decide } from '@apledger/driver';
import {
  assignmentsOf,
  type Command,
  type Errno,
  type Generation,
  type MatrixIds,
  MDEV_COMMANDS,
} from '@apledger/events';
import { driverOf, evolve, HostState, hardwareOf, isOpen, type Mdev, queueOf } from '@apledger/host';
import { spell } from '@apledger/script';
import { effectOf } from './effect.ts';

export interface RefusedStep {
  readonly step: string;
  readonly errno: Errno | null;
  readonly explanation: string;
  readonly help: string;
}

/** An mdev whose matrix would be another one; queues are what its guest could use. */
export interface Differs {
  readonly mdev: string;
  readonly guest: string | null;
  readonly before: MatrixIds | null;
  readonly after: MatrixIds | null;
  readonly lost: readonly string[];
  readonly gained: readonly string[];
}

interface Upgrade {
  readonly from: Generation;
  readonly to: Generation;
  readonly refused: readonly RefusedStep[];
  readonly guests: readonly Differs[];
  readonly mdevs: readonly Differs[];
  readonly hostQueues: { readonly lost: readonly string[]; readonly gained: readonly string[] };
}

/** What would come of the host under the generation. The state is left as it is. */
export function rehearseUpgrade(state: HostState, to: Generation): Upgrade {
  const there = new HostState();
  const refused: RefusedStep[] = [];
  /** Whether the generation takes the command. */
  const play = (command: Command): boolean => {
    const guest = 'mdev' in command ? (state.mdevs.get(command.mdev)?.guest ?? null) : null;
    const { facts, refusal } = decide(there, command);
    for (const fact of facts) evolve(there, fact);
    if (refusal === undefined) return true;
    const { errno, explanation, remedy } = refusal;
    refused.push({ step: spell(command, guest) ?? command.type, errno, explanation, help: remedy });
    return false;
  };
  play(registrationOf(state, to));
  for (const queue of state.overriddenQueues()) playOverride(queue, state, there, play);
  for (const command of mdevsOf(state)) play(command);
  const seen = [...state.mdevs.values()].map((mdev) => comparison(mdev, there.mdevs.get(mdev.uuid)));
  return {
    from: state.driver,
    to,
    refused,
    guests: seen.filter(({ guest, lost, gained }) => guest !== null && lost.length + gained.length > 0),
    mdevs: [...state.mdevs.values()].flatMap((mdev, index) => {
      const other = there.mdevs.get(mdev.uuid);
      const found = seen[index];
      return found === undefined || (other !== undefined && equalMatrices(other.assigned, mdev.assigned))
        ? []
        : [found];
    }),
    hostQueues: effectOf(state, there).hostQueues,
  };
}

const registrationOf = (state: HostState, driver: Generation): Command => ({
  type: 'RegisterHost',
  host: state.name,
  driver,
  hardware: hardwareOf(state),
  boot: { apmask: formatMask(state.apmask), aqmask: formatMask(state.aqmask) },
});

/** The name alone moves no queue: who has set it has unbound and bound it, too, as driverctl does. */
function playOverride(
  queue: Apqn,
  state: HostState,
  there: HostState,
  play: (command: Command) => boolean,
): void {
  const text = formatApqn(queue);
  const driverOverride = queueOf(state, apidOf(queue), apqiOf(queue))?.driverOverride;
  if (driverOverride == null) return;
  if (!play({ type: 'OverrideDriver', queue: text, text: driverOverride })) return;
  const [is, had] = [driverOf(there, queue), driverOf(state, queue)];
  if (is === had) return;
  if (is !== null) play({ type: 'UnbindQueue', driver: is, text });
  if (had !== null) play({ type: 'BindQueue', driver: had, text });
}

function mdevsOf(state: HostState): readonly Command[] {
  const mdevs = [...state.mdevs.values()];
  return [
    ...mdevs.flatMap(({ uuid: mdev, assigned }): Command[] => [
      { type: 'CreateMdev', text: mdev },
      ...assignmentsOf(assigned).map(
        ({ file, id }): Command => ({ type: MDEV_COMMANDS[file], mdev, text: `${id}` }),
      ),
    ]),
    ...mdevs.filter(isOpen).map(({ uuid: mdev, guest }): Command => ({ type: 'StartGuest', mdev, guest })),
  ];
}

function comparison(mdev: Mdev, other: Mdev | undefined): Differs {
  const [had, has] = [mdev.effective ?? EMPTY_MATRIX, other?.effective ?? EMPTY_MATRIX];
  return {
    mdev: mdev.uuid,
    guest: mdev.guest,
    before: idsOfMatrix(mdev.assigned),
    after: other === undefined ? null : idsOfMatrix(other.assigned),
    lost: apqnsWithout(had, has).map(formatApqn),
    gained: apqnsWithout(has, had).map(formatApqn),
  };
}
