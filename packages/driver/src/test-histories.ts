/** Random hosts and random commands, small enough that everything meets everything. */
import { formatApqn } from '@apledger/ap';
import type { Command, CommandType, Generation } from '@apledger/events';
import fc from 'fast-check';
import { A, B, C, GENERATIONS, type Machine, mdevWith, start } from './test-support.ts';

const ADAPTERS = [3, 4, 5];
const DOMAINS = [1, 2, 6];

const some = (ids: readonly number[]) => fc.subarray([...ids]);
/** `rare` once in a dozen times. */
const mostly = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 11, arbitrary: usual }, { weight: 1, arbitrary: rare });
const anyAdapter = mostly(fc.constantFrom(...ADAPTERS), fc.constant(9));
const anyDomain = mostly(fc.constantFrom(...DOMAINS), fc.constant(9));
const queueName = fc
  .tuple(fc.constantFrom(...ADAPTERS), fc.constantFrom(...DOMAINS))
  .map(([a, d]) => formatApqn((a << 8) | d));
const mdev = mostly(fc.constantFrom(A, B), fc.constant(C));

/** Mostly what the attribute wants; sometimes what nobody wants, of any length and any characters. */
const rubbish = fc.oneof(
  fc.constantFrom('', '\n', '0', '-1', '0x', ',,', 'ff\n', '+', '18446744073709551616', '256', '5 '),
  fc.string({ maxLength: 20, unit: 'binary' }),
  fc
    .tuple(fc.constantFrom('9', '0x', '+', ' ', 'f,'), fc.nat(600))
    .map(([text, times]) => text.repeat(times)),
);
const text = (good: fc.Arbitrary<unknown>): fc.Arbitrary<string> => mostly(good.map(String), rubbish);

const bits = (ids: readonly number[]): string =>
  Array.from({ length: 4 }, (_, digit) =>
    [0, 1, 2, 3].reduce((sum, bit) => sum * 2 + (ids.includes(4 * digit + bit) ? 1 : 0), 0).toString(16),
  ).join('');
const term = (ids: readonly number[]) =>
  fc.tuple(fc.constantFrom('+', '-'), fc.constantFrom(...ids)).map((parts) => parts.join(''));
const mask = (ids: readonly number[]): fc.Arbitrary<string> =>
  text(
    fc.oneof(
      fc.array(term(ids), { minLength: 1, maxLength: 3 }).map((terms) => terms.join(',')),
      some(ids).map((chosen) => `0x${bits(chosen)}`),
      fc.constantFrom(`0x${'f'.repeat(64)}`, '+0-255'),
    ),
  );
const config = fc
  .tuple(some(ADAPTERS), some(DOMAINS), some(DOMAINS))
  .map((masks) => masks.map(bits).join(','));
const card = fc.record({
  adapter: fc.constantFrom(...ADAPTERS),
  type: mostly(fc.constantFrom(10, 14), fc.constantFrom(0, 9)),
  mode: fc.constantFrom('A' as const, 'C' as const, 'P' as const),
});
const driver = fc.constantFrom('vfio_ap' as const, 'vfio_ap' as const, 'cex4queue' as const);

const of = <T extends CommandType, P extends object>(
  type: T,
  fields: { [K in keyof P]: fc.Arbitrary<P[K]> },
) => fc.record(fields).map((data) => ({ type, ...data }) as unknown as Command);
const write = (type: CommandType, good: fc.Arbitrary<unknown>) => of(type, { mdev, text: text(good) });

/** One command of any type; the weights let guests run long enough for something to happen to them. */
export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: write('AssignAdapter', anyAdapter) },
  { weight: 6, arbitrary: write('AssignDomain', anyDomain) },
  { weight: 2, arbitrary: write('AssignControlDomain', anyDomain) },
  { weight: 3, arbitrary: write('UnassignAdapter', anyAdapter) },
  { weight: 3, arbitrary: write('UnassignDomain', anyDomain) },
  { weight: 1, arbitrary: write('UnassignControlDomain', anyDomain) },
  { weight: 3, arbitrary: write('ConfigureMdev', config) },
  { weight: 3, arbitrary: of('CreateMdev', { text: text(mdev) }) },
  { weight: 1, arbitrary: write('RemoveMdev', mostly(fc.constant(1), fc.constant(0))) },
  {
    weight: 5,
    arbitrary: of('StartGuest', { mdev, guest: mostly(fc.constantFrom('g1', 'g2'), fc.constant(null)) }),
  },
  { weight: 2, arbitrary: of('StopGuest', { mdev }) },
  { weight: 2, arbitrary: of('ResetGuestDevice', { mdev }) },
  { weight: 2, arbitrary: of('MigrateGuest', { mdev }) },
  { weight: 3, arbitrary: of('WriteMask', { mask: fc.constant('apmask'), text: mask(ADAPTERS) }) },
  { weight: 2, arbitrary: of('WriteMask', { mask: fc.constant('aqmask'), text: mask(DOMAINS) }) },
  { weight: 4, arbitrary: of('BindQueue', { driver, text: text(queueName) }) },
  { weight: 3, arbitrary: of('UnbindQueue', { driver, text: text(queueName) }) },
  { weight: 1, arbitrary: of('ProbeDevice', { text: text(queueName) }) },
  {
    weight: 3,
    arbitrary: of('OverrideDriver', {
      queue: queueName,
      text: text(fc.constantFrom('vfio_ap', '\n', 'none', 'cex4queue')),
    }),
  },
  { weight: 4, arbitrary: of('ScanBus', {}) },
  { weight: 2, arbitrary: of('AttachMdev', { mdev, guest: fc.constantFrom('g1', 'g2') }) },
  { weight: 1, arbitrary: of('DetachMdev', { mdev }) },
  { weight: 1, arbitrary: of('RebootHost', {}) },
  { weight: 2, arbitrary: of('LoadModule', { module: fc.constant('vfio_ap') }) },
  { weight: 1, arbitrary: of('UnloadModule', { module: fc.constant('vfio_ap') }) },
  { weight: 1, arbitrary: of('ResetQueue', { queue: queueName, text: text(fc.constant(1)) }) },
  {
    weight: 1,
    arbitrary: of('ZeroizeQueues', { queues: fc.tuple(queueName), by: fc.constantFrom('HMC', 'TKE') }),
  },
  {
    weight: 1,
    arbitrary: of('WriteAttribute', {
      path: fc.constantFrom('bus/ap/uevent', 'nowhere'),
      text: text(fc.constant('add')),
    }),
  },
  {
    weight: 2,
    arbitrary: of('ChangeHardware', {
      adapters: some(ADAPTERS),
      domains: some(DOMAINS),
      controlDomains: some(DOMAINS),
    }),
  },
  { weight: 1, arbitrary: of('ChangeHardware', { cards: fc.array(card, { minLength: 1, maxLength: 2 }) }) },
  { weight: 1, arbitrary: of('SetCheckStop', { adapter: anyAdapter, checkStopped: fc.boolean() }) },
  { weight: 1, arbitrary: of('ConfigureCard', { adapter: anyAdapter, text: text(fc.constantFrom(0, 1)) }) },
  {
    weight: 2,
    arbitrary: of('InjectResetFault', {
      queue: queueName,
      responseCodes: fc.array(fc.constantFrom(0, 1, 2, 3, 4, 5, 10, 0x42), { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 1,
    arbitrary: of('SetOnline', {
      device: fc.oneof(queueName, fc.constantFrom('card03', 'card04', 'nothing')),
      text: text(fc.constantFrom(0, 1)),
    }),
  },
  {
    weight: 1,
    arbitrary: of('WriteBusAttribute', {
      attribute: fc.constantFrom('ap_domain', 'config_time', 'poll_thread', 'poll_timeout'),
      text: text(fc.nat(200)),
    }),
  },
);

const masks = fc.constantFrom(null, '', '+0-255,-3', '0x', 'nonsense');
const yes = mostly(fc.constant(true), fc.constant(false));

/** Machines with and without QCI and APXA, masks from all to nothing. */
export const anyMachine: fc.Arbitrary<Machine> = fc.record({
  qci: yes,
  apxa: yes,
  maxAdapter: mostly(fc.constant(8), fc.constant(0)),
  maxDomain: fc.constant(8),
  adapters: mostly(fc.constant(ADAPTERS), some(ADAPTERS)),
  domains: mostly(fc.constant(DOMAINS), some(DOMAINS)),
  controlDomains: some(DOMAINS),
  cards: mostly(fc.constant([]), fc.array(card, { maxLength: 1 })),
  apmask: fc.oneof(
    { weight: 5, arbitrary: fc.constant('+0-255,-4,-5') },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: masks },
  ),
  aqmask: mostly(fc.constant(null), masks),
});

export interface History {
  readonly driver: Generation;
  readonly machine: Machine;
  readonly commands: readonly Command[];
}

/** Two mdevs, some of what usually is done with them, then anything. */
const prologue: fc.Arbitrary<Command[]> = some([0, 1, 2]).map((parts) => [
  ...mdevWith(A, parts.includes(0) ? [4] : [], parts.includes(0) ? [1, 2] : []),
  ...mdevWith(B, parts.includes(1) ? [5] : [], parts.includes(1) ? [1, 6] : []),
  ...(parts.includes(2) ? [start(A, 'g1')] : []),
]);

/** A host and what is asked of it. */
export const anyHistory: fc.Arbitrary<History> = fc.record({
  driver: fc.constantFrom(...GENERATIONS),
  machine: anyMachine,
  commands: fc
    .tuple(prologue, fc.array(anyCommand, { minLength: 10, maxLength: 40, size: 'max' }))
    .map(([first, then]) => [...first, ...then]),
});
