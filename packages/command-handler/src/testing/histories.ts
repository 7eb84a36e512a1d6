/** Random life on a small host: every command that leaves a trace in its state, meant well or not. */
import type { Command, CommandType } from '@apledger/events';
import fc from 'fast-check';
import { A, B } from './commands.ts';

const mdev = fc.constantFrom(A, B);
const adapter = fc.constantFrom(4, 5, 6, 7);
const domain = fc.constantFrom(4, 5, 9);
const queue = fc.constantFrom('04.0004', '05.0004', '05.0005', '06.0004', '06.0005');
const driver = fc.constantFrom('vfio_ap', 'cex4queue');

const of = (type: CommandType, fields: Record<string, fc.Arbitrary<unknown>> = {}): fc.Arbitrary<Command> =>
  fc.record(fields).map((values) => ({ type, ...values }) as unknown as Command);
const write = (type: CommandType, text: fc.Arbitrary<unknown>) => of(type, { mdev, text: text.map(String) });

export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  write('AssignAdapter', adapter),
  write('AssignDomain', domain),
  write('AssignControlDomain', domain),
  write('UnassignAdapter', adapter),
  write('UnassignDomain', domain),
  write('RemoveMdev', fc.constant(1)),
  of('CreateMdev', { text: mdev }),
  of('StartGuest', { mdev, guest: fc.constantFrom('g1', 'g2', null) }),
  of('StopGuest', { mdev }),
  of('ResetGuestDevice', { mdev }),
  of('MigrateGuest', { mdev }),
  of('WriteMask', { mask: fc.constant('apmask'), text: adapter.map((id) => `-${id}`) }),
  of('WriteMask', { mask: fc.constant('aqmask'), text: domain.map((id) => `+${id}`) }),
  of('BindQueue', { driver, text: queue }),
  of('UnbindQueue', { driver, text: queue }),
  of('OverrideDriver', { queue, text: fc.constantFrom('vfio_ap', '\n') }),
  of('ScanBus'),
  of('ChangeHardware', {
    adapters: fc.subarray([4, 5, 6, 7]),
    cards: fc.constant([{ adapter: 7, type: 10, mode: 'A' }]),
  }),
  of('SetCheckStop', { adapter, checkStopped: fc.boolean() }),
  of('ConfigureCard', { adapter, text: fc.constantFrom('0', '1') }),
  of('InjectResetFault', { queue, responseCodes: fc.constant([2, 3]) }),
  of('SetOnline', { device: queue, text: fc.constantFrom('0', '1') }),
  of('WriteBusAttribute', {
    attribute: fc.constantFrom('config_time', 'poll_timeout'),
    text: fc.constant('99'),
  }),
);

export const anyCommands = (maxLength: number): fc.Arbitrary<readonly Command[]> =>
  fc.array(anyCommand, { minLength: 1, maxLength, size: 'max' });
