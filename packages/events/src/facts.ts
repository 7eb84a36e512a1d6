/** Every fact: what can happen on a host. A fact says what is so afterwards; no rule is needed to read it. */
import Type, { type Static, type TObject, type TProperties } from 'typebox';
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

const object = <P extends TProperties>(properties: P, description?: string): TObject<P> =>
  Type.Object(properties, {
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  });

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
  adapters: object({ mdev: MdevUuid, adapters: AdapterIds }, `adapters ${what}`),
  domains: object({ mdev: MdevUuid, domains: DomainIds }, `domains ${what}`),
  controlDomains: object({ mdev: MdevUuid, controlDomains: DomainIds }, `control domains ${what}`),
});
const assignment = assigned('now in the mdev that were not before');
const unassignment = assigned('no longer in the mdev');

export const Conflict = object({
  queue: Type.String({
    description: 'the APQN in the way, or card05 / a mask / an attribute when it is no queue',
  }),
  holder: Type.String({ description: 'who holds it: zcrypt, an mdev, a guest' }),
});
export type Conflict = Static<typeof Conflict>;

const Asked = Type.Object({ type: Type.String() }, { description: 'the command as given' });

/** The schema of the data of each fact, by its type. */
export const factSchemas = {
  HostRegistered: object({
    host: HostName,
    driver: Generation,
    hardware: Hardware,
    apmask: Mask,
    aqmask: Mask,
    bootParameters: object({
      apmask: Type.Union([Type.String(), Type.Null()]),
      aqmask: Type.Union([Type.String(), Type.Null()]),
    }),
  }),
  HardwareChanged: object(
    {
      adapters: Type.Optional(AdapterIds),
      domains: Type.Optional(DomainIds),
      controlDomains: Type.Optional(DomainIds),
      cards: Type.Optional(Type.Array(CardModel)),
    },
    'simulated hardware has changed; the bus has not noticed yet',
  ),
  CheckStopChanged: object(
    { adapter: AdapterId, checkStopped: Type.Boolean() },
    'simulated hardware: the adapter stopped or runs again; the bus has not noticed yet',
  ),
  ResetFaultInjected: object({
    queue: QueueName,
    responseCodes: Type.Array(Type.Integer(), { minItems: 1 }),
  }),
  HostConfigChanged: object(
    { adapters: AdapterIds, domains: DomainIds, controlDomains: DomainIds },
    'the AP bus noticed a new host configuration (QCI)',
  ),
  BusScanned: object({ scans: Type.Integer({ minimum: 1 }) }),
  BindingsCompleted: object({ count: Type.Integer({ minimum: 1 }) }),
  BusAttributeChanged: object({ attribute: BusAttribute, value: Type.Integer() }),
  CardDetected: object({
    adapter: AdapterId,
    type: HardwareType,
    mode: CardMode,
    functions: Type.Integer(),
    configured: Type.Boolean(),
    checkStopped: Type.Boolean(),
  }),
  CardRemoved: object({ adapter: AdapterId }),
  CardConfigured: object({ adapter: AdapterId }),
  CardDeconfigured: object({ adapter: AdapterId }),
  CardCheckStopNoticed: object({ adapter: AdapterId, checkStopped: Type.Boolean() }),
  QueueDetected: object({ queues: QueueNames, configured: Type.Boolean(), checkStopped: Type.Boolean() }),
  QueueRemoved: object({ queues: QueueNames }),
  QueueStateNoticed: object({ queues: QueueNames, configured: Type.Boolean(), checkStopped: Type.Boolean() }),
  QueueBound: object({ driver: QueueDriver, queues: QueueNames }),
  QueueUnbound: object({ driver: QueueDriver, queues: QueueNames }),
  QueueReset: object({
    by: Responsible,
    queues: QueueNames,
    responseCode: Type.Integer({
      minimum: 0,
      maximum: 255,
      description: 'what ZAPQ (for administrator: RAPQ) answered; 0 = done',
    }),
  }),
  QueueZeroized: object(
    { queues: QueueNames, by: Wiper },
    'the keys behind the queues were wiped from outside of Linux',
  ),
  DriverOverrideChanged: object({ queue: QueueName, driver: Type.Union([Type.String(), Type.Null()]) }),
  OnlineChanged: object({ device: Type.String(), online: Type.Boolean() }),
  MaskChanged: object({ mask: MaskName, value: Mask, written: Type.String() }),
  MdevCreated: object({ mdev: MdevUuid }),
  MdevRemovalBlocked: object(
    { mdev: MdevUuid, effective: Effective },
    'removal waits until the guest lets go',
  ),
  MdevRemoved: object({ mdev: MdevUuid }),
  AdapterAssigned: assignment.adapters,
  AdapterUnassigned: unassignment.adapters,
  DomainAssigned: assignment.domains,
  DomainUnassigned: unassignment.domains,
  ControlDomainAssigned: assignment.controlDomains,
  ControlDomainUnassigned: unassignment.controlDomains,
  GuestStarted: object({ mdev: MdevUuid, guest: Guest, attached: Type.Boolean(), effective: Effective }),
  GuestStopped: object({ mdev: MdevUuid, guest: Guest }),
  MdevAttached: object(
    { mdev: MdevUuid, guest: Guest, attached: Type.Boolean(), effective: Effective },
    'a guest that was running opened the mdev',
  ),
  MdevDetached: object({ mdev: MdevUuid, guest: Guest }, 'the guest closed the mdev and runs on'),
  GuestMatrixChanged: object(
    {
      mdev: MdevUuid,
      adapters: AdapterIds,
      domains: DomainIds,
      controlDomains: DomainIds,
      effective: Effective,
    },
    'the filtered matrix (the guest_matrix file) changed',
  ),
  MigrationRequested: object({ mdev: MdevUuid, guest: Guest }),
  MigrationRefused: object({ mdev: MdevUuid, guest: Guest, pluggedAdapters: AdapterIds }),
  MigrationCompleted: object({ mdev: MdevUuid, guest: Guest }),
  HostRebooted: object(
    { apmask: Mask, aqmask: Mask },
    'everything that only the kernel knew is gone; the masks are what the boot parameters say',
  ),
  DriverLoaded: object({ driver: ModuleName }),
  DriverUnloaded: object(
    { driver: ModuleName },
    'queues that only it serves have no driver, and there is no matrix device',
  ),
  CommandHadNoEffect: object({ command: Asked }, 'a command was accepted, and nothing changed by it'),
  CommandRejected: object({
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
