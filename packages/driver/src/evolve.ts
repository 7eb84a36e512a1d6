/**
 * state + fact -> next state, for every fact. Pure, and total over every history that `decide` can write.
 * A fact that no lifecycle machine allows is not a state but a damaged log: it throws `ImpossibleFact`.
 */
import {
  andNot,
  type ControlledMatrix,
  EMPTY_MASK,
  EMPTY_MATRIX,
  idsOf,
  type Mask256,
  maskFromHex,
  maskOf,
  or,
} from '@apledger/ap';
import { type Fact, type FactOf, GENERATIONS } from '@apledger/events';
import { type GuestEvent, guestTable } from '@apledger/machines';
import { cardHardware, evolveDevices, isDeviceFact } from './evolve-devices.ts';
import { advancePlug, allowed, guestAfter, ImpossibleFact } from './lifecycle.ts';
import { type HostState, type Mdev, matrixOfIds } from './state.ts';

/**
 * The state after one fact. `state` is undefined only before the host's first fact, HostRegistered.
 * Throws ImpossibleFact when the fact cannot follow.
 */
export function evolve(state: HostState | undefined, fact: Fact): HostState {
  if (state === undefined) {
    if (fact.type === 'HostRegistered') return register(fact);
    if (fact.type === 'CommandRejected') throw new ImpossibleFact('a stream begins with HostRegistered');
    throw new ImpossibleFact(`${fact.type} before HostRegistered`);
  }
  return isDeviceFact(fact) ? evolveDevices(state, fact) : evolveHost(state, fact);
}

/** The bus as it comes up (driver-rules 2). */
function register({ data }: FactOf<'HostRegistered'>): HostState {
  const { hardware } = data;
  const config = matrixOfIds(hardware);
  return {
    name: data.host,
    driver: data.driver,
    guestMatrix: GENERATIONS[data.driver].guestMatrix,
    hardware: {
      qci: hardware.qci,
      apxa: hardware.apxa,
      maxAdapter: hardware.maxAdapter,
      maxDomain: hardware.maxDomain,
      config,
      cards: new Map(hardware.cards.map((card) => [card.adapter, cardHardware(card)])),
      checkStopped: EMPTY_MASK,
      deconfigured: EMPTY_MASK,
      resetFaults: new Map(),
    },
    config,
    bootParameters: data.bootParameters,
    apmask: maskFromHex(data.apmask),
    aqmask: maskFromHex(data.aqmask),
    attributes: { ap_domain: -1, config_time: 30, poll_thread: 0, poll_timeout: 250_000 },
    scans: 0,
    bindingsCompleted: 0,
    bindingsArmed: true,
    cards: new Map(),
    registered: 0,
    mdevs: new Map(),
  };
}

type HostFact = Exclude<Fact, Parameters<typeof evolveDevices>[1]>;

function evolveHost(state: HostState, fact: HostFact): HostState {
  switch (fact.type) {
    case 'HostRegistered':
      throw new ImpossibleFact(`host ${state.name} was registered before`);
    case 'HostConfigChanged':
      return { ...state, config: matrixOfIds(fact.data) };
    case 'BusScanned':
      return { ...state, scans: fact.data.scans };
    case 'BindingsCompleted':
      return { ...state, bindingsCompleted: fact.data.count, bindingsArmed: false };
    case 'BusAttributeChanged':
      return { ...state, attributes: { ...state.attributes, [fact.data.attribute]: fact.data.value } };
    case 'MaskChanged':
      return { ...state, [fact.data.mask]: maskFromHex(fact.data.value) };
    case 'CommandRejected':
    case 'MigrationRefused':
      return state;
    default:
      return evolveMdevs(state, fact);
  }
}

type MdevFact = Extract<Fact, { data: { mdev: string } }>;

function evolveMdevs(state: HostState, fact: Exclude<MdevFact, { type: 'MigrationRefused' }>): HostState {
  const mdevs = new Map(state.mdevs);
  const { mdev: uuid } = fact.data;
  if (fact.type === 'MdevCreated') {
    if (mdevs.has(uuid)) throw new ImpossibleFact(`mdev ${uuid} was created before`);
    mdevs.set(uuid, newMdev(state, uuid));
    return { ...state, mdevs };
  }
  const mdev = state.mdevs.get(uuid);
  if (mdev === undefined) throw new ImpossibleFact(`${fact.type} of an mdev ${uuid} that does not exist`);
  if (fact.type === 'MdevRemoved') {
    const after = advanceGuest(mdev, REMOVED);
    if (after.lifecycle === 'removed') mdevs.delete(uuid);
    else mdevs.set(uuid, after);
  } else mdevs.set(uuid, evolveMdev(state, mdev, fact));
  return { ...state, mdevs };
}

/** The shadow of an mdev that nobody has open (driver-rules 8, driver-rules-older 6.0). */
const filteredWithoutGuest = (state: HostState): ControlledMatrix | null =>
  state.guestMatrix === 'always' ? EMPTY_MATRIX : null;

const newMdev = (state: HostState, uuid: string): Mdev => ({
  uuid,
  assigned: EMPTY_MATRIX,
  filtered: filteredWithoutGuest(state),
  effective: null,
  lifecycle: guestTable.initial,
  guest: null,
  attached: false,
  removing: false,
  plug: new Map(),
});

type AssignmentFact = FactOf<
  | 'AdapterAssigned'
  | 'AdapterUnassigned'
  | 'DomainAssigned'
  | 'DomainUnassigned'
  | 'ControlDomainAssigned'
  | 'ControlDomainUnassigned'
>;

function evolveMdev(
  state: HostState,
  mdev: Mdev,
  fact: Exclude<MdevFact, { type: 'MigrationRefused' | 'MdevCreated' | 'MdevRemoved' }>,
): Mdev {
  switch (fact.type) {
    case 'GuestMatrixChanged':
      return withFiltered({ ...mdev, effective: idsOrNull(fact.data.effective) }, matrixOfIds(fact.data));
    case 'GuestStarted':
      return guestStarted(state, mdev, fact.data);
    case 'GuestStopped':
      return guestStopped(state, mdev);
    case 'MdevRemovalBlocked':
      return {
        ...advanceGuest(mdev, REMOVAL_WAITS),
        removing: true,
        effective: idsOrNull(fact.data.effective),
      };
    case 'MigrationRequested':
      return advanceGuest(mdev, { type: 'MIGRATE', pluggedAdapters: 0 });
    case 'MigrationCompleted':
      return advanceGuest(mdev, { type: 'MIGRATED' });
    default:
      return evolveAssignment(mdev, fact);
  }
}

function guestStarted(state: HostState, mdev: Mdev, data: FactOf<'GuestStarted'>['data']): Mdev {
  const { guest, attached } = data;
  const effective = idsOrNull(data.effective);
  const started = advanceGuest(mdev, { type: 'START', isAdmitted: true });
  const open = { ...started, guest, attached, effective };
  return state.guestMatrix === 'never'
    ? withPlugged(open, EMPTY_MASK, effective?.adapters ?? EMPTY_MASK)
    : { ...open, filtered: mdev.filtered ?? EMPTY_MATRIX };
}

function guestStopped(state: HostState, mdev: Mdev): Mdev {
  const closed = advanceGuest(mdev, { type: 'STOP' });
  const left = { ...closed, guest: null, attached: false, effective: null };
  switch (state.guestMatrix) {
    case 'always':
      return left;
    case 'whileOpen':
      return { ...withFiltered(left, EMPTY_MATRIX), filtered: null };
    case 'never':
      return withPlugged(left, mdev.effective?.adapters ?? EMPTY_MASK, EMPTY_MASK);
  }
}

const idsOrNull = (ids: FactOf<'GuestStarted'>['data']['effective']): ControlledMatrix | null =>
  ids === null ? null : matrixOfIds(ids);

const REMOVED: GuestEvent = { type: 'REMOVE', isWaiting: false, isAttached: false };
const REMOVAL_WAITS: GuestEvent = { type: 'REMOVE', isWaiting: true, isAttached: true };

const advanceGuest = (mdev: Mdev, event: GuestEvent): Mdev => ({
  ...mdev,
  lifecycle: allowed(
    guestAfter(mdev.lifecycle, event),
    `${event.type} of a ${mdev.lifecycle} guest on ${mdev.uuid}`,
  ),
});

/** What a refilter found out about an adapter that came into the guest matrix. */
const PLUGGED = { type: 'REFILTER', isInHost: true, areQueuesBound: true, areQueuesPassable: true } as const;

/** Puts a new filtered matrix in place and moves the adapters that came and went. */
const withFiltered = (mdev: Mdev, filtered: ControlledMatrix): Mdev => ({
  ...withPlugged(mdev, (mdev.filtered ?? EMPTY_MATRIX).adapters, filtered.adapters),
  filtered,
});

/** Moves the adapters that came into the guest and that left it. */
function withPlugged(mdev: Mdev, before: Mask256, after: Mask256): Mdev {
  // An adapter that left the mdev altogether has left the guest with it.
  const unplugged = idsOf(andNot(before, after)).filter((apid) => mdev.plug.has(apid));
  const plug = advancePlug(mdev.plug, unplugged, { type: 'UNPLUG' });
  return { ...mdev, plug: advancePlug(plug, idsOf(andNot(after, before)), PLUGGED) };
}

function evolveAssignment(mdev: Mdev, fact: AssignmentFact): Mdev {
  const { assigned } = mdev;
  switch (fact.type) {
    case 'AdapterAssigned': {
      const adapters = or(assigned.adapters, maskOf(fact.data.adapters));
      const plug = advancePlug(mdev.plug, fact.data.adapters, { type: 'ASSIGN' });
      return { ...mdev, assigned: { ...assigned, adapters }, plug };
    }
    case 'AdapterUnassigned': {
      const adapters = andNot(assigned.adapters, maskOf(fact.data.adapters));
      const plug = advancePlug(mdev.plug, fact.data.adapters, { type: 'UNASSIGN' });
      return { ...mdev, assigned: { ...assigned, adapters }, plug };
    }
    case 'DomainAssigned':
      return { ...mdev, assigned: { ...assigned, domains: or(assigned.domains, maskOf(fact.data.domains)) } };
    case 'DomainUnassigned':
      return {
        ...mdev,
        assigned: { ...assigned, domains: andNot(assigned.domains, maskOf(fact.data.domains)) },
      };
    case 'ControlDomainAssigned': {
      const controlDomains = or(assigned.controlDomains, maskOf(fact.data.controlDomains));
      return { ...mdev, assigned: { ...assigned, controlDomains } };
    }
    case 'ControlDomainUnassigned': {
      const controlDomains = andNot(assigned.controlDomains, maskOf(fact.data.controlDomains));
      return { ...mdev, assigned: { ...assigned, controlDomains } };
    }
  }
}
