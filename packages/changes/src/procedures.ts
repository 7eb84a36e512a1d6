/**
 * Procedures: pure functions of a host's state that give the steps of a task. What nobody here can bring about is a wait, which says whom
 * it waits for.
 */
import {
  andNot,
  apidOf,
  apqiOf,
  apqnsOf,
  firstNames,
  formatApConfigFile,
  formatApid,
  formatApqn,
  formatMask,
  has,
  idsOf,
  type Matrix,
  maskOf,
  matrixHas,
  or,
  parseApqn,
} from '@apledger/ap';
import { rulesOf } from '@apledger/driver';
import type { Command, Procedure } from '@apledger/events';
import { type HostState, isBoundToVfio, isOpen, type Mdev, mdevOfGuest, queuesOf } from '@apledger/host';
import { spell } from '@apledger/script';
import { foreseen, type Undertaking } from './document.ts';
import { userOf } from './waits.ts';

/** The steps, or why there are none, in words. */
export type Steps =
  | { readonly purpose: string; readonly steps: readonly Undertaking[] }
  | { readonly problem: string; readonly help: string };

type Of<Name extends Procedure['procedure']> = Extract<Procedure, { procedure: Name }>;

/** The steps by which the procedure is done on the host as it is. */
export function stepsOf(state: HostState, procedure: Procedure): Steps {
  switch (procedure.procedure) {
    case 'drain':
      return drain(state, procedure);
    case 'prepare-migration':
      return prepareMigration(state, procedure);
    case 'restore-migration':
      return restoreMigration(state, procedure);
    case 'move-queue':
      return moveQueue(state, procedure);
    case 'retire-guest':
      return retireGuest(state, procedure);
  }
}

const give = (state: HostState, command: Command): Undertaking => {
  const guest = 'mdev' in command ? (state.mdevs.get(command.mdev)?.guest ?? null) : null;
  return { text: spell(command, guest) ?? command.type, command };
};

function untilStopped({ uuid: mdev, guest }: Mdev, withinMs: number | undefined): Undertaking {
  const text = `wait until ${guest === null ? `nobody has mdev ${mdev} open` : `guest ${guest} has stopped`}`;
  return { text, wait: { for: 'guest-stopped', mdev, guest }, withinMs: withinMs ?? null };
}

interface Freed {
  readonly state: HostState;
  /** The steps that take the queues from who has them. */
  readonly steps: readonly Undertaking[];
  /** Those that are waited for. */
  readonly queues: readonly string[];
  readonly withinMs: number | undefined;
}

/** The steps, the resets that the driver leaves out, and the wait for all of them; no wait where there are no such queues. */
function freeAndReset({ state, steps, queues, withinMs }: Freed): readonly Undertaking[] {
  const unreset = unresetAfter(state, steps);
  const resets = unreset.map((queue) => give(state, { type: 'ResetQueue', queue, text: '1' }));
  return [...steps, ...resets, ...untilReset([...new Set([...queues, ...unreset])].sort(), withinMs)];
}

/**
 * The queues that running guests let go by the steps, and which no driver resets on their way: a 2019 driver resets nothing that is taken
 * from a running guest, and 2019-v2 and 6.1 nothing that is filtered out of its matrix, maybe long before. So all count that were assigned.
 */
function unresetAfter(state: HostState, steps: readonly Undertaking[]): readonly string[] {
  const { facts, end } = foreseen(state, steps);
  const reset = new Set(facts.flatMap(({ type, data }) => (type === 'QueueReset' ? data.queues : [])));
  return [...state.mdevs.values()].filter(isOpen).flatMap(({ uuid, assigned }) => {
    const still = end.mdevs.get(uuid)?.assigned;
    return apqnsOf(assigned).flatMap((queue) => {
      const [adapter, domain] = [apidOf(queue), apqiOf(queue)];
      const isLetGo = still === undefined || !matrixHas(still, adapter, domain);
      const isReset = reset.has(formatApqn(queue)) || !isBoundToVfio(end, adapter, domain);
      return isLetGo && !isReset && userOf(end, queue) === undefined ? [formatApqn(queue)] : [];
    });
  });
}

/** None where there are no such queues. */
function untilReset(queues: readonly string[], withinMs: number | undefined): readonly Undertaking[] {
  if (queues.length === 0) return [];
  const text = `wait until ${firstNames(queues, MOST_NAMES)} ${queues.length === 1 ? 'is' : 'are'} free and reset`;
  return [{ text, wait: { for: 'queues-reset', queues: [...queues] }, withinMs: withinMs ?? null }];
}

const MOST_NAMES = 4;

/** Those of the matrix that the host has. */
const presentIn = (state: HostState, matrix: Matrix): readonly string[] =>
  apqnsOf(matrix)
    .filter((queue) => has(queuesOf(state, apidOf(queue)), apqiOf(queue)))
    .map(formatApqn);

function drain(
  state: HostState,
  { adapter, end = 'assigned-to-nobody', stopsGuests, withinMs }: Of<'drain'>,
): Steps {
  const name = formatApid(adapter);
  const domains = queuesOf(state, adapter);
  if (idsOf(domains).length === 0) return { problem: `Host ${state.name} has no card ${name}.`, help: '' };
  const holders = [...state.mdevs.values()].filter(({ assigned }) => has(assigned.adapters, adapter));
  const { hotPlugs } = rulesOf(state.driver);
  const stops = hotPlugs
    ? []
    : holders
        .filter(isOpen)
        .map((mdev) =>
          stopsGuests === true
            ? give(state, { type: 'StopGuest', mdev: mdev.uuid })
            : untilStopped(mdev, withinMs),
        );
  const unassigns = holders.map(({ uuid: mdev }) =>
    give(state, { type: 'UnassignAdapter', mdev, text: `${adapter}` }),
  );
  const queues = presentIn(state, {
    adapters: maskOf([adapter]),
    domains: queuesOf(state, adapter, 'vfioAp'),
  });
  const ends: Record<typeof end, readonly Command[]> = {
    'assigned-to-nobody': [],
    host: has(state.apmask, adapter)
      ? []
      : [{ type: 'WriteMask', mask: 'apmask', text: formatMask(or(state.apmask, maskOf([adapter]))) }],
    off: [{ type: 'ConfigureCard', adapter, text: '0' }],
  };
  return {
    purpose: `drain card ${name}`,
    steps: [
      ...freeAndReset({
        state,
        steps: [...stops, ...unassigns],
        queues: holders.length > 0 ? queues : [],
        withinMs,
      }),
      ...ends[end].map((command) => give(state, command)),
    ],
  };
}

/** The mdev that the guest has open, or why there is none. */
function openBy(state: HostState, guest: string): Mdev | { readonly problem: string; readonly help: string } {
  const mdev = mdevOfGuest(state, guest);
  if (mdev !== undefined && isOpen(mdev)) return mdev;
  const running = [...state.mdevs.values()].flatMap((each) =>
    isOpen(each) && each.guest !== null ? [each.guest] : [],
  );
  const help = running.length === 0 ? 'No guest is running there.' : `Running are ${running.join(', ')}.`;
  return { problem: `No guest ${guest} is running on host ${state.name}.`, help };
}

function prepareMigration(state: HostState, { guest, withinMs }: Of<'prepare-migration'>): Steps {
  const mdev = openBy(state, guest);
  if ('problem' in mdev) return mdev;
  if (!rulesOf(state.driver).hotPlugs)
    return {
      problem: `Driver ${state.driver} cannot take adapters from a running guest, and a guest with adapters cannot be migrated.`,
      help: `Stop guest ${guest}, and start it on the other host.`,
    };
  const { uuid, effective } = mdev;
  const unassigns = idsOf(mdev.assigned.adapters).map((id) =>
    give(state, { type: 'UnassignAdapter', mdev: uuid, text: `${id}` }),
  );
  const queues = effective === null ? [] : presentIn(state, effective);
  return {
    purpose: `prepare the migration of guest ${guest}`.slice(0, MAX_PURPOSE),
    steps: [
      ...freeAndReset({ state, steps: unassigns, queues, withinMs }),
      {
        text: `wait until guest ${guest} runs elsewhere`,
        wait: { for: 'guest-migrated', mdev: uuid, guest },
        withinMs: withinMs ?? null,
      },
    ],
  };
}

const MAX_PURPOSE = 200;

function restoreMigration(state: HostState, { guest, mdev, matrix }: Of<'restore-migration'>): Steps {
  const there = state.mdevs.get(mdev);
  if (there !== undefined && there.guest !== null && there.guest !== guest)
    return { problem: `Guest ${there.guest} has mdev ${mdev} open.`, help: '' };
  const wanted = {
    adapters: maskOf(matrix.adapters),
    domains: maskOf(matrix.domains),
    controlDomains: maskOf(matrix.controlDomains),
  };
  const creates: readonly Command[] = there === undefined ? [{ type: 'CreateMdev', text: mdev }] : [];
  const starts: readonly Command[] =
    there === undefined || !isOpen(there) ? [{ type: 'StartGuest', mdev, guest }] : [];
  const { files, hotPlugs } = rulesOf(state.driver);
  const text = `${formatApConfigFile(wanted)}`.trimEnd();
  const assigns: readonly Command[] = files.has('mdev/ap_config')
    ? [{ type: 'ConfigureMdev', mdev, text }]
    : [
        ...idsOf(andNot(wanted.domains, there?.assigned.domains ?? maskOf([]))).map(
          (id): Command => ({ type: 'AssignDomain', mdev, text: `${id}` }),
        ),
        ...idsOf(andNot(wanted.controlDomains, there?.assigned.controlDomains ?? maskOf([]))).map(
          (id): Command => ({ type: 'AssignControlDomain', mdev, text: `${id}` }),
        ),
        ...idsOf(andNot(wanted.adapters, there?.assigned.adapters ?? maskOf([]))).map(
          (id): Command => ({ type: 'AssignAdapter', mdev, text: `${id}` }),
        ),
      ];
  if (!hotPlugs && there !== undefined && isOpen(there))
    return {
      problem: `Driver ${state.driver} cannot give adapters to a running guest.`,
      help: `Stop guest ${guest} first.`,
    };
  // A driver that cannot hot plug has to have the matrix before the guest opens the mdev.
  const commands = hotPlugs ? [...creates, ...starts, ...assigns] : [...creates, ...assigns, ...starts];
  return {
    purpose: `restore guest ${guest} after its migration`.slice(0, MAX_PURPOSE),
    steps: commands.map((command) => give(state, command)),
  };
}

function moveQueue(state: HostState, { queue: name, from, to, withinMs }: Of<'move-queue'>): Steps {
  const queue = parseApqn(name);
  const source = openBy(state, from);
  const sink = openBy(state, to);
  if ('problem' in source) return source;
  if ('problem' in sink) return sink;
  if (queue === undefined) return { problem: `${name} is no queue.`, help: '' };
  const [adapter, domain] = [apidOf(queue), apqiOf(queue)];
  if (!matrixHas(source.assigned, adapter, domain))
    return { problem: `Guest ${from} does not have ${name}.`, help: '' };
  if (!rulesOf(state.driver).hotPlugs)
    return {
      problem: `Driver ${state.driver} cannot change an mdev in use.`,
      help: 'Stop both guests first, and plan with a file.',
    };
  const take = axisToTake(source, adapter, domain);
  if (take === undefined)
    return {
      problem: `Guest ${from} has ${name} together with others of card ${formatApid(adapter)} and of the domain: it cannot lose this one alone.`,
      help: 'A matrix is all adapters by all domains. Plan with a file, which may take more.',
    };
  const gives: readonly Command[] = [
    ...(has(sink.assigned.domains, domain)
      ? []
      : [{ type: 'AssignDomain', mdev: sink.uuid, text: `${domain}` } as const]),
    ...(has(sink.assigned.adapters, adapter)
      ? []
      : [{ type: 'AssignAdapter', mdev: sink.uuid, text: `${adapter}` } as const]),
  ];
  return {
    purpose: `move ${name} from guest ${from} to guest ${to}`.slice(0, MAX_PURPOSE),
    steps: [
      ...freeAndReset({ state, steps: [give(state, take)], queues: [name], withinMs }),
      ...gives.map((command) => give(state, command)),
    ],
  };
}

/** The one write that takes this queue and no other from the mdev. */
function axisToTake({ uuid: mdev, assigned }: Mdev, adapter: number, domain: number): Command | undefined {
  if (idsOf(assigned.domains).length === 1) return { type: 'UnassignAdapter', mdev, text: `${adapter}` };
  if (idsOf(assigned.adapters).length === 1) return { type: 'UnassignDomain', mdev, text: `${domain}` };
  return undefined;
}

function retireGuest(state: HostState, { guest, stopsGuests, withinMs }: Of<'retire-guest'>): Steps {
  const mdev = mdevOfGuest(state, guest);
  if (mdev === undefined) {
    const found = openBy(state, guest);
    return 'problem' in found ? found : { problem: `No guest ${guest}.`, help: '' };
  }
  const { uuid, effective } = mdev;
  const queues = effective === null ? [] : presentIn(state, effective);
  const stop =
    stopsGuests === true ? give(state, { type: 'StopGuest', mdev: uuid }) : untilStopped(mdev, withinMs);
  return {
    purpose: `retire guest ${guest}`.slice(0, MAX_PURPOSE),
    steps: [
      ...freeAndReset({ state, steps: isOpen(mdev) ? [stop] : [], queues, withinMs }),
      give(state, { type: 'RemoveMdev', mdev: uuid, text: '1' }),
    ],
  };
}
