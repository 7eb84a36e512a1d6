/**
 * Facts in the form that folds eat: an op code, then fixed fields. A million JSON facts take seconds to parse, the same facts packed
 * take a fraction of that to fold, in place: decoding, not folding, is the limit.
 *
 * The packed form of a fact holds all that a host's state depends on. The bytes are kept in logs: an op code never changes its
 * meaning or its fields. What must change gets a new code; the old one stays readable. Units: packed-codec.ts.
 *
 *     nothing                no field: the fact changes no state
 *     hostRegistered         u8 generation, u8 flags (1 QCI, 2 APXA), u8 highest APID, u8 highest APQI, matrix, mask apmask, mask aqmask,
 *                            cards, text host, optional apmask and aqmask of the boot parameters
 *     hardwareChanged        u8 which (1 adapters, 2 domains, 4 control domains), matrix, cards
 *     checkStopChanged       u8 APID, u8
 *     resetFaultInjected     u16 APQN, u16 count, that many u8
 *     hostConfigChanged      matrix
 *     busScanned, bindingsCompleted   u32
 *     busAttributeChanged    u8 which, f64
 *     maskChanged            u8 0 = apmask, 1 = aqmask; mask
 *     cardDetected           u8 APID, u8 type, u8 mode, u32 functions, u8 flags (1 configured, 2 check-stopped)
 *     cardRemoved, cardConfigured, cardDeconfigured   u8 APID
 *     cardCheckStopNoticed   u8 APID, u8
 *     queuesDetected, queueStatesNoticed   u8 flags (1 configured, 2 check-stopped), queues
 *     queues...              queues
 *     queuesReset            u8 response code, u8 by (0 bus, 1 vfio_ap, 2 administrator), queues
 *     driverOverrideChanged  u16 APQN, optional
 *     cardOnlineChanged      u8 APID, u8
 *     queueOnlineChanged     u16 APQN, u8
 *     mdevCreated, -Removed  uuid
 *     removalBlocked         uuid, effective
 *     ...Assigned, ...Unassigned   uuid, ids
 *     guestStarted           uuid, u8 attached, text guest, effective; also of MdevAttached
 *     guestStopped           uuid; also of MdevDetached
 *     guestMatrixChanged     uuid, matrix, effective
 *     migrationRequested, -Completed   uuid
 *     hostRebooted           mask apmask, mask aqmask
 *     driverLoaded, -Unloaded   no field
 *     queuesZeroized         queues
 *     observationBegan       u32 epoch
 *
 * A matrix is ids of adapters, domains and control domains; `effective` is u8 0 = null, or u8 1 and a matrix; `cards` are a u16 count and
 * for each u8 APID, u8 type, u8 mode, u32 functions; an `optional` text is u8 0 = null, or u8 1 and a text.
 *
 * Older logs hold facts in forms that do not say all: `isWholeOp` tells. Their JSON does.
 */
import { MASK_WORDS, maskFromHex, maskOf, parseCard } from '@apledger/ap';
import type { Fact } from './facts.ts';
import { generationCode } from './generations.ts';
import { PackedWriter } from './packed-codec.ts';
import { queueNamed, writeQueues } from './packed-queues.ts';
import type { BusAttribute, CardMode, CardModel, MatrixIds, QueueDriver } from './vocabulary.ts';

/** Op codes, the first byte of a payload. */
export const OP = {
  maskChanged: 2,
  cardRemoved: 4,
  queuesRemoved: 6,
  queuesBoundToZcrypt: 7,
  queuesBoundToVfioAp: 8,
  queuesUnboundFromZcrypt: 9,
  queuesUnboundFromVfioAp: 10,
  mdevCreated: 11,
  mdevRemoved: 12,
  removalBlocked: 13,
  adaptersAssigned: 14,
  adaptersUnassigned: 15,
  domainsAssigned: 16,
  domainsUnassigned: 17,
  controlDomainsAssigned: 18,
  controlDomainsUnassigned: 19,
  guestStarted: 20,
  guestStopped: 21,
  guestMatrixChanged: 22,
  migrationRequested: 23,
  nothing: 26,
  hostRegistered: 27,
  hardwareChanged: 28,
  checkStopChanged: 29,
  resetFaultInjected: 30,
  hostConfigChanged: 31,
  busScanned: 32,
  bindingsCompleted: 33,
  busAttributeChanged: 34,
  cardDetected: 35,
  cardConfigured: 36,
  cardDeconfigured: 37,
  cardCheckStopNoticed: 38,
  queuesDetected: 39,
  queueStatesNoticed: 40,
  driverOverrideChanged: 41,
  cardOnlineChanged: 42,
  queueOnlineChanged: 43,
  queuesReset: 44,
  migrationCompleted: 45,
  hostRebooted: 46,
  driverLoaded: 47,
  driverUnloaded: 48,
  queuesZeroized: 49,
  observationBegan: 50,
} as const;

/**
 * What earlier versions wrote and this one does not: host registered, card detected, queues detected, migration ended, queues reset, each
 * without something that a host's state depends on. A payload without any byte was a fact of which they packed nothing.
 */
const PARTIAL_OPS: ReadonlySet<number> = new Set([0, 1, 3, 5, 24, 25]);

/** Whether a payload that begins with this byte (0 = it is empty) says all that its fact says. */
export const isWholeOp = (op: number): boolean => !PARTIAL_OPS.has(op);

/** Facility bits that are usual for a card's mode, as lszcrypt shows them. */
const USUAL_FUNCTIONS: Readonly<Record<CardMode, number>> = {
  A: 0x6a800000,
  C: 0x92800000,
  P: 0x86800000,
};
const MODE_CODES: Readonly<Record<CardMode, number>> = { A: 0, C: 1, P: 2 };
const RESET_BY = { bus: 0, vfio_ap: 1, administrator: 2 } as const;
const ATTRIBUTE_CODES: Readonly<Record<BusAttribute, number>> = {
  ap_domain: 0,
  config_time: 1,
  poll_thread: 2,
  poll_timeout: 3,
};

/** Reused: packing is synchronous, and `take()` hands out a copy. */
const writer = new PackedWriter();

/** The payload of a fact. */
export function pack(fact: Fact): Uint8Array<ArrayBuffer> {
  packTransient(fact);
  return writer.take();
}

/** A payload where it was written: the first `length` of these bytes, until the next fact is packed. */
export interface Transient {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** The payload of a fact, for who reads it at once. */
export function packTransient(fact: Fact): Transient {
  // A fact that threw half-way must not leave its first bytes to the next one.
  writer.clear();
  write(fact);
  return writer;
}

function write(fact: Fact): unknown {
  switch (fact.type) {
    case 'HostRegistered':
      return writeRegistration(fact.data);
    case 'HardwareChanged':
      return writeHardware(fact.data);
    case 'CheckStopChanged':
      return writer.u8(OP.checkStopChanged).u8(fact.data.adapter).u8(Number(fact.data.checkStopped));
    case 'ResetFaultInjected': {
      const { queue, responseCodes } = fact.data;
      writer.u8(OP.resetFaultInjected).u16(queueNamed(queue)).u16(responseCodes.length);
      for (const code of responseCodes) writer.u8(code);
      return;
    }
    case 'HostConfigChanged':
      writer.u8(OP.hostConfigChanged);
      return matrix(fact.data);
    case 'BusScanned':
      return writer.u8(OP.busScanned).u32(fact.data.scans);
    case 'BindingsCompleted':
      return writer.u8(OP.bindingsCompleted).u32(fact.data.count);
    case 'BusAttributeChanged':
      return writer.u8(OP.busAttributeChanged).u8(ATTRIBUTE_CODES[fact.data.attribute]).f64(fact.data.value);
    case 'MaskChanged':
      writer.u8(OP.maskChanged).u8(fact.data.mask === 'apmask' ? 0 : 1);
      return mask(fact.data.value);
    case 'HostRebooted':
      writer.u8(OP.hostRebooted);
      mask(fact.data.apmask);
      return mask(fact.data.aqmask);
    case 'DriverLoaded':
      return writer.u8(OP.driverLoaded);
    case 'DriverUnloaded':
      return writer.u8(OP.driverUnloaded);
    case 'ObservationBegan':
      return writer.u8(OP.observationBegan).u32(fact.data.epoch);
    case 'CommandHadNoEffect':
    case 'CommandRejected':
    case 'MigrationRefused':
    case 'HostObserved':
    case 'HostBooted':
    case 'ObservationStalled':
    case 'ObservationIncomplete':
    case 'ObservationsDropped':
    case 'WriteAttempted':
    case 'DriftDetected':
    case 'BootFilesSeen':
    case 'AgentFenced':
    case 'CommandRequested':
    case 'CommandSettled':
      return writer.u8(OP.nothing);
    default:
      return writeDevice(fact);
  }
}

type DeviceFact = Extract<
  Fact,
  { type: `Card${string}` | `Queue${string}` | 'DriverOverrideChanged' | 'OnlineChanged' }
>;
type MdevFact = Exclude<
  Extract<Fact, { data: { mdev: string } }>,
  { type: 'MigrationRefused' | 'DriftDetected' }
>;

function writeDevice(fact: DeviceFact | MdevFact): unknown {
  switch (fact.type) {
    case 'CardDetected': {
      const { adapter, type, mode, functions, configured, checkStopped } = fact.data;
      writer.u8(OP.cardDetected);
      card({ adapter, type, mode, functions });
      return writer.u8(condition(configured, checkStopped));
    }
    case 'CardRemoved':
      return writer.u8(OP.cardRemoved).u8(fact.data.adapter);
    case 'CardConfigured':
      return writer.u8(OP.cardConfigured).u8(fact.data.adapter);
    case 'CardDeconfigured':
      return writer.u8(OP.cardDeconfigured).u8(fact.data.adapter);
    case 'CardCheckStopNoticed':
      return writer.u8(OP.cardCheckStopNoticed).u8(fact.data.adapter).u8(Number(fact.data.checkStopped));
    case 'QueueDetected':
      writer.u8(OP.queuesDetected).u8(condition(fact.data.configured, fact.data.checkStopped));
      return writeQueues(writer, fact.data.queues);
    case 'QueueStateNoticed':
      writer.u8(OP.queueStatesNoticed).u8(condition(fact.data.configured, fact.data.checkStopped));
      return writeQueues(writer, fact.data.queues);
    case 'QueueRemoved':
      return queues(OP.queuesRemoved, fact.data.queues);
    case 'QueueBound':
      return queues(boundTo(fact.data.driver), fact.data.queues);
    case 'QueueUnbound':
      return queues(unboundFrom(fact.data.driver), fact.data.queues);
    case 'QueueReset':
      writer.u8(OP.queuesReset).u8(fact.data.responseCode).u8(RESET_BY[fact.data.by]);
      return writeQueues(writer, fact.data.queues);
    case 'QueueZeroized':
      return queues(OP.queuesZeroized, fact.data.queues);
    case 'DriverOverrideChanged':
      writer.u8(OP.driverOverrideChanged).u16(queueNamed(fact.data.queue));
      return optional(fact.data.driver);
    case 'OnlineChanged':
      return writeOnline(fact.data);
    default:
      return writeMdev(fact);
  }
}

function writeMdev(fact: MdevFact): unknown {
  switch (fact.type) {
    case 'MdevCreated':
      return mdev(OP.mdevCreated, fact.data);
    case 'MdevRemoved':
      return mdev(OP.mdevRemoved, fact.data);
    case 'MdevRemovalBlocked':
      mdev(OP.removalBlocked, fact.data);
      return effective(fact.data.effective);
    case 'AdapterAssigned':
      mdev(OP.adaptersAssigned, fact.data);
      return ids(fact.data.adapters);
    case 'AdapterUnassigned':
      mdev(OP.adaptersUnassigned, fact.data);
      return ids(fact.data.adapters);
    case 'DomainAssigned':
      mdev(OP.domainsAssigned, fact.data);
      return ids(fact.data.domains);
    case 'DomainUnassigned':
      mdev(OP.domainsUnassigned, fact.data);
      return ids(fact.data.domains);
    case 'ControlDomainAssigned':
      mdev(OP.controlDomainsAssigned, fact.data);
      return ids(fact.data.controlDomains);
    case 'ControlDomainUnassigned':
      mdev(OP.controlDomainsUnassigned, fact.data);
      return ids(fact.data.controlDomains);
    case 'GuestStarted':
    case 'MdevAttached':
      mdev(OP.guestStarted, fact.data).u8(Number(fact.data.attached)).text(fact.data.guest);
      return effective(fact.data.effective);
    case 'GuestStopped':
    case 'MdevDetached':
      return mdev(OP.guestStopped, fact.data);
    case 'GuestMatrixChanged':
      mdev(OP.guestMatrixChanged, fact.data);
      matrix(fact.data);
      return effective(fact.data.effective);
    case 'MigrationRequested':
      return mdev(OP.migrationRequested, fact.data);
    case 'MigrationCompleted':
      return mdev(OP.migrationCompleted, fact.data);
    default:
      return fact satisfies never;
  }
}

function writeRegistration(data: Extract<Fact, { type: 'HostRegistered' }>['data']): void {
  const { hardware, bootParameters } = data;
  writer
    .u8(OP.hostRegistered)
    .u8(generationCode(data.driver))
    .u8(Number(hardware.qci) | (Number(hardware.apxa) << 1))
    .u8(hardware.maxAdapter)
    .u8(hardware.maxDomain);
  matrix(hardware);
  mask(data.apmask);
  mask(data.aqmask);
  cards(hardware.cards);
  writer.text(data.host);
  optional(bootParameters.apmask);
  optional(bootParameters.aqmask);
}

function writeHardware(data: Extract<Fact, { type: 'HardwareChanged' }>['data']): void {
  const { adapters, domains, controlDomains, cards: models = [] } = data;
  const which = [adapters, domains, controlDomains].reduce(
    (bits, axis, i) => (axis === undefined ? bits : bits | (1 << i)),
    0,
  );
  writer.u8(OP.hardwareChanged).u8(which);
  matrix({ adapters: adapters ?? [], domains: domains ?? [], controlDomains: controlDomains ?? [] });
  cards(models);
}

function writeOnline({ device, online }: Extract<Fact, { type: 'OnlineChanged' }>['data']): void {
  const apid = parseCard(device);
  if (apid === undefined) writer.u8(OP.queueOnlineChanged).u16(queueNamed(device)).u8(Number(online));
  else writer.u8(OP.cardOnlineChanged).u8(apid).u8(Number(online));
}

const boundTo = (driver: QueueDriver): number =>
  driver === 'vfio_ap' ? OP.queuesBoundToVfioAp : OP.queuesBoundToZcrypt;
const unboundFrom = (driver: QueueDriver): number =>
  driver === 'vfio_ap' ? OP.queuesUnboundFromVfioAp : OP.queuesUnboundFromZcrypt;
const condition = (isConfigured: boolean, isCheckStopped: boolean): number =>
  Number(isConfigured) | (Number(isCheckStopped) << 1);

function cards(models: readonly CardModel[]): void {
  writer.u16(models.length);
  for (const model of models) card(model);
}

const card = ({ adapter, type, mode, functions = USUAL_FUNCTIONS[mode] }: CardModel): void =>
  void writer.u8(adapter).u8(type).u8(MODE_CODES[mode]).u32(functions);

const mdev = (op: number, data: { readonly mdev: string }): PackedWriter => writer.u8(op).uuid(data.mdev);

function mask(text: string): void {
  writer.words(maskFromHex(text), 0, MASK_WORDS);
}

function ids(list: readonly number[]): void {
  if (!writer.listed(list)) writer.ids(maskOf(list));
}

function matrix(of: MatrixIds): void {
  ids(of.adapters);
  ids(of.domains);
  ids(of.controlDomains);
}

function effective(of: MatrixIds | null): void {
  writer.u8(of === null ? 0 : 1);
  if (of !== null) matrix(of);
}

function optional(text: string | null): void {
  writer.u8(text === null ? 0 : 1);
  if (text !== null) writer.text(text);
}

function queues(op: number, names: readonly string[]): void {
  writer.u8(op);
  writeQueues(writer, names);
}
