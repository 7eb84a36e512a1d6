/**
 * Two folds, one truth: the state on which the rules decide and the matrices that auditors see are folded from the
 * same facts by different code, and must never differ. Histories are random, in all generations.
 */
import { type ControlledMatrix, formatMask, idsOf } from '@apledger/ap';
import { CommandHandler } from '@apledger/command-handler';
import { driverOf, type HostState, isOpen } from '@apledger/driver';
import { openMemoryLog } from '@apledger/event-log';
import type { Command, Generation, MatrixIds } from '@apledger/events';
import { type HostView, memoryStore, openReadModel } from '@apledger/projections';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const UUIDS = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
const mdev = fc.constantFrom(...UUIDS);
const id = fc.integer({ min: 0, max: 5 }).map(String);
const queue = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }))
  .map(([a, d]) => `0${a}.000${d}`);
const driver = fc.constantFrom('cex4queue' as const, 'vfio_ap' as const);
const some = fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }).map((ids) => ids.sort());

const command: fc.Arbitrary<Command> = fc.oneof(
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

const ids = (matrix: ControlledMatrix): MatrixIds => ({
  adapters: idsOf(matrix.adapters),
  domains: idsOf(matrix.domains),
  controlDomains: idsOf(matrix.controlDomains),
});

/** What both sides can say. */
const ofState = (state: HostState) => ({
  driver: state.driver,
  apmask: formatMask(state.apmask),
  aqmask: formatMask(state.aqmask),
  cards: [...state.cards]
    .sort(([a], [b]) => a - b)
    .map(([adapter, { queues }]) => {
      const bound = (to: string) =>
        [...queues].filter(([, device]) => driverOf(device) === to).map(([apqi]) => apqi);
      const sorted = (list: number[]) => list.sort((a, b) => a - b);
      return {
        adapter,
        queues: sorted([...queues.keys()]),
        zcrypt: sorted(bound('cex4queue')),
        vfioAp: sorted(bound('vfio_ap')),
      };
    }),
  mdevs: [...state.mdevs.values()].map((one) => ({
    mdev: one.uuid,
    ...ids(one.assigned),
    open: isOpen(one),
    guest: one.guest,
    attached: one.attached,
    migrating: one.lifecycle === 'migrating',
    removing: one.removing,
    guestMatrix: one.filtered === null ? null : ids(one.filtered),
    effective: one.effective === null ? null : ids(one.effective),
  })),
});

const ofView = ({ driver, apmask, aqmask, cards, mdevs }: HostView) => ({
  driver,
  apmask,
  aqmask,
  cards,
  mdevs,
});

async function newHost(generation: Generation) {
  const log = openMemoryLog();
  const handler = new CommandHandler(log);
  const readModel = await openReadModel({ log, store: memoryStore() });
  const submit = (one: Command) => handler.submit({ host: 'h', actor: 'test', command: one });
  await submit({
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
  return { handler, readModel, submit };
}

describe.each(['2019-v2', '6.12', '7.3'] as const)('the matrices of a %s host', (generation) => {
  it('are those on which its next command is decided, after every command', async () => {
    let facts = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 40, size: 'max' }), async (commands) => {
        const { handler, readModel, submit } = await newHost(generation);
        for (const one of commands) {
          facts += (await submit(one)).facts.length;
          const [state, view] = [await handler.state('h'), await readModel.now('h')];
          if (state === undefined || view === undefined) throw new Error('the host is gone');
          expect(ofView(view)).toEqual(ofState(state));
        }
      }),
      { numRuns: 60 },
    );
    expect(facts).toBeGreaterThan(500);
  });
});
