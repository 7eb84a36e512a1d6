/** The packed form that a recorded fact has today. */
import type { RecordedFact } from '@apledger/event-log';
import { hostOf, packRecorded, parseFact } from '@apledger/events';

/** Facts about the ledger itself have none. */
export const repack = ({ stream, type, version, data }: RecordedFact, stored: Uint8Array): Uint8Array =>
  hostOf(stream) === undefined
    ? new Uint8Array()
    : packRecorded(parseFact(type, version, data), version, stored);
