/**
 * Facts in the form that folds eat: an op code, then fixed fields. A million JSON facts take seconds to parse, the same facts packed
 * take a fraction of that to fold, in place (event-sourcing.md: decoding, not folding, is the limit).
 *
 * Only what changes a matrix is packed, and resets, which say whether a queue went on clean; every other fact has an empty payload. The
 * bytes are kept in logs: an op code never changes its
 * meaning or its fields. What must change gets a new code; the old one stays readable. Units: packed-codec.ts.
 *
 *     hostRegistered         u8 driver generation, mask apmask, mask aqmask
 *     maskChanged            u8 0 = apmask, 1 = aqmask; mask
 *     cardDetected, -Removed u8 APID
 *     queues...              queues
 *     mdevCreated, -Removed  uuid
 *     removalBlocked         uuid, effective
 *     ...Assigned, ...Unassigned   uuid, ids
 *     guestStarted           uuid, u8 attached, text guest, effective
 *     guestStopped           uuid
 *     guestMatrixChanged     uuid, matrix, effective
 *     migrationRequested, -Ended   uuid
 *     queuesReset            u8 response code, queues
 *
 * A matrix is ids of adapters, domains and control domains; `effective` is u8 0 = null, or u8 1 and a matrix.
 */
import { apidOf, apqiOf, maskFromHex, maskOf, parseApqn } from '@apledger/ap';
import type { Fact, FactType } from './facts.ts';
import { generationCode } from './generations.ts';
import { PackedWriter } from './packed-codec.ts';
import type { MatrixIds, QueueDriver } from './vocabulary.ts';

/** Op codes, the first byte of a payload: the host's own up to 4, queues 5 to 10, mdevs 11 to 24, and what came later. */
export const OP = {
  hostRegistered: 1,
  maskChanged: 2,
  cardDetected: 3,
  cardRemoved: 4,
  queuesDetected: 5,
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
  migrationEnded: 24,
  queuesReset: 25,
} as const;

const NOTHING = new Uint8Array(0);
const WORDS = 8;
/** Reused: packing is synchronous, and `take()` hands out a copy. */
const writer = new PackedWriter();

/** The payload of a fact: empty when no matrix depends on it, which is also said of facts that this version does not know. */
export function pack(fact: Fact): Uint8Array {
  // A fact that threw half-way must not leave its first bytes to the next one.
  writer.clear();
  return packHostFact(fact) || packMdevFact(fact) ? writer.take() : NOTHING;
}

/**
 * The first version of each type in which its facts were packed, where that is not 1: what is older lies in logs with an empty payload.
 */
const packedSince: { readonly [T in FactType]?: number } = { QueueReset: 3 };

/** The payload with which a log keeps a fact that was written in this version of its type. */
export const packRecorded = (fact: Fact, version: number): Uint8Array =>
  version < (packedSince[fact.type] ?? 1) ? NOTHING : pack(fact);

function packHostFact(fact: Fact): boolean {
  switch (fact.type) {
    case 'HostRegistered':
      writer.u8(OP.hostRegistered).u8(generationCode(fact.data.driver));
      mask(fact.data.apmask);
      mask(fact.data.aqmask);
      return true;
    case 'MaskChanged':
      writer.u8(OP.maskChanged).u8(fact.data.mask === 'apmask' ? 0 : 1);
      mask(fact.data.value);
      return true;
    case 'CardDetected':
      writer.u8(OP.cardDetected).u8(fact.data.adapter);
      return true;
    case 'CardRemoved':
      writer.u8(OP.cardRemoved).u8(fact.data.adapter);
      return true;
    case 'QueueDetected':
      return queues(OP.queuesDetected, fact.data.queues);
    case 'QueueRemoved':
      return queues(OP.queuesRemoved, fact.data.queues);
    case 'QueueBound':
      return queues(boundTo[fact.data.driver], fact.data.queues);
    case 'QueueUnbound':
      return queues(unboundFrom[fact.data.driver], fact.data.queues);
    case 'QueueReset':
      writer.u8(OP.queuesReset).u8(fact.data.responseCode);
      return rows(fact.data.queues);
    default:
      return false;
  }
}

const boundTo: Readonly<Record<QueueDriver, number>> = {
  cex2aqueue: OP.queuesBoundToZcrypt,
  cex2cqueue: OP.queuesBoundToZcrypt,
  cex4queue: OP.queuesBoundToZcrypt,
  vfio_ap: OP.queuesBoundToVfioAp,
};
const unboundFrom: Readonly<Record<QueueDriver, number>> = {
  cex2aqueue: OP.queuesUnboundFromZcrypt,
  cex2cqueue: OP.queuesUnboundFromZcrypt,
  cex4queue: OP.queuesUnboundFromZcrypt,
  vfio_ap: OP.queuesUnboundFromVfioAp,
};

function packMdevFact(fact: Fact): boolean {
  switch (fact.type) {
    case 'MdevCreated':
      return mdev(OP.mdevCreated, fact.data);
    case 'MdevRemoved':
      return mdev(OP.mdevRemoved, fact.data);
    case 'MdevRemovalBlocked':
      return mdev(OP.removalBlocked, fact.data) && effective(fact.data.effective);
    case 'AdapterAssigned':
      return mdev(OP.adaptersAssigned, fact.data) && ids(fact.data.adapters);
    case 'AdapterUnassigned':
      return mdev(OP.adaptersUnassigned, fact.data) && ids(fact.data.adapters);
    case 'DomainAssigned':
      return mdev(OP.domainsAssigned, fact.data) && ids(fact.data.domains);
    case 'DomainUnassigned':
      return mdev(OP.domainsUnassigned, fact.data) && ids(fact.data.domains);
    case 'ControlDomainAssigned':
      return mdev(OP.controlDomainsAssigned, fact.data) && ids(fact.data.controlDomains);
    case 'ControlDomainUnassigned':
      return mdev(OP.controlDomainsUnassigned, fact.data) && ids(fact.data.controlDomains);
    case 'GuestStarted':
      mdev(OP.guestStarted, fact.data);
      writer.u8(fact.data.attached ? 1 : 0).text(fact.data.guest);
      return effective(fact.data.effective);
    case 'GuestStopped':
      return mdev(OP.guestStopped, fact.data);
    case 'GuestMatrixChanged':
      return mdev(OP.guestMatrixChanged, fact.data) && matrix(fact.data) && effective(fact.data.effective);
    case 'MigrationRequested':
      return mdev(OP.migrationRequested, fact.data);
    case 'MigrationRefused':
    case 'MigrationCompleted':
      return mdev(OP.migrationEnded, fact.data);
    default:
      return false;
  }
}

function mdev(op: number, data: { readonly mdev: string }): true {
  writer.u8(op).uuid(data.mdev);
  return true;
}

function mask(text: string): void {
  writer.words(Uint32Array.from(maskFromHex(text)), 0, WORDS);
}

function ids(list: readonly number[]): true {
  writer.ids(Uint32Array.from(maskOf(list)));
  return true;
}

const matrix = (of: MatrixIds): true => ids(of.adapters) && ids(of.domains) && ids(of.controlDomains);

function effective(of: MatrixIds | null): true {
  writer.u8(of === null ? 0 : 1);
  return of === null ? true : matrix(of);
}

function queues(op: number, names: readonly string[]): true {
  writer.u8(op);
  return rows(names);
}

function rows(names: readonly string[]): true {
  const rows = new Map<number, Uint32Array>();
  for (const name of names) {
    const queue = parseApqn(name);
    if (queue === undefined) throw new RangeError(`not a queue: ${JSON.stringify(name.slice(0, 80))}`);
    const row = rows.get(apidOf(queue)) ?? new Uint32Array(WORDS);
    const apqi = apqiOf(queue);
    row[apqi >>> 5] = (row[apqi >>> 5] ?? 0) | (0x80000000 >>> (apqi & 31));
    rows.set(apidOf(queue), row);
  }
  writer.u16(rows.size);
  for (const [adapter, row] of rows) writer.u8(adapter).ids(row);
  return true;
}
