/** Every fact: what can happen on a host. A fact says what is so afterwards; no rule is needed to read it. */
import Type, { type Static } from 'typebox';
import { closedObject } from './closed-object.ts';
import { observationFactSchemas } from './observation-facts.ts';
import {
  AdapterId,
  AdapterIds,
  BusAttribute,
  CardMode,
  CardModel,
  DomainId,
  DomainIds,
  Errno,
  Generation,
  GuestName,
  Hardware,
  HardwareType,
  HostName,
  Mask,
  MaskName,
  MatrixIds,
  MdevUuid,
  ModuleName,
  QueueDriver,
  QueueName,
  QueueNames,
  Wiper,
} from './vocabulary.ts';

const Guest = Type.Union([GuestName, Type.Null()], {
  description: 'null = opened by something that is no KVM guest',
});
const Effective = Type.Union([MatrixIds, Type.Null()], {
  description: 'what the running guest can use from now on; null when no guest is attached',
});
const Responsible = Type.Union(
  [Type.Literal('bus'), Type.Literal('vfio_ap'), Type.Literal('administrator')],
  {
    description: 'administrator = by a write to `reset` of the queue; the command names who',
  },
);
const assigned = (what: string) => ({
  adapters: closedObject({ mdev: MdevUuid, adapters: AdapterIds }, `adapters ${what}`),
  domains: closedObject({ mdev: MdevUuid, domains: DomainIds }, `domains ${what}`),
  controlDomains: closedObject({ mdev: MdevUuid, controlDomains: DomainIds }, `control domains ${what}`),
});
const assignment = assigned('now in the mdev that were not before');
const unassignment = assigned('no longer in the mdev');

export const Conflict = closedObject({
  queue: Type.String({
    description: 'the APQN in the way, or card05 / a mask / an attribute when it is no queue',
  }),
  holder: Type.String({ description: 'who holds it: zcrypt, an mdev, a guest' }),
});
export type Conflict = Static<typeof Conflict>;

const Asked = Type.Object({ type: Type.String() }, { description: 'the command as given' });

/** The schema of the data of each fact, by its type. */
export const factSchemas = {
  HostRegistered: closedObject({
    host: HostName,
    driver: Generation,
    hardware: Hardware,
    apmask: Mask,
    aqmask: Mask,
    bootParameters: closedObject({
      apmask: Type.Union([Type.String(), Type.Null()]),
      aqmask: Type.Union([Type.String(), Type.Null()]),
    }),
  }),
  HardwareChanged: closedObject(
    {
      adapters: Type.Optional(AdapterIds),
      domains: Type.Optional(DomainIds),
      controlDomains: Type.Optional(DomainIds),
      cards: Type.Optional(Type.Array(CardModel)),
    },
    'simulated hardware has changed; the bus has not noticed yet',
  ),
  CheckStopChanged: closedObject(
    { adapter: AdapterId, checkStopped: Type.Boolean() },
    'simulated hardware: the adapter stopped or runs again; the bus has not noticed yet',
  ),
  ResetFaultInjected: closedObject({
    queue: QueueName,
    responseCodes: Type.Array(Type.Integer(), { minItems: 1 }),
  }),
  HostConfigChanged: closedObject(
    { adapters: AdapterIds, domains: DomainIds, controlDomains: DomainIds },
    'the AP bus noticed a new host configuration (QCI)',
  ),
  BusScanned: closedObject({ scans: Type.Integer({ minimum: 1 }) }),
  BindingsCompleted: closedObject({ count: Type.Integer({ minimum: 1 }) }),
  BusAttributeChanged: closedObject({ attribute: BusAttribute, value: Type.Integer() }),
  CardDetected: closedObject({
    adapter: AdapterId,
    type: HardwareType,
    mode: CardMode,
    functions: Type.Integer(),
    configured: Type.Boolean(),
    checkStopped: Type.Boolean(),
  }),
  CardRemoved: closedObject({ adapter: AdapterId }),
  CardConfigured: closedObject({ adapter: AdapterId }),
  CardDeconfigured: closedObject({ adapter: AdapterId }),
  CardCheckStopNoticed: closedObject({ adapter: AdapterId, checkStopped: Type.Boolean() }),
  QueueDetected: closedObject({
    queues: QueueNames,
    configured: Type.Boolean(),
    checkStopped: Type.Boolean(),
  }),
  QueueRemoved: closedObject({ queues: QueueNames }),
  QueueStateNoticed: closedObject({
    queues: QueueNames,
    configured: Type.Boolean(),
    checkStopped: Type.Boolean(),
  }),
  QueueBound: closedObject({ driver: QueueDriver, queues: QueueNames }),
  QueueUnbound: closedObject({ driver: QueueDriver, queues: QueueNames }),
  QueueReset: closedObject({
    by: Responsible,
    queues: QueueNames,
    responseCode: Type.Integer({
      minimum: 0,
      maximum: 255,
      description: 'what ZAPQ (for administrator: RAPQ) answered; 0 = done',
    }),
  }),
  QueueZeroized: closedObject(
    { queues: QueueNames, by: Wiper },
    'the keys behind the queues were wiped from outside of Linux',
  ),
  DriverOverrideChanged: closedObject({ queue: QueueName, driver: Type.Union([Type.String(), Type.Null()]) }),
  OnlineChanged: closedObject({ device: Type.String(), online: Type.Boolean() }),
  MaskChanged: closedObject({ mask: MaskName, value: Mask, written: Type.String() }),
  MdevCreated: closedObject({ mdev: MdevUuid }),
  MdevRemovalBlocked: closedObject(
    { mdev: MdevUuid, effective: Effective },
    'removal waits until the guest lets go',
  ),
  MdevRemoved: closedObject({ mdev: MdevUuid }),
  AdapterAssigned: assignment.adapters,
  AdapterUnassigned: unassignment.adapters,
  DomainAssigned: assignment.domains,
  DomainUnassigned: unassignment.domains,
  ControlDomainAssigned: assignment.controlDomains,
  ControlDomainUnassigned: unassignment.controlDomains,
  GuestStarted: closedObject({
    mdev: MdevUuid,
    guest: Guest,
    attached: Type.Boolean(),
    effective: Effective,
  }),
  GuestStopped: closedObject({ mdev: MdevUuid, guest: Guest }),
  MdevAttached: closedObject(
    { mdev: MdevUuid, guest: Guest, attached: Type.Boolean(), effective: Effective },
    'a guest that was running opened the mdev',
  ),
  MdevDetached: closedObject({ mdev: MdevUuid, guest: Guest }, 'the guest closed the mdev and runs on'),
  GuestMatrixChanged: closedObject(
    {
      mdev: MdevUuid,
      adapters: AdapterIds,
      domains: DomainIds,
      controlDomains: DomainIds,
      effective: Effective,
    },
    'the filtered matrix (the guest_matrix file) changed',
  ),
  MigrationRequested: closedObject({ mdev: MdevUuid, guest: Guest }),
  MigrationRefused: closedObject({ mdev: MdevUuid, guest: Guest, pluggedAdapters: AdapterIds }),
  MigrationCompleted: closedObject({ mdev: MdevUuid, guest: Guest }),
  HostRebooted: closedObject(
    { apmask: Mask, aqmask: Mask },
    'everything that only the kernel knew is gone; the masks are what the boot parameters say',
  ),
  DriverLoaded: closedObject({ driver: ModuleName }),
  DriverUnloaded: closedObject(
    { driver: ModuleName },
    'queues that only it serves have no driver, and there is no matrix device',
  ),
  CommandHadNoEffect: closedObject({ command: Asked }, 'a command was accepted, and nothing changed by it'),
  CommandRejected: closedObject({
    command: Asked,
    errno: Errno,
    explanation: Type.String(),
    conflicts: Type.Array(Conflict),
    remedy: Type.String(),
  }),
  ...observationFactSchemas,
};

export type FactType = keyof typeof factSchemas;
export type FactData<T extends FactType> = Static<(typeof factSchemas)[T]>;
/** A fact without its envelope: what rules emit and folds read. */
export type Fact = { [T in FactType]: { readonly type: T; readonly data: FactData<T> } }[FactType];
export type FactOf<T extends FactType> = Extract<Fact, { type: T }>;
export { DomainId };
