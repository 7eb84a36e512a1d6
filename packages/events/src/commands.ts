/** Every command that a host can be given. Attribute writes carry the text as written: reading it is a driver rule. */
import Type, { type Static, type TProperties } from 'typebox';
import { closedObject } from './closed-object.ts';
import {
  AdapterId,
  AdapterIds,
  BusAttribute,
  CardModel,
  DomainIds,
  Generation,
  GuestName,
  Hardware,
  HostName,
  MaskName,
  MdevUuid,
  ModuleName,
  QueueDriver,
  QueueName,
  QueueNames,
  Wiper,
} from './vocabulary.ts';

/** At most this many characters of a write reach an attribute: one page (driver-rules 1). */
export const MAX_WRITE = 4096;
/** Longer than any path of the tree. */
const MAX_PATH = 256;
const Text = Type.String({ maxLength: MAX_WRITE, description: 'the text written to the attribute' });
const BootMask = Type.Union([Text, Type.Null()], { description: 'kernel parameter, null when not given' });

const command = <N extends string, P extends TProperties>(type: N, properties: P) =>
  closedObject({ type: Type.Literal(type), ...properties });
const mdevWrite = <N extends string>(type: N) => command(type, { mdev: MdevUuid, text: Text });

/** The schema of each command, by its type. */
export const commandSchemas = {
  RegisterHost: command('RegisterHost', {
    host: HostName,
    driver: Generation,
    hardware: Hardware,
    boot: closedObject({ apmask: BootMask, aqmask: BootMask }),
  }),
  /** Simulated hardware changes; the bus notices at its next scan. */
  ChangeHardware: command('ChangeHardware', {
    adapters: Type.Optional(AdapterIds),
    domains: Type.Optional(DomainIds),
    controlDomains: Type.Optional(DomainIds),
    cards: Type.Optional(Type.Array(CardModel)),
  }),
  SetCheckStop: command('SetCheckStop', { adapter: AdapterId, checkStopped: Type.Boolean() }),
  InjectResetFault: command('InjectResetFault', {
    queue: QueueName,
    responseCodes: Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), { minItems: 1, maxItems: 256 }),
  }),
  ScanBus: command('ScanBus', {}),
  WriteMask: command('WriteMask', { mask: MaskName, text: Text }),
  WriteBusAttribute: command('WriteBusAttribute', { attribute: BusAttribute, text: Text }),
  ConfigureCard: command('ConfigureCard', { adapter: AdapterId, text: Text }),
  SetOnline: command('SetOnline', { device: Type.String({ maxLength: 32 }), text: Text }),
  BindQueue: command('BindQueue', { driver: QueueDriver, text: Text }),
  UnbindQueue: command('UnbindQueue', { driver: QueueDriver, text: Text }),
  ProbeDevice: command('ProbeDevice', { text: Text }),
  /** A write to a queue's `reset`: whatever is written, the bus resets the queue. */
  ResetQueue: command('ResetQueue', { queue: QueueName, text: Text }),
  /** A write to an attribute that takes it, and of which nothing follows here: `uevent`, `request_count` and the like. */
  WriteAttribute: command('WriteAttribute', {
    path: Type.String({ maxLength: MAX_PATH, description: 'below /sys, without links: bus/ap/uevent' }),
    text: Text,
  }),
  OverrideDriver: command('OverrideDriver', { queue: QueueName, text: Text }),
  CreateMdev: command('CreateMdev', { text: Text }),
  RemoveMdev: mdevWrite('RemoveMdev'),
  AssignAdapter: mdevWrite('AssignAdapter'),
  UnassignAdapter: mdevWrite('UnassignAdapter'),
  AssignDomain: mdevWrite('AssignDomain'),
  UnassignDomain: mdevWrite('UnassignDomain'),
  AssignControlDomain: mdevWrite('AssignControlDomain'),
  UnassignControlDomain: mdevWrite('UnassignControlDomain'),
  ConfigureMdev: mdevWrite('ConfigureMdev'),
  /** A guest opens the mdev; `guest` null = the program that opens it is no KVM guest. */
  StartGuest: command('StartGuest', { mdev: MdevUuid, guest: Type.Union([GuestName, Type.Null()]) }),
  StopGuest: command('StopGuest', { mdev: MdevUuid }),
  /** The mdev is given to a guest that runs, and taken from one that runs on. */
  AttachMdev: command('AttachMdev', { mdev: MdevUuid, guest: GuestName }),
  DetachMdev: command('DetachMdev', { mdev: MdevUuid }),
  ResetGuestDevice: command('ResetGuestDevice', { mdev: MdevUuid }),
  MigrateGuest: command('MigrateGuest', { mdev: MdevUuid }),
  /** Shut down and started again: nothing of mdevs and masks outlives it but the boot parameters. */
  RebootHost: command('RebootHost', {}),
  LoadModule: command('LoadModule', { module: ModuleName }),
  UnloadModule: command('UnloadModule', { module: ModuleName }),
  /** The keys behind queues are wiped from outside of Linux. */
  ZeroizeQueues: command('ZeroizeQueues', { queues: QueueNames, by: Wiper }),
};

export type CommandType = keyof typeof commandSchemas;
export type Command = { [T in CommandType]: Static<(typeof commandSchemas)[T]> }[CommandType];
export type CommandOf<T extends CommandType> = Extract<Command, { type: T }>;
