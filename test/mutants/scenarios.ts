/**
 * Short histories of the driver for the mutants: each a list of commands to a small host of every generation. What a reader of the ledger
 * gets to see is their answer: errno and words, then masks and bindings, then the states that the machines themselves are in.
 */
import { formatMatrixFile } from '@apledger/ap';
import { type Decision, decide } from '@apledger/driver';
import { type Command, GENERATION_NAMES, type Generation } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';

const A = 'aaaaaaaa-0000-4000-8000-000000000001';
const B = 'bbbbbbbb-0000-4000-8000-000000000002';

const write =
  (type: Extract<Command, { mdev: string; text: string }>['type'], mdev = A) =>
  (text: string): Command => ({ type, mdev, text });
const create: Command = { type: 'CreateMdev', text: A };
const createB: Command = { type: 'CreateMdev', text: B };
const assign = write('AssignAdapter');
const unassign = write('UnassignAdapter');
const domain = write('AssignDomain');
const unassignDomain = write('UnassignDomain');
const online = (device: string, text: string): Command => ({ type: 'SetOnline', device, text });
const configure = write('ConfigureMdev');
const remove = write('RemoveMdev')('1');
const start = (guest: string | null = 'web', mdev = A): Command => ({ type: 'StartGuest', mdev, guest });
const stop: Command = { type: 'StopGuest', mdev: A };
const reset: Command = { type: 'ResetGuestDevice', mdev: A };
const migrate: Command = { type: 'MigrateGuest', mdev: A };
type Driver = 'vfio_ap' | 'cex4queue';
const bind = (text: string, driver: Driver = 'vfio_ap'): Command => ({ type: 'BindQueue', driver, text });
const unbind = (text: string, driver: Driver = 'vfio_ap'): Command => ({
  type: 'UnbindQueue',
  driver,
  text,
});
const probe = (text: string): Command => ({ type: 'ProbeDevice', text });
const override = (queue: string, text: string): Command => ({ type: 'OverrideDriver', queue, text });
const mask = (text: string): Command => ({ type: 'WriteMask', mask: 'apmask', text });
const fault = (queue: string, ...responseCodes: number[]): Command => ({
  type: 'InjectResetFault',
  queue,
  responseCodes,
});
const scan: Command = { type: 'ScanBus' };
const adapters = (...ids: number[]): Command => ({ type: 'ChangeHardware', adapters: ids });
const mdev = [create, assign('5'), assign('6'), domain('4'), domain('0x47')];
const open = [...mdev, start()];
/** Adapter 6 is kept out although nothing is in its way any more: only a refilter brings it back (driver-rules 12.1). */
const stale = [unbind('06.0047'), unassignDomain('0x47')];
const lose = [unbind('05.0004'), bind('05.0004')];

const HISTORIES: Readonly<Record<string, readonly Command[]>> = {
  'closed guest': [create, stop, reset, migrate, start(), stop, stop, reset, migrate, start(), stop, remove],
  'open guest': [...open, start('db'), reset, unassign('5'), stop, start('db'), stop],
  'refused open': [create, start(null), createB, start('web', B), start(), stop, start(), stop, remove],
  'refused again': [create, start(), stop, createB, start('web', B), start(), start(null), stop],
  migration: [...open, migrate, unassign('5'), migrate, unassign('6'), migrate, stop, reset, start(), stop],
  removal: [...open, remove, start('db'), reset, migrate, stop, create, remove, remove],
  'removal and migration': [create, start(), remove, migrate, create],
  'removal with adapters': [...open, remove, unbind('05.0004'), bind('05.0004'), migrate, stop],
  'opened by a process': [create, assign('5'), start(null), migrate, remove, stop, remove],
  'removal of a new mdev': [...mdev, remove, create],
  'removal after a guest': [...open, stop, remove, create],
  assignment: [...mdev, assign('5'), unassign('5'), unassign('5'), assign('5'), unassign('6')],
  'assignment while open': [...open, assign('5'), unassign('5'), assign('5'), unassign('6'), assign('6')],
  'assignment of what waits': [
    create,
    unbind('05.0004'),
    assign('5'),
    domain('4'),
    assign('5'),
    unassign('5'),
  ],
  'unbound while waiting': [
    create,
    unbind('05.0004'),
    ...['4', '0x47', '0x50'].map(domain),
    assign('5'),
    unbind('05.0047'),
  ],
  'waiting, open': [create, unbind('05.0004'), domain('4'), start(), assign('5'), assign('5'), unassign('5')],
  'waiting, then bound': [create, unbind('05.0004'), domain('4'), start(), assign('5'), bind('05.0004')],
  'unbound twice': [...open, unbind('05.0004'), unbind('05.0047'), bind('05.0047'), bind('05.0004')],
  'assigned in between': [
    ...open,
    unbind('05.0004'),
    assign('5'),
    unassign('5'),
    assign('5'),
    bind('05.0004'),
  ],
  'configured in between': [
    ...mdev,
    unbind('05.0004'),
    configure(',,'),
    configure('0x04,0x08,'),
    bind('05.0004'),
  ],
  'configured anew': [...mdev, configure('0x06,0x08,0x0'), configure('0x02,0x08,'), configure(',,')],
  'reset in between': [...open, unbind('05.0004'), reset, assign('5'), bind('05.0004'), reset, ...lose],
  'closed in between': [
    ...open,
    unbind('05.0004'),
    stop,
    unassign('5'),
    assign('5'),
    bind('05.0004'),
    start(),
  ],
  'reset fails': [...open, fault('05.0047', 1), unbind('05.0004'), assign('5'), bind('05.0004'), ...lose],
  'reset fails, good reset': [
    ...open,
    fault('05.0047', 1),
    unbind('05.0004'),
    bind('05.0004'),
    reset,
    ...lose,
  ],
  'reset fails, unassigned': [...open, fault('05.0047', 1), unbind('05.0004'), unassign('5'), assign('5')],
  'reset fails, bound anew': [
    ...open,
    fault('05.0047', 1),
    unbind('05.0004'),
    unbind('05.0047'),
    bind('05.0047'),
    bind('05.0004'),
  ],
  'reset fails while plugged': [...open, fault('05.0004', 1), reset, bind('05.0004'), ...lose, reset, stop],
  'reset fails while waiting': [
    ...mdev,
    fault('05.0004', 1, 1),
    unbind('05.0047'),
    start(),
    reset,
    assign('5'),
    bind('05.0047'),
  ],
  'never plugged, reset fails': [
    create,
    unbind('05.0047'),
    domain('4'),
    domain('0x47'),
    assign('5'),
    start(),
    fault('05.0004', 1, 1, 1),
    reset,
    assign('5'),
    reset,
    unassign('5'),
  ],
  'never plugged, good reset': [
    create,
    unbind('05.0047'),
    domain('4'),
    domain('0x47'),
    assign('5'),
    start(),
    reset,
    stop,
    bind('05.0047'),
  ],
  'failed twice, then good': [
    ...open,
    fault('05.0047', 1, 1),
    unbind('05.0004'),
    reset,
    assign('5'),
    reset,
    reset,
    unbind('05.0047'),
    bind('05.0047'),
    bind('05.0004'),
  ],
  'clean, then failed': [...open, unbind('05.0004'), fault('05.0047', 1), reset, unassign('5'), assign('5')],
  'thrown out by a refilter': [...open, fault('05.0004', 1), reset, assign('5'), unassign('6'), assign('6')],
  'thrown out by a domain': [
    create,
    assign('5'),
    unbind('05.0047'),
    domain('4'),
    start(),
    domain('0x47'),
    bind('05.0047'),
  ],
  'adapter lost': [
    ...open,
    adapters(4, 6),
    scan,
    assign('5'),
    adapters(4, 5, 6),
    scan,
    unassign('5'),
    assign('5'),
  ],
  'adapter lost, then unassigned': [
    ...open,
    adapters(4, 6),
    scan,
    unassign('5'),
    assign('5'),
    adapters(4, 5, 6),
    scan,
  ],
  'unbound adapter lost': [...open, unbind('05.0004'), adapters(4, 6), scan, adapters(4, 5, 6), scan],
  'refilter without the adapter': [...open, adapters(4, 6), scan, unassign('6'), assign('6'), unassign('5')],
  'repeated, waiting': [
    create,
    unbind('05.0004'),
    domain('4'),
    domain('0x47'),
    assign('5'),
    assign('6'),
    ...stale,
    assign('5'),
  ],
  'repeated, plugged': [...open, ...stale, assign('5')],
  'repeated, unplugged': [...open, unbind('05.0004'), ...stale, assign('5')],
  'repeated, failed': [...open, fault('05.0004', 1), unbind('05.0047'), ...stale, assign('5')],
  'repeated, resetting': [...open, ...stale, adapters(4, 6), scan, assign('5')],
  'switched off': [online('04.0004', '0'), scan, unbind('04.0047', 'cex4queue'), scan, adapters(4), scan],
  'assigned without the host': [
    create,
    assign('9'),
    domain('4'),
    assign('5'),
    start(),
    adapters(4, 5, 6, 9),
    scan,
  ],
  'bind and unbind': [
    bind('05.0004'),
    bind('05.0004', 'cex4queue'),
    unbind('05.0004', 'cex4queue'),
    unbind('05.0004'),
    unbind('05.0004'),
    unbind('05.0004', 'cex4queue'),
    bind('05.0004', 'cex4queue'),
    probe('05.0004'),
    probe('05.0004'),
    scan,
  ],
  'bind and unbind, reserved': [
    bind('04.0004'),
    bind('04.0004', 'cex4queue'),
    unbind('04.0004'),
    probe('04.0004'),
    unbind('04.0004', 'cex4queue'),
    bind('04.0004'),
    unbind('04.0004'),
    bind('04.0004', 'cex4queue'),
    scan,
  ],
  'masks move queues': [mask('+5'), mask('-5'), mask('-4'), unbind('04.0004'), scan, mask('+4'), scan],
  'queues leave': [
    adapters(4),
    scan,
    adapters(4, 5),
    scan,
    unbind('05.0004'),
    adapters(),
    scan,
    adapters(5),
    scan,
  ],
  'override refused': [
    unbind('05.0047'),
    override('05.0047', 'vfio_ap'),
    override('05.0004', 'vfio_ap'),
    override('04.0004', 'vfio_ap'),
  ],
  override: [
    mask('+5,+6'),
    override('04.0004', 'vfio_ap'),
    unbind('04.0004', 'cex4queue'),
    override('04.0047', 'cex4queue'),
    probe('04.0004'),
    override('04.0004', '\n'),
    override('04.0047', 'nobody'),
    unbind('04.0047', 'cex4queue'),
    probe('04.0047'),
    override('04.0047', 'vfio_ap'),
    bind('04.0047'),
    scan,
  ],
};

/** What is compared, the strongest first. */
export interface Answer {
  readonly refusal: string;
  readonly matrix: string;
  readonly states: string;
}

export interface Scenario {
  readonly name: string;
  /** The answers step by step; ends early where the driver throws. */
  run(): Generator<Answer>;
}

/** All histories, in all generations. */
export const scenarios = (): Scenario[] =>
  GENERATION_NAMES.flatMap((generation) =>
    Object.entries(HISTORIES).map(([name, commands]) => ({
      name: `${name} (${generation})`,
      run: () => answers(generation, commands),
    })),
  );

function* answers(driver: Generation, commands: readonly Command[]): Generator<Answer> {
  const state = new HostState();
  const carryOut = (command: Command): Answer => {
    const decision = decide(state, command);
    for (const fact of decision.facts) evolve(state, fact);
    return answerOf(decision, state);
  };
  yield carryOut({
    type: 'RegisterHost',
    host: 'box',
    driver,
    hardware: {
      qci: true,
      apxa: true,
      maxAdapter: 255,
      maxDomain: 255,
      adapters: [4, 5, 6],
      domains: [4, 0x47, 0x50],
      controlDomains: [],
      cards: [],
    },
    boot: { apmask: '+0-255,-5,-6', aqmask: null },
  });
  for (const command of commands) yield carryOut(command);
}

/** What the bus does with queues, as the kernel's own traces show it. */
const BUS_EVENTS: ReadonlySet<string> = new Set(['QueueBound', 'QueueUnbound', 'QueueReset', 'QueueRemoved']);

function answerOf({ refusal, isBlocked, facts }: Decision, state: HostState): Answer {
  const said = refusal === undefined ? '' : `${refusal.errno} ${refusal.explanation}`;
  const events = facts.filter(({ type }) => BUS_EVENTS.has(type));
  return {
    refusal: isBlocked ? 'blocked' : said,
    matrix: JSON.stringify([matricesOf(state), bindingsOf(state), events]),
    states: JSON.stringify(statesOf(state)),
  };
}

const matricesOf = (state: HostState) =>
  [...state.mdevs.values()].map(({ uuid, assigned, guestMatrix, effective, guest }) => [
    uuid,
    guest,
    formatMatrixFile(assigned),
    guestMatrix && formatMatrixFile(guestMatrix),
    effective && formatMatrixFile(effective),
  ]);

const bindingsOf = (state: HostState) =>
  [...state.cards].map(([apid, card]) => [
    apid,
    [...card.queues].map(([apqi, queue]) => [apqi, queue.state, queue.driverOverride, queue.online]),
  ]);

const statesOf = (state: HostState) =>
  [...state.mdevs.values()].map(({ lifecycle, plug }) => [lifecycle, [...plug]]);
