/** Random histories of a host for property tests: valid by the schemas, not by the driver's rules, which no fold may need. */
import { formatApqn } from '@apledger/ap';
import { type Fact, GENERATION_NAMES, type MatrixIds } from '@apledger/events';
import fc from 'fast-check';
import { legal } from './legal.ts';

/** The ids of adapters and domains that queues are made of. */
export const EDGES = [0, 1, 5, 31, 32, 63, 0x47, 128, 255];
const few = fc.uniqueArray(fc.constantFrom(...EDGES), { maxLength: 5 });
/** Around the length where a list of ids turns into a mask. */
const many = fc
  .integer({ min: 29, max: 256 })
  .map((count) => Array.from({ length: count }, (_, i) => 255 - i));
const ids = fc.oneof({ weight: 9, arbitrary: few }, { weight: 1, arbitrary: many });
const matrix: fc.Arbitrary<MatrixIds> = fc.record({ adapters: ids, domains: ids, controlDomains: ids });
const effective = fc.option(matrix);
const mask = fc
  .array(fc.nat({ max: 255 }), { minLength: 32, maxLength: 32 })
  .map((bytes) => `0x${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`);
const adapter = fc.constantFrom(...EDGES);
const queues = fc
  .tuple(fc.uniqueArray(adapter, { minLength: 1, maxLength: 3 }), ids)
  .map(([adapters, domains]) =>
    adapters.flatMap((apid) =>
      (domains.length > 0 ? domains : [3]).map((apqi) => formatApqn((apid << 8) | apqi)),
    ),
  );
const mdevOf = (n: number): string =>
  `62177883-f1bb-47f0-914d-32a22e3a8${(n * 257).toString(16).padStart(3, '0')}`;
const mdev = fc.integer({ min: 0, max: 11 }).map(mdevOf);
const guest = fc.option(fc.constantFrom('linux1', 'Gast-ä', '\u{1f5dd}'));
const bindDriver = fc.constantFrom('cex4queue', 'vfio_ap');

const fact = <T extends Fact['type']>(type: T, data: object): fc.Arbitrary<Fact> =>
  fc
    .record(data as Record<string, fc.Arbitrary<unknown>>)
    .map((values) => ({ type, data: values }) as unknown as Fact);

const ofMdev = (type: Fact['type'], data: object = {}) => fact(type, { mdev, ...data });

export const registration = fact('HostRegistered', {
  host: fc.constant('zt93'),
  driver: fc.constantFrom(...GENERATION_NAMES),
  hardware: fc.constant({
    qci: true,
    apxa: true,
    maxAdapter: 255,
    maxDomain: 255,
    adapters: [],
    domains: [],
    controlDomains: [],
    cards: [],
  }),
  apmask: mask,
  aqmask: mask,
  bootParameters: fc.constant({ apmask: null, aqmask: null }),
});

const hostFact = fc.oneof(
  fact('MaskChanged', { mask: fc.constantFrom('apmask', 'aqmask'), value: mask, written: fc.constant('+1') }),
  fact('CardDetected', {
    adapter,
    type: fc.constant(14),
    mode: fc.constant('C'),
    functions: fc.constant(0),
    configured: fc.constant(true),
    checkStopped: fc.constant(false),
  }),
  fact('CardRemoved', { adapter }),
  fact('QueueDetected', { queues, configured: fc.constant(true), checkStopped: fc.constant(false) }),
  fact('QueueRemoved', { queues }),
  fact('QueueBound', { driver: bindDriver, queues }),
  fact('QueueUnbound', { driver: bindDriver, queues }),
);

const mdevFact = fc.oneof(
  { weight: 3, arbitrary: ofMdev('MdevCreated') },
  { weight: 1, arbitrary: ofMdev('MdevRemoved') },
  { weight: 1, arbitrary: ofMdev('MdevRemovalBlocked', { effective }) },
  { weight: 2, arbitrary: ofMdev('AdapterAssigned', { adapters: ids }) },
  { weight: 1, arbitrary: ofMdev('AdapterUnassigned', { adapters: ids }) },
  { weight: 2, arbitrary: ofMdev('DomainAssigned', { domains: ids }) },
  { weight: 1, arbitrary: ofMdev('DomainUnassigned', { domains: ids }) },
  { weight: 1, arbitrary: ofMdev('ControlDomainAssigned', { controlDomains: ids }) },
  { weight: 1, arbitrary: ofMdev('ControlDomainUnassigned', { controlDomains: ids }) },
  { weight: 2, arbitrary: ofMdev('GuestStarted', { guest, attached: fc.boolean(), effective }) },
  { weight: 1, arbitrary: ofMdev('GuestStopped', { guest }) },
  { weight: 1, arbitrary: ofMdev('MdevAttached', { guest, attached: fc.boolean(), effective }) },
  { weight: 1, arbitrary: ofMdev('MdevDetached', { guest }) },
  {
    weight: 2,
    arbitrary: ofMdev('GuestMatrixChanged', { adapters: ids, domains: ids, controlDomains: ids, effective }),
  },
  { weight: 1, arbitrary: ofMdev('MigrationRequested', { guest }) },
  { weight: 1, arbitrary: ofMdev('MigrationRefused', { guest, pluggedAdapters: ids }) },
  { weight: 1, arbitrary: ofMdev('MigrationCompleted', { guest }) },
);

/** Facts that no matrix depends on. */
const indifferentFact = fc.oneof(
  fact('BusScanned', { scans: fc.integer({ min: 1, max: 9 }) }),
  fact('QueueReset', {
    by: fc.constantFrom('bus', 'administrator'),
    queues,
    responseCode: fc.constantFrom(0, 0, 1),
  }),
  fact('QueueZeroized', { queues, by: fc.constantFrom('HMC', 'TKE') }),
  fact('CommandHadNoEffect', { command: fc.constant({ type: 'ScanBus' }) }),
  fact('OnlineChanged', { device: fc.constant('card05'), online: fc.boolean() }),
);

const anyFact = fc.oneof(
  { weight: 6, arbitrary: hostFact },
  { weight: 14, arbitrary: mdevFact },
  { weight: 2, arbitrary: indifferentFact },
);

/** All cards, so that facts about queues find theirs. */
const CARDS: readonly Fact[] = EDGES.map((adapter) => ({
  type: 'CardDetected',
  data: { adapter, type: 14, mode: 'C', functions: 0, configured: true, checkStopped: false },
}));

const queuesOn = (domains: readonly number[]): string[] =>
  EDGES.flatMap((apid) => domains.map((apqi) => formatApqn((apid << 8) | apqi)));
const OF_HOST = EDGES.filter((_, i) => i % 3 === 0);
const OF_GUESTS = EDGES.filter((apqi) => !OF_HOST.includes(apqi));

/** What makes a host with cards one whose host and guests use queues: guests with three adapters each, and four mdevs that wait. */
const USE: readonly Fact[] = [
  { type: 'QueueDetected', data: { queues: queuesOn(EDGES), configured: true, checkStopped: false } },
  { type: 'QueueBound', data: { driver: 'cex4queue', queues: queuesOn(OF_HOST) } },
  { type: 'QueueBound', data: { driver: 'vfio_ap', queues: queuesOn(OF_GUESTS) } },
  ...Array.from({ length: 6 }, (_, n): Fact => ({ type: 'MdevCreated', data: { mdev: mdevOf(n) } })),
  ...['linux1', 'Gast-ä'].flatMap((guest, n): Fact[] => {
    const its = { adapters: EDGES.slice(3 * n, 3 * n + 3), domains: OF_GUESTS, controlDomains: [] };
    const mdev = mdevOf(n);
    return [
      { type: 'AdapterAssigned', data: { mdev, adapters: its.adapters } },
      { type: 'DomainAssigned', data: { mdev, domains: its.domains } },
      { type: 'GuestStarted', data: { mdev, guest, attached: true, effective: its } },
      { type: 'GuestMatrixChanged', data: { mdev, ...its, effective: null } },
    ];
  }),
];

/** A registration and what can follow; `size`, or none would be longer than a dozen facts. */
const historyAfter = (opening: readonly Fact[], maxLength: number): fc.Arbitrary<readonly Fact[]> =>
  fc
    .tuple(registration, fc.array(anyFact, { maxLength, size: 'max' }))
    .map(([start, after]) => legal([start, ...opening, ...after]));

/** Of a host that has cards, and no queue yet. */
export const history = (maxLength = 120): fc.Arbitrary<readonly Fact[]> => historyAfter(CARDS, maxLength);

/** Of one whose queues the host and two guests use. */
export const historyInUse = (maxLength = 120): fc.Arbitrary<readonly Fact[]> =>
  historyAfter([...CARDS, ...USE], maxLength);
