/** The packed forms that logs of earlier versions hold: what they say of a fact is true, but not all. Written no more, verified still. */
import type { Fact, FactType } from './facts.ts';
import { generationCode } from './generations.ts';
import { isWholeOp, pack } from './packed.ts';

const OLDER = {
  hostRegistered: 1,
  cardDetected: 3,
  queuesDetected: 5,
  migrationEnded: 24,
  queuesReset: 25,
} as const;

/** Facts of which nothing was packed, because no matrix depends on them. */
const NEVER_PACKED: ReadonlySet<FactType> = new Set([
  'HardwareChanged',
  'CheckStopChanged',
  'ResetFaultInjected',
  'HostConfigChanged',
  'BusScanned',
  'BindingsCompleted',
  'BusAttributeChanged',
  'CardConfigured',
  'CardDeconfigured',
  'CardCheckStopNoticed',
  'QueueStateNoticed',
  'DriverOverrideChanged',
  'OnlineChanged',
  'CommandRejected',
]);

/** Where the queues begin in today's form of these facts. */
const DETECTED_QUEUES = 2;
const RESET_QUEUES = 3;
const UUID_BYTES = 16;
const MASK_BYTES = 32;

/** The first version of QueueReset that was packed. */
const PACKED_RESET = 3;

/**
 * The packed form that a fact must have in a log that holds `stored` for it: today's, or where that says less, the one of earlier
 * versions. `version` is that of the fact's type when it was written.
 */
export function packRecorded(fact: Fact, version: number, stored: Uint8Array): Uint8Array {
  return isWholeOp(stored[0] ?? 0) ? pack(fact) : olderForm(fact, version);
}

function olderForm(fact: Fact, version: number): Uint8Array {
  const today = pack(fact);
  if (NEVER_PACKED.has(fact.type)) return new Uint8Array(0);
  switch (fact.type) {
    case 'HostRegistered': {
      const masks = masksIn(fact.data.apmask, fact.data.aqmask);
      return Uint8Array.of(OLDER.hostRegistered, generationCode(fact.data.driver), ...masks);
    }
    case 'CardDetected':
      return Uint8Array.of(OLDER.cardDetected, fact.data.adapter);
    case 'QueueDetected':
      return Uint8Array.of(OLDER.queuesDetected, ...today.subarray(DETECTED_QUEUES));
    case 'QueueReset':
      return version < PACKED_RESET
        ? new Uint8Array(0)
        : Uint8Array.of(OLDER.queuesReset, fact.data.responseCode, ...today.subarray(RESET_QUEUES));
    case 'MigrationRefused':
    case 'MigrationCompleted':
      return Uint8Array.of(OLDER.migrationEnded, ...uuidIn(fact.data.mdev));
    default:
      return today;
  }
}

function masksIn(apmask: string, aqmask: string): number[] {
  const bytes = [...hexBytes(apmask.slice(2)), ...hexBytes(aqmask.slice(2))];
  if (bytes.length !== 2 * MASK_BYTES) throw new RangeError('not two masks');
  return bytes;
}

function uuidIn(uuid: string): number[] {
  const bytes = hexBytes(uuid.replaceAll('-', ''));
  if (bytes.length !== UUID_BYTES) throw new RangeError(`not a UUID: ${uuid}`);
  return bytes;
}

const hexBytes = (hex: string): number[] =>
  (hex.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16));
