/** Random commands for one small host in a log in memory. */
import { CommandHandler } from '@apledger/command-handler';
import { openMemoryLog } from '@apledger/event-log';
import type { Command, Generation } from '@apledger/events';
import fc from 'fast-check';

const UUIDS = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
const mdev = fc.constantFrom(...UUIDS);
const id = fc.integer({ min: 0, max: 5 }).map(String);
const queue = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }))
  .map(([a, d]) => `0${a}.000${d}`);
const driver = fc.constantFrom('cex4queue' as const, 'vfio_ap' as const);
const some = fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }).map((ids) => ids.sort());

/** Any command; most of them can be carried out. */
export const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    type: fc.constant('WriteMask' as const),
    mask: fc.constantFrom('apmask' as const, 'aqmask' as const),
    text: fc.constantFrom('-0-3', '+0-3', '-1', '+1', '+2', '-2,-3', '0x0', '0xffff'),
  }),
  mdev.map((text) => ({ type: 'CreateMdev' as const, text })),
  fc.record({ type: fc.constant('RemoveMdev' as const), mdev, text: fc.constant('1') }),
  fc.record({
    type: fc.constantFrom('AssignAdapter' as const, 'AssignDomain' as const, 'AssignControlDomain' as const),
    mdev,
    text: id,
  }),
  fc.record({
    type: fc.constantFrom(
      'UnassignAdapter' as const,
      'UnassignDomain' as const,
      'UnassignControlDomain' as const,
    ),
    mdev,
    text: id,
  }),
  fc.record({ type: fc.constant('StartGuest' as const), mdev, guest: fc.constantFrom('web', 'db', null) }),
  fc.record({
    type: fc.constantFrom('StopGuest' as const, 'MigrateGuest' as const, 'ResetGuestDevice' as const),
    mdev,
  }),
  fc.record({ type: fc.constantFrom('BindQueue' as const, 'UnbindQueue' as const), driver, text: queue }),
  fc.record({
    type: fc.constant('ChangeHardware' as const),
    adapters: some,
    domains: some,
    controlDomains: some,
  }),
  fc.record({
    type: fc.constant('InjectResetFault' as const),
    queue,
    responseCodes: fc.array(fc.constantFrom(0, 1, 4), { minLength: 1, maxLength: 2 }),
  }),
  fc.constant({ type: 'ScanBus' as const }),
);

const [M1 = '', M2 = ''] = UUIDS;
const write = (
  type: 'AssignAdapter' | 'AssignDomain' | 'AssignControlDomain' | 'UnassignAdapter' | 'UnassignDomain',
  uuid: string,
  ...texts: number[]
): Command[] => texts.map((number) => ({ type, mdev: uuid, text: String(number) }));
const start = (uuid: string, guest: string): Command => ({ type: 'StartGuest', mdev: uuid, guest });

/** All queues for guests, and two mdevs that have some. */
const prologue: Command[] = [
  { type: 'WriteMask', mask: 'apmask', text: '-0-3' },
  { type: 'CreateMdev', text: M1 },
  { type: 'CreateMdev', text: M2 },
  ...write('AssignAdapter', M1, 0),
  ...write('AssignDomain', M1, 0, 1),
  ...write('AssignControlDomain', M1, 0),
  ...write('AssignAdapter', M2, 1),
  ...write('AssignDomain', M2, 0, 1),
];

/** An adapter goes from one mdev to the other, whatever runs. */
const handing = fc
  .tuple(fc.constantFrom([M1, M2], [M2, M1]), fc.constantFrom(0, 1, 2))
  .map(([[from = '', to = ''], adapter]) => [
    ...write('UnassignAdapter', from, adapter),
    ...write('AssignAdapter', to, adapter),
  ]);
const starting = fc.constantFrom([start(M1, 'web')], [start(M2, 'db')], [start(M1, 'web'), start(M2, 'db')]);

/** Commands among which guests run and queues change hands. */
export const busyLife: fc.Arbitrary<readonly Command[]> = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: command.map((one) => [one]) },
      { weight: 2, arbitrary: handing },
      { weight: 1, arbitrary: starting },
    ),
    { minLength: 1, maxLength: 30, size: 'max' },
  )
  .map((parts) => [...prologue, start(M1, 'web'), ...parts.flat()]);

/** A life in which a guest has queues, and loses them to the hardware, which resets nothing. */
export const unresetLife: readonly Command[] = [
  ...prologue,
  start(M1, 'web'),
  { type: 'ChangeHardware', adapters: [1, 2], domains: [0, 1, 2], controlDomains: [0, 1] },
  { type: 'ScanBus' },
];

/** Makes a host of 3 adapters and 3 domains, named h. */
export const registration = (generation: Generation): Extract<Command, { type: 'RegisterHost' }> => ({
  type: 'RegisterHost',
  host: 'h',
  driver: generation,
  hardware: {
    qci: true,
    apxa: true,
    maxAdapter: 5,
    maxDomain: 5,
    adapters: [0, 1, 2],
    domains: [0, 1, 2],
    controlDomains: [0, 1],
    cards: [],
  },
  boot: { apmask: null, aqmask: '0x4' },
});

/** That host, brought up. `now` dates its facts. */
export async function newHost(generation: Generation, now?: () => Date) {
  const log = openMemoryLog();
  const handler = new CommandHandler(log, now === undefined ? {} : { now });
  const submit = (one: Command) => handler.submit({ host: 'h', actor: 'test', command: one });
  await submit(registration(generation));
  return { log, handler, submit };
}
